#!/bin/sh
# Installs the Debian packages that a purpose needs, and only the missing ones: scripts/deps.sh PURPOSE...
#
#   build demo test lint fuzz bench; conformance, published: with npm, for what is fetched from there, unless some npm is
#   there already; clients: what installs published clients from PyPI
#
# With everything there it is one dpkg-query and no network. Otherwise it runs apt-get as root, or through sudo.
set -eu

BUILD='build-essential pkg-config libh2o-evloop-dev libnghttp2-dev libssl-dev libprotobuf-c-dev protobuf-c-compiler
    protobuf-compiler libprotobuf-dev libyajl-dev libyaml-dev libwslay-dev zlib1g-dev python3-minimal'
DEMO='python3 python3-grpcio python3-protobuf openssl curl'
TEST='libcmocka-dev python3-pytest python3-httpx python3-h2 python3-yaml nghttp2-client procps chromium valgrind'
LINT='clang clang-format clang-tidy cppcheck'
FUZZ='clang llvm libclang-rt-14-dev' # the last has libFuzzer and the sanitizers of clang 14, bookworm's
CONFORMANCE=''
command -v npm >/dev/null || CONFORMANCE='npm ca-certificates'
PUBLISHED="python3-venv ca-certificates $CONFORMANCE"
CLIENTS='python3-venv ca-certificates'
BENCH='wrk haproxy strace util-linux procps openssl python3 g++ libprotobuf-dev valgrind'

usage() {
    echo "usage: $0 build|demo|test|conformance|published|clients|lint|fuzz|bench ..." >&2
    exit 2
}

[ $# -gt 0 ] || usage
wanted=''
for purpose; do
    case $purpose in
    build) wanted="$wanted $BUILD" ;;
    demo) wanted="$wanted $BUILD $DEMO" ;;
    test) wanted="$wanted $BUILD $DEMO $TEST" ;;
    conformance) wanted="$wanted $CONFORMANCE" ;;
    published) wanted="$wanted $BUILD $DEMO $PUBLISHED" ;;
    clients) wanted="$wanted $CLIENTS" ;;
    lint) wanted="$wanted $BUILD $LINT" ;;
    fuzz) wanted="$wanted $BUILD $FUZZ" ;;
    bench) wanted="$wanted $BUILD $BENCH" ;;
    *) usage ;;
    esac
done

missing() {
    # Prints the names among "$@" that are not installed; dpkg-query complains about unknown ones on stderr.
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
    for package; do
        printf '%s\n' "$installed" | grep -qxF "$package" || printf '%s ' "$package"
    done
}

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is not a Debian system; install the equivalents of:$wanted" >&2
    exit 1
fi
[ -n "$(echo $wanted)" ] || exit 0
# shellcheck disable=SC2086 # lists of words
absent=$(missing $wanted)
[ -n "$absent" ] || exit 0

as_root=''
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: not root and no sudo; run as root: apt-get install $absent" >&2
        exit 1
    fi
    as_root='sudo'
fi

echo "deps: installing $absent"
export DEBIAN_FRONTEND=noninteractive
APT="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"
# The package lists may be missing (a fresh container) or stale (a file is gone from the mirror): fetch them, then install.
$APT update
# shellcheck disable=SC2086
$APT install -y --no-install-recommends $absent >/dev/null
# shellcheck disable=SC2086
absent=$(missing $wanted)
if [ -n "$absent" ]; then
    echo "deps: still missing after apt-get: $absent" >&2
    exit 1
fi
