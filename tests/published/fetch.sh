#!/bin/sh
# Brings what packages ship of published APIs to a folder: tests/published/fetch.sh FOLDER
#
# Afterwards FOLDER/pypi has the Python packages of requirements.txt, whose *_pb2.py hold descriptors, and FOLDER/google the
# .proto files of Google's APIs, which npm ships. Both are only unpacked: nothing of theirs is run. What is there already is not
# fetched again.
set -eu

[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

fail() {
    echo "fetch: $*" >&2
    exit 1
}

if ! cmp -s "$here/requirements.txt" "$folder/pypi/requirements.txt"; then
    rm -rf "$folder/pypi" "$folder/venv"
    /usr/bin/python3 -m venv "$folder/venv" || fail "no venv: scripts/deps.sh published"
    "$folder/venv/bin/pip" --quiet --disable-pip-version-check install --no-deps --no-compile --target "$folder/pypi" \
        -r "$here/requirements.txt" >&2 || fail "pip failed"
    cp "$here/requirements.txt" "$folder/pypi/requirements.txt"
fi

if ! cmp -s "$here/google-proto-files.sha512" "$folder/google/complete"; then
    tarball=$(cut -d' ' -f3 "$here/google-proto-files.sha512")
    rm -rf "$folder/google"
    mkdir -p "$folder/google"
    cd "$folder/google"
    # google-proto-files-5.0.3.tgz is google-proto-files@5.0.3
    npm pack --silent "$(echo "${tarball%.tgz}" | sed 's/-\([0-9]\)/@\1/')" >/dev/null || fail "npm pack failed"
    sha512sum --check --quiet "$here/google-proto-files.sha512" || fail "$tarball is not the one that was pinned"
    tar -xzf "$tarball" --strip-components=1
    rm "$tarball"
    cp "$here/google-proto-files.sha512" complete
fi
