#!/usr/bin/python3
"""What sidespan costs where it is held to a number: memory at the start, memory with 10,000 idle connections, and
500 server streams of 1,000 tokens at once. Prints each with its bound; the exit status is 1 when one is missed. Figures
also go to build/bench-limits.json, as they come. Everything is on loopback.
"""
import json
import os
import resource
import selectors
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402
from results import Results  # noqa: E402

IDLE, STREAMS, TOKENS = 10000, 500, 1000
ROUTES = (
    "type: google.api.Service\nconfig_version: 3\nhttp:\n  rules:\n"
    "  - {selector: bench.v1.Echo.Call, post: /v1/echo, body: '*'}\n"
)
TOKEN_ROUTES = "  - {selector: bench.v1.Tokens.Stream, get: /v1/tokens}\n"


def rss_mib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def start(bench, tokens_port, echo_port):
    port = run.free_port()
    route = bench.write("echo.yaml", ROUTES.replace("type:", "upstream: echo\ntype:", 1))
    tokens = bench.write("tokens.yaml", "upstream: tokens\ntype: google.api.Service\nconfig_version: 3\nhttp:\n  rules:\n" + TOKEN_ROUTES)
    config = bench.write(
        "sidespan.yaml",
        f"listeners: [{{address: '127.0.0.1:{port}'}}]\nadmin: off\nworkers: 1\naccess_log: off\n"
        f"limits: {{max_connections: 20000}}\n"
        f"descriptors: [{run.BUILD}/bench/echo.pb, {run.BUILD}/bench/tokens.pb]\nroutes: [{route}, {tokens}]\n"
        f"upstreams:\n  echo: {{target: 'localhost:{echo_port}', plaintext: true}}\n"
        f"  tokens: {{target: 'localhost:{tokens_port}', plaintext: true}}\n",
    )
    p = bench.start(bench.proxy_cpu, os.path.join(run.BUILD, "sidespan"), "serve", "--config", config, "--log-level", "warn")
    run.wait_port(port, p)
    return port, p


def idle(port, process):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    try:
        for _ in range(IDLE):
            c = socket.create_connection(("127.0.0.1", port))
            connections.append(c)
        time.sleep(0.5)
        return rss_mib(process.pid)
    finally:
        for c in connections:
            c.close()


def streams(port):
    """Every stream's token numbers, in order; how many streams were whole."""
    request = f"GET /v1/tokens?count={TOKENS} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\nConnection: close\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    bodies = {}
    for _ in range(STREAMS):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(request)
        s.setblocking(False)
        bodies[s] = bytearray()
        selector.register(s, selectors.EVENT_READ)
    end = time.monotonic() + 120
    while selector.get_map() and time.monotonic() < end:
        for key, _ in selector.select(1):
            data = key.fileobj.recv(65536)
            if data:
                bodies[key.fileobj] += data
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
    return sum(whole(bytes(b)) for b in bodies.values())


def whole(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    lines, rest = [], body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        n = int(size, 16)
        lines.append(rest[:n])
        rest = rest[n + 2:]
    numbers = [json.loads(line)["number"] for line in b"".join(lines).splitlines()]
    return head.startswith(b"HTTP/1.1 200") and numbers == list(range(1, TOKENS + 1))


def hold(results, what, bound, how, measure):
    """Measures, and says whether the bound is kept."""
    with results.attempt(what=what):
        value = measure()
        ok = value <= bound if how == "at most" else value >= bound
        print(f"{value:8.1f} {what} ({how} {bound}){'' if ok else '   MISSED'}", flush=True)
        results.add({"what": what, "value": value, "bound": bound, "how": how})
        return ok
    return False


def main():
    bench = run.Bench(None)
    results = Results("bench-limits")
    kept = []
    try:
        echo, tokens = run.free_port(), run.free_port()
        run.wait_port(echo, bench.start(bench.load_cpu, os.path.join(run.BUILD, "bench", "echo"), str(echo)))
        run.wait_port(tokens, bench.start(bench.load_cpu, os.path.join(run.BUILD, "bench", "tokens"), str(tokens), os.path.join(bench.dir, "made")))
        port, process = start(bench, tokens, echo)
        kept.append(hold(results, "MiB at the start", 8, "at most", lambda: rss_mib(process.pid)))
        kept.append(hold(results, f"MiB with {IDLE} idle connections", 20, "at most", lambda: idle(port, process)))
        began = time.monotonic()
        kept.append(hold(results, f"whole streams of {STREAMS}, {TOKENS} tokens each", STREAMS, "at least", lambda: streams(port)))
        print(f"{STREAMS * TOKENS} tokens in {time.monotonic() - began:.1f} s")
    finally:
        bench.stop()
    return results.finish() or not all(kept)


if __name__ == "__main__":
    sys.exit(main())
