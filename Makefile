# sidespan: make (build/sidespan), make demo, make test, make bench. `make help` lists the rest.
#
# Every layer of src/ becomes an archive; a program or unit test links its layer's archive and those below.
# Variants: release (build/), asan (build/asan, every test), tsan (build/tsan, the threaded tests).

LAYERS := base wire schema json transcode route http net h2 upstream bridge downstream admin server config
VARIANT ?= release
CC ?= gcc
VERSION := 0.1.0

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
OUT := $(OUT_$(VARIANT))

HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
          -fno-delete-null-pointer-checks -fno-strict-overflow -fPIE
CFLAGS_release := -O2 -g $(HARDEN) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_tsan := -fsanitize=thread

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

.PHONY: all clean help unit
all: build/sidespan

OBJ = $(OUT)/obj
archive = $(OUT)/lib/lib$(1).a
define layer_rule
SRC_$(1) := $$(wildcard src/$(1)/*.c)
OBJS_$(1) := $$(SRC_$(1):src/%.c=$(OBJ)/%.o) $$(GEN_OBJS_$(1))
$(OUT)/lib/lib$(1).a: $$(OBJS_$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

$(OBJ)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

TOP_DOWN := config server admin downstream bridge upstream h2 net http route transcode json schema wire base
$(OUT)/sidespan: $(OBJ)/main.o $(foreach l,$(TOP_DOWN),$(OUT)/lib/lib$(l).a)
	$(CC) $(LDFLAGS_$(VARIANT)) $(LDFLAGS) -o $@ $^ $(LIBS)

# tests/unit/<layer>/test_<what>.c -> <out>/unit/<layer>/test_<what>
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)
define unit_rule
$(patsubst tests/unit/%.c,$(OUT)/unit/%,$(1)): $(1) $(foreach l,$(2) $(DEPS_$(2)),$(OUT)/lib/lib$(l).a)
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -Wno-missing-prototypes -Itests/unit -MMD -MP -MF $$@.d $$< -o $$@ $$(LDFLAGS_$$(VARIANT)) $(foreach l,$(2) $(DEPS_$(2)),$(OUT)/lib/lib$(l).a) $$(LIBS) -lcmocka
endef
$(foreach t,$(UNIT_SRC),$(eval $(call unit_rule,$(t),$(word 3,$(subst /, ,$(t))))))

# make unit VARIANT=asan [L=layer]: build and run the unit tests, of one layer or of all.
UNIT_RUN = $(if $(L),$(filter $(OUT)/unit/$(L)/%,$(UNIT_BIN)),$(UNIT_BIN))
unit: $(UNIT_RUN)
	@set -e; for t in $(UNIT_RUN); do echo "== $$t"; $$t; done

clean:
	rm -rf build

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
