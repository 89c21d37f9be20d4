#!/bin/sh
# Says which headers and programs that a build needs are not there, and what to do: scripts/check-packages.sh CC [FLAG]...
set -u

HEADERS='h2o.h nghttp2/nghttp2.h openssl/ssl.h protobuf-c/protobuf-c.h yajl/yajl_parse.h yaml.h wslay/wslay.h zlib.h
    google/protobuf/descriptor.proto'

fail() {
    echo "make: $1" >&2
    echo 'make: on Debian 12, run "make deps", which installs what a build needs' >&2
    exit 1
}

ask() { # for each header a line that is left when it is not there
    for header in $HEADERS; do
        printf '#if !__has_include(<%s>)\nmissing %s\n#endif\n' "$header" "$header"
    done
}

missing=''
for program in "$1" pkg-config protoc protoc-c; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if command -v "$1" >/dev/null; then
    left=$(ask | "$@" -E -P -x c -) || fail "the compiler, $1, does not work"
    missing="$missing $(printf '%s\n' "$left" | sed -n 's/^missing //p' | tr '\n' ' ')"
fi
# shellcheck disable=SC2086 # a list of words
set -- $missing
[ $# = 0 ] || fail "not there: $*"
