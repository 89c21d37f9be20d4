#!/bin/bash
# Runs each fuzzer for some seconds from its corpus: scripts/fuzz.sh SECONDS NAME...  New inputs that reach new code are added to
# fuzz/corpus/NAME/; an input that breaks something is left in build/fuzz/ and ends the run.
set -eu
cd "$(dirname "$0")/.."

seconds=$1
shift
for name; do
    echo "== $name, $seconds s"
    mkdir -p "fuzz/corpus/$name"
    "build/fuzz/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$name-" "fuzz/corpus/$name"
done
echo "${#} fuzzers found nothing"
