#!/usr/bin/python3
"""What matching a path costs by the number of routes: see bench/README.md.

Nanoseconds are the median of rounds, pinned to one CPU; instructions are callgrind's, which depend neither on load nor
on the clock. The figures go to build/bench-routes.json too.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys

from results import Results

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "build", "bench")
PROGRAM = [os.path.join(OUT, "routes"), os.path.join(OUT, "routes.pb")]
ROUTES = (10, 100, 1000, 10000)


def instructions(routes, kind, matches):
    out = os.path.join(OUT, "callgrind-routes.out")
    command = ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}"]
    command += [*PROGRAM, "count", str(routes), kind, str(matches)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    os.unlink(out)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]) / matches


def measure(routes, args, results):
    command = ["taskset", "-c", str(args.cpu), *PROGRAM, "time", str(routes), str(args.rounds), str(args.milliseconds)]
    times = json.loads(subprocess.check_output(command, text=True))
    for kind in ("hit", "miss"):
        row = {"routes": routes, "kind": kind, "ns": statistics.median(times[kind])}
        if not args.no_callgrind:
            row["instructions"] = round(instructions(routes, kind, 2560), 1)
        results.add(row)
        print(f"{routes:>8}{kind:>8}{row['ns']:>10.1f}{row.get('instructions', 0):>14.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--milliseconds", type=float, default=20)
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--no-callgrind", action="store_true")
    args = parser.parse_args()
    results = Results("bench-routes")
    print(f"{'routes':>8}{'kind':>8}{'ns':>10}{'instructions':>14}")
    for routes in ROUTES:
        with results.attempt(routes=routes):
            measure(routes, args, results)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
