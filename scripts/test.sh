#!/bin/bash
# Runs every test and says how many passed and failed; `make test` builds first what this runs.
#
#   scripts/test.sh [STEP...]    steps: checks unit fuzz e2e threads (default: these, in this order), conformance, published, clients
#
# Each step adds to the totals; a step that breaks without a count is one failure. The last line on standard output is
# "N passed, M failed", also kept in build/test-totals. Exit status 1 when anything failed or nothing ran.
set -u
cd "$(dirname "$0")/.." || exit 1

LOGS=build/test-logs
PYTEST=(/usr/bin/python3 -m pytest -p no:cacheprovider -q --color=no --durations=5)
mkdir -p "$LOGS"
rm -f build/test-totals
passed=0 failed=0

export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
[ -f tests/lsan.supp ] && export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
TSAN_OPTIONS="halt_on_error=0:second_deadlock_stack=1"
[ -f tests/tsan.supp ] && TSAN_OPTIONS="$TSAN_OPTIONS:suppressions=$PWD/tests/tsan.supp"
export TSAN_OPTIONS

count() { # passed, failed
    passed=$((passed + $1))
    failed=$((failed + $2))
}

run_check() { # name, command...: one case
    local name=$1 log
    shift
    log=$LOGS/check-${name// /-}.log
    if "$@" >"$log" 2>&1 </dev/null; then
        echo "ok    $name"
        count 1 0
    else
        echo "FAIL  $name"
        tail -n 40 "$log"
        count 0 1
    fi
}

no_packages() { # of the C library no header, of the others' none
    local said
    said=$(scripts/check-packages.sh cc -nostdinc -Iscripts 2>&1) && return 1
    echo "$said"
    [[ $said == *yaml.h*'make deps'* ]]
}

each_variant() { # what `make VARIANT=asan` would make, of the rules that make has read
    local variant goal
    for variant in release asan tsan fuzz; do
        goal=$(make -pnq VARIANT=$variant 2>/dev/null | sed -n 's/^all: //p')
        echo "$variant: $goal"
        case $variant:$goal in
        release:build/sidespan | "$variant:build/$variant/sidespan" | fuzz:fuzz-build) ;;
        *) return 1 ;;
        esac
    done
}

step_checks() {
    run_check 'the layer check finds what it should' scripts/check-layers.py --self-test
    run_check 'layers, third parties, banned functions, file sizes' scripts/check-layers.py
    run_check 'a build without its packages says "make deps"' no_packages
    run_check 'each variant is a goal of a bare make' each_variant
}

# cmocka's closing lines: "[  PASSED  ] 3 test(s)." and "[  FAILED  ] 1 test(s), listed below:"
cmocka_count() { # word, log
    sed -n "s/^\[  $1  \] \([0-9]*\) test(s).*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

step_unit() {
    local program log rc good bad
    while IFS= read -r program; do
        log=$LOGS/$(echo "${program#build/}" | tr / -).log
        timeout 300 "$program" >"$log" 2>&1 </dev/null
        rc=$?
        good=$(cmocka_count PASSED "$log") bad=$(cmocka_count FAILED "$log")
        # A crash, a leak, or a program without a test: nothing that cmocka would have counted.
        [ "$bad" = 0 ] && { [ $rc != 0 ] || [ "$good" = 0 ]; } && bad=1
        count "$good" "$bad"
        if [ "$bad" = 0 ]; then
            echo "ok    $program ($good)"
        else
            echo "FAIL  $program (exit status $rc)"
            grep -v '^\[       OK \]\|^\[ RUN ' "$log" | tail -n 60
        fi
    done < <(
        find tests/unit -name 'test_*.c' 2>/dev/null | sort | sed 's,^tests/\(.*\)\.c$,build/asan/\1,'
        echo build/unit/transcode/test_bounds # memory and time, which sanitizers hide
    )
}

step_fuzz() {
    local source name
    while IFS= read -r source; do
        name=$(basename "$source" .c)
        name=${name#fuzz_}
        run_check "fuzz corpus of $name" timeout 300 "build/asan/fuzz/replay_$name" "fuzz/corpus/$name"
    done < <(find fuzz -name 'fuzz_*.c' 2>/dev/null | sort)
}

# One line an API, "ok    …" or "FAIL  …", and "N passed, M failed".
step_published() {
    local log=$LOGS/published.log rc good bad
    { tests/published/fetch.sh build/published && timeout 1200 /usr/bin/python3 tests/published/run.py; } 2>&1 | tee "$log"
    rc=${PIPESTATUS[0]}
    good=$(tail -n 1 "$log" | sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p')
    bad=$(tail -n 1 "$log" | sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p')
    good=${good:-0} bad=${bad:-0}
    [ "$bad" = 0 ] && { [ "$rc" != 0 ] || [ "$good" = 0 ]; } && bad=1
    count "$good" "$bad"
}

# The runner's closing lines, one for each of its suites:
# "CONFORMANCE SUITE PASSED: 5555 successes, 12 skipped, 0 expected failures, 0 unexpected failures."
conformance_count() { # words, log
    sed -n "s/^CONFORMANCE SUITE .*[ ,]\([0-9][0-9]*\) $1[.,].*/\1/p" "$2" | awk '{ n += $1 } END { print n + 0 }'
}

step_conformance() {
    local log=$LOGS/conformance.log rc good bad
    timeout 1200 tests/conformance/run.sh build/asan/conformance/testee >"$log" 2>&1
    rc=$?
    good=$(conformance_count successes "$log") bad=$(conformance_count 'unexpected failures' "$log")
    # No suite, or a runner that broke: nothing that it would have counted. A testee that breaks is a failure of its own.
    [ "$bad" = 0 ] && { [ $rc != 0 ] || [ "$good" = 0 ]; } && bad=1
    count "$good" "$bad"
    if [ "$bad" = 0 ]; then
        echo "ok    protobuf's conformance suite ($good, and $(conformance_count skipped "$log") skipped)"
    else
        echo "FAIL  protobuf's conformance suite (exit status $rc)"
        grep '^ERROR' "$log" | cut -c1-400 | head -n 30
        tail -n 20 "$log" | cut -c1-400
    fi
}

# pytest's closing line: "2 failed, 30 passed, 1 skipped, 1 error in 12.34s"
pytest_count() { # word, log
    tail -n 1 "$2" | grep -oE "[0-9]+ $1" | head -n 1 | grep -oE '^[0-9]+' || echo 0
}

run_pytest() { # name, command...
    local log=$LOGS/$1.log rc good bad errors
    shift
    timeout 2400 "$@" 2>&1 | tee "$log"
    rc=${PIPESTATUS[0]}
    good=$(pytest_count passed "$log") bad=$(pytest_count failed "$log") errors=$(pytest_count error "$log")
    bad=$((bad + errors))
    [ "$bad" = 0 ] && { [ "$rc" != 0 ] || [ "$good" = 0 ]; } && bad=1
    count "$good" "$bad"
}

step_e2e() {
    SIDESPAN_BIN=$PWD/build/asan/sidespan run_pytest e2e "${PYTEST[@]}" tests/e2e
}

# Published clients, from PyPI; apart from e2e, which needs no network.
step_clients() {
    SIDESPAN_BIN=$PWD/build/asan/sidespan run_pytest clients "${PYTEST[@]}" -m clients tests/e2e/clients
}

step_threads() {
    # ThreadSanitizer wants an address space that is not randomised too far.
    local fixed=(setarch --addr-no-randomize)
    "${fixed[@]}" true 2>/dev/null || fixed=()
    SIDESPAN_BIN=$PWD/build/tsan/sidespan run_pytest threads "${fixed[@]}" "${PYTEST[@]}" -m threads tests/e2e
}

# One function, so that an edit of this file during a run cannot change the run.
main() {
    [ $# -gt 0 ] || set -- checks unit fuzz e2e threads
    for step; do
        case $step in
        checks | unit | fuzz | conformance | published | e2e | clients | threads)
            echo "== $step"
            "step_$step"
            ;;
        *)
            echo "usage: $0 [checks|unit|fuzz|conformance|published|e2e|clients|threads]..." >&2
            exit 2
            ;;
        esac
    done

    echo "$passed passed, $failed failed" | tee build/test-totals
    [ "$failed" = 0 ] && [ "$passed" != 0 ]
}

main "$@"
exit
