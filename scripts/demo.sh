#!/bin/bash
# Runs the demo until Ctrl-C: the demo service on localhost:50051 over TLS, sidespan on 127.0.0.1:8080 before it.
# `make demo` builds what it needs first. Whatever way this script ends, both children end too.
set -u
cd "$(dirname "$0")/.."

REST=8080 ADMIN=9901 GRPC=50051
LOG=build/demo-service.log
children=()

fail() {
    echo "demo: $*" >&2
    exit 1
}

taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

finish() {
    trap - EXIT
    [ ${#children[@]} = 0 ] && return
    trap 'kill -KILL "${children[@]}" 2>/dev/null' INT # a second Ctrl-C does not wait for calls in flight
    trap '' TERM HUP
    kill -TERM "${children[@]}" 2>/dev/null
    while [ -n "$(jobs -pr)" ]; do wait; done
}

start() { # setpriv: the child ends also when this script is killed outright
    setpriv --pdeathsig TERM "$@" &
    children+=($!)
}

wait_for() { # what, command...
    local what=$1
    shift
    for _ in $(seq 150); do
        "$@" >/dev/null 2>&1 && return
        for child in "${children[@]}"; do
            kill -0 "$child" 2>/dev/null || fail "$what ended before it was ready"
        done
        sleep 0.1
    done
    fail "$what was not ready within 15 s"
}

print_lines() {
    local url=http://127.0.0.1:$REST
    cat <<EOF

sidespan is ready: REST on $url, admin on http://127.0.0.1:$ADMIN; the service speaks gRPC on localhost:$GRPC.
Try, in another terminal:

  # split a contract into clauses (bytes are base64 in JSON)
  base64 -w0 demo/sample-contract.txt | sed 's/.*/{"content":"&","file_name":"sample-contract.txt"}/' |
    curl -s $url/v1/documents:parse --json @-
  # search, by query parameters and by body
  curl -s '$url/v1/search?query=termination+without+notice&k=2'
  curl -s $url/v1/search --json '{"query":"late payment","k":3,"filter":{"jurisdiction":"DE"}}'
  # a stream: token by token as NDJSON, as server-sent events, as a JSON array
  curl -sN $url/v1/drafts --json '{"prompt":"an NDA between Acme Ltd and Foo AS"}' -H 'Accept: */*'
  curl -sN '$url/v1/drafts?\$alt=sse' --json '{"prompt":"a lease","max_tokens":12}'
  curl -sN '$url/v1/drafts?\$alt=array' --json '{"prompt":"a lease","max_tokens":12}'
  # documents: list, create, read, change, delete
  curl -s '$url/v1/documents?page_size=2&labels%5Bdemo%5D=yes'
  curl -s '$url/v1/documents?document_id=42' --json '{"title":"Lease of a boat","state":"DRAFT"}'
  curl -s $url/v1/documents/42
  curl -s -X PATCH $url/v1/documents/42 --json '{"state":"IN_REVIEW","matter":{"client":"Acme Ltd"}}'
  curl -s -X DELETE $url/v1/documents/42
  # not there: 404 with a google.rpc.ErrorInfo
  curl -si $url/v1/documents/nope
  # health
  curl -si http://127.0.0.1:$ADMIN/readyz

Ctrl-C ends it. The service writes to $LOG.
EOF
}

for port in $REST $ADMIN $GRPC; do
    taken $port && fail "port $port on 127.0.0.1 is taken; the demo needs $REST, $ADMIN and $GRPC. End what listens there (ss -ltnp) and try again"
done

trap finish EXIT
trap 'echo; echo "demo: ending"; exit 0' INT TERM HUP

: >"$LOG"
start /usr/bin/python3 demo/server.py --listen "localhost:$GRPC" >"$LOG" 2>&1
service=$!
wait_for "the service (see $LOG)" grep -q '^demo: ready' "$LOG"
start build/sidespan serve --config demo/sidespan.yaml
wait_for sidespan curl -sf -o /dev/null "http://127.0.0.1:$ADMIN/readyz"
print_lines

wait -n -p ended "${children[@]}"
[ "$ended" = "$service" ] && { tail -n 5 "$LOG" >&2; fail 'the service ended'; }
fail 'sidespan ended'
