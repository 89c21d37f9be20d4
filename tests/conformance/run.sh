#!/bin/sh
# Runs protobuf's conformance suite against a testee: tests/conformance/run.sh TESTEE
#
# No test may fail: recommended ones count, and there is no list of known failures. Fetches the suite to build/conformance
# when it is not there. The suite's own summaries are the last lines; exit status 1 when anything failed or nothing ran.
set -eu

[ $# = 1 ] || { echo "usage: $0 TESTEE" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
suite=$root/build/conformance
"$root/tests/conformance/fetch.sh" "$suite"

cd "$suite/include"
"$suite/protoc" -I . -I "$suite/include-std" --include_imports --descriptor_set_out="$suite/messages.pb" \
    conformance/*.proto google/protobuf/*.proto
cd "$root"

mkdir -p "$suite/failures"
export CONFORMANCE_DESCRIPTORS="$suite/messages.pb"
exec "$suite/runner" --enforce_recommended --maximum_edition 2024 --output_dir "$suite/failures" "$1"
