#!/usr/bin/python3
"""How late the 504 of an expired deadline is: the release build before the test services, over one HTTP/1.1 connection.

Deadlines of several lengths and from every source (Grpc-Timeout, X-Request-Timeout, the route's own) expire in a
service that sleeps; the client's clock starts before the request is written and stops at the first byte of the answer,
so that what is printed contains the loopback and this script. Milliseconds; the figures go to
build/bench-deadlines.json too.
"""
import argparse
import pathlib
import sys
import tempfile
import time

from results import Results
from testbed import http1, start

RULES = [
    {"selector": "sidespan.test.v1.Echo.Slow", "get": "/slow/{ms}"},
    {"selector": "sidespan.test.v1.Streams.Count", "get": "/count/{count}", "timeout": "50ms"},
]
SOURCES = {
    "Grpc-Timeout: 20m": ("/slow/5000", ["Grpc-Timeout: 20m"], 20),
    "Grpc-Timeout: 200m": ("/slow/5000", ["Grpc-Timeout: 200m"], 200),
    "X-Request-Timeout: 50ms": ("/slow/5000", ["X-Request-Timeout: 50ms"], 50),
    "the route's, 50 ms": ("/count/9?delay_ms=5000", [], 50),
}


def measure(process, target, headers, deadline_ms, times):
    """How late each answer was; a stream that had begun ends with its last chunk instead."""
    late = []
    with http1.Connection(process.address()) as connection:
        for _ in range(times):
            begin = time.perf_counter()
            response = connection.request("GET", target, headers=headers)
            late.append((time.perf_counter() - begin) * 1000 - deadline_ms)
            assert response.status == 504 or b'"code":4' in response.body, response
    return sorted(late)


def show(source, late, results):
    at = {"min": 0, "median": 0.5, "p90": 0.9, "p99": 0.99, "max": 1}
    row = {key: round(late[int(part * (len(late) - 1))], 3) for key, part in at.items()}
    over = sum(ms > 5 for ms in late) / len(late)
    results.add({"deadline": source, **row, "over_5_ms": over})
    print(f"{source:<26}" + "".join(f"{value:>8.2f}" for value in row.values()) + f"{over:>8.0%}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=50)
    args = parser.parse_args()
    results = Results("bench-deadlines")
    with tempfile.TemporaryDirectory() as name:
        services, process = start(pathlib.Path(name), RULES)
        try:
            print(f"{'deadline':<26}{'min':>8}{'median':>8}{'p90':>8}{'p99':>8}{'max':>8}{'> 5 ms':>8}")
            for source, (target, headers, deadline_ms) in SOURCES.items():
                with results.attempt(deadline=source):
                    show(source, measure(process, target, headers, deadline_ms, args.times), results)
        finally:
            process.stop()
            services.stop()
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
