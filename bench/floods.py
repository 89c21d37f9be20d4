#!/usr/bin/python3
"""What others see while clients open streams, reset them, and connect again: the release build before the test services.

For each kind of flood: the longest wait for /healthz (a connection each) and for an honest client at 20 requests a second, what
they lost, the process's peak of memory, its CPU, and how long SIGTERM takes afterwards. Fails when a bound is missed: nothing lost,
/healthz within 100 ms, 32 MiB, one second. The figures go to build/bench-floods.json too.
"""
import argparse
import pathlib
import signal
import sys
import tempfile
import time

from results import Results
from testbed import cost, start, victims

RULES = [{"selector": "sidespan.test.v1.Echo.Unary", "get": "/echo", "additional_bindings": [{"post": "/echo", "body": "*"}]}]
FLOODS = {
    "each reset at once": {"streams": 700},
    "the same, each client stays until it is cut off": {"streams": 5000, "stay": True},
    "bodies are to come": {"streams": 700, "body": True},
    "a burst of 72,000": {"streams": 1200, "connections": 60},
}
BOUNDS = {"lost": 0, "health_max_ms": 100, "peak_mib": 32, "exit_ms": 1000}


def measure(folder, options, seconds):
    services, process = start(folder, RULES)
    try:
        report = victims.watch(process, path="/echo", **{"connections": 100, "seconds": seconds, **options})
        row = {
            "connections": report.floods,
            "lost": len(report.client.lost) + len(report.health.lost),
            "health_max_ms": round(max(report.health.waits_ms), 1),
            "client_max_ms": round(max(report.client.waits_ms), 1),
            "peak_mib": round(cost.peak_kib(process.pid) / 1024, 1),
            "cpu_s": cost.ticks(process.pid),
        }
        began = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        process.wait()
        return row | {"exit_ms": round(1000 * (time.monotonic() - began))}
    finally:
        process.stop()
        services.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5)
    args = parser.parse_args()
    results = Results("bench-floods")
    names = ("connections", "lost", "health_max_ms", "client_max_ms", "peak_mib", "cpu_s", "exit_ms")
    print(f"{'flood':<50}" + "".join(f"{name:>15}" for name in names))
    for how, options in FLOODS.items():
        with results.attempt(flood=how), tempfile.TemporaryDirectory() as folder:
            row = measure(pathlib.Path(folder), options, args.seconds)
            results.add({"flood": how} | row)
            print(f"{how:<50}" + "".join(f"{row[name]:>15}" for name in names), flush=True)
            missed = [name for name, bound in BOUNDS.items() if row[name] > bound]
            assert not missed, f"out of bounds: {', '.join(missed)}"
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
