#!/bin/sh
# Makes the environment of published clients, from PyPI: tests/e2e/clients/venv.sh. It is build/clients/venv, made again when
# requirements.txt changes.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
wanted=$root/tests/e2e/clients/requirements.txt
venv=$root/build/clients/venv
cmp -s "$wanted" "$venv/requirements.txt" && exit 0
rm -rf "$venv"
mkdir -p "$root/build/clients"
/usr/bin/python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$wanted"
cp "$wanted" "$venv/requirements.txt" # last: what was installed in half is made again
