#!/bin/sh
# Makes certificates for development: a CA, a server's and a client's, ECDSA P-256, for localhost, 127.0.0.1 and ::1.
#
#   certs/make-dev-certs.sh [DIR]             ca.crt server.crt server.key client.crt client.key (default DIR: certs/dev)
#   certs/make-dev-certs.sh --faulty [DIR]    also what tests need to see refused: another-ca.crt, another-client.*
#                                             (signed by it), expired-server.* and wrong-name-server.* (signed by ca)
#
# Running it again changes nothing while every certificate is valid for another week. Nothing made here is for
# production, and none of it is committed.
set -eu

faulty=false
if [ "${1:-}" = --faulty ]; then
    faulty=true
    shift
fi
dir=${1:-$(dirname "$0")/dev}
RENEW_BEFORE=$((7 * 24 * 3600))
DAYS=90
NAMES='DNS:localhost,IP:127.0.0.1,IP:::1'

mkdir -p "$dir"
cd "$dir"
umask 077

fresh() {
    for name; do
        [ -s "$name.crt" ] && [ -s "$name.key" ] || return 1
        openssl x509 -in "$name.crt" -noout -checkend "$RENEW_BEFORE" >/dev/null || return 1
    done
}

quiet() {
    # openssl is chatty on stderr also when all is well.
    if ! "$@" >make-dev-certs.log 2>&1; then
        cat make-dev-certs.log >&2
        exit 1
    fi
    rm -f make-dev-certs.log
}

make_ca() { # name, common name
    quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$DAYS" \
        -subj "/O=sidespan development/CN=$2" -keyout "$1.key" -out "$1.crt" \
        -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign'
}

make_leaf() { # name, common name, ca, extended key usage, subject alternative names ('' for none)
    quiet openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
        -subj "/O=sidespan development/CN=$2" -keyout "$1.key" -out "$1.csr"
    {
        echo 'basicConstraints=critical,CA:FALSE'
        echo 'keyUsage=critical,digitalSignature'
        echo "extendedKeyUsage=$4"
        [ -z "$5" ] || echo "subjectAltName=$5"
    } >"$1.ext"
    quiet openssl x509 -req -in "$1.csr" -CA "$3.crt" -CAkey "$3.key" -CAcreateserial -sha256 -days "$DAYS" \
        -extfile "$1.ext" -out "$1.crt"
    rm -f "$1.csr" "$1.ext"
}

make_expired() { # name, ca: `openssl x509 -req` cannot date back, `openssl ca` can
    quiet openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 \
        -subj '/O=sidespan development/CN=localhost' -keyout "$1.key" -out "$1.csr"
    mkdir -p ca-db
    : >ca-db/index
    cat >ca-db/config <<CONFIG
[ca]
default_ca = expired
[expired]
database = ca-db/index
new_certs_dir = ca-db
rand_serial = yes
default_md = sha256
policy = anything
x509_extensions = leaf
[anything]
organizationName = optional
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = $NAMES
CONFIG
    quiet openssl ca -batch -notext -config ca-db/config -cert "$2.crt" -keyfile "$2.key" \
        -startdate 20200101000000Z -enddate 20200201000000Z -in "$1.csr" -out "$1.crt"
    rm -rf ca-db "$1.csr"
}

if ! fresh ca server client; then
    make_ca ca 'sidespan development CA'
    make_leaf server localhost ca serverAuth "$NAMES"
    make_leaf client 'sidespan development client' ca clientAuth ''
    rm -f another-*.crt expired-*.crt wrong-*.crt
fi
if $faulty && ! { fresh another-ca another-client wrong-name-server && [ -s expired-server.crt ]; }; then
    make_ca another-ca 'a CA that nobody trusts'
    make_leaf another-client 'a stranger' another-ca clientAuth ''
    make_leaf another-server localhost another-ca serverAuth "$NAMES"
    make_leaf wrong-name-server wrong.example ca serverAuth 'DNS:wrong.example'
    make_expired expired-server ca
fi
