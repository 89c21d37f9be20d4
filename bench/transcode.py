#!/usr/bin/python3
"""Transcoding beside libprotobuf's own JSON converters and yajl's bare tokenizing: see bench/README.md.

Pinned to one CPU; every round times each contestant once, and a ratio is the median of same-round ratios. Instructions
are counted by callgrind in runs of their own: they depend neither on the load nor on the clock of the machine, and tell
how much of the work is inside yajl. The figures go to build/bench-transcode.json too.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "build", "bench")
PROGRAM = os.path.join(OUT, "transcode")
DESCRIPTORS = os.path.join(OUT, "payloads.pb")
sys.path.insert(0, os.path.join(ROOT, "bench", "transcode"))
sys.dont_write_bytecode = True
from payloads import payloads  # noqa: E402
from results import Results  # noqa: E402

DIRECTIONS = ("json_to_wire", "wire_to_json")


def program(message, path, *mode):
    return [PROGRAM, DESCRIPTORS, message, path, *map(str, mode)]


def timed(message, path, args):
    command = ["taskset", "-c", str(args.cpu), *program(message, path, "time", args.rounds, args.milliseconds)]
    lines = [json.loads(line) for line in subprocess.check_output(command, text=True).splitlines()]
    return lines[0], lines[1:]


def self_costs(path):
    """Instructions by object file, of a callgrind output without compression of names or positions."""
    costs, current, inclusive = {}, "", False
    for line in open(path, encoding="utf-8"):
        if line.startswith("ob="):
            current = line[3:].strip()
        elif line.startswith("calls="):
            inclusive = True
        elif re.match(r"[+\-*\d]", line):
            if not inclusive:
                costs[current] = costs.get(current, 0) + int(line.split()[1])
            inclusive = False
    return costs


def counted(message, path, leg, messages):
    """Instructions a message, and the part of them in libyajl."""
    out = os.path.join(OUT, "callgrind.out")
    command = ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}"]
    command += ["--compress-strings=no", "--compress-pos=no", *program(message, path, "count", leg, messages)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    costs = self_costs(out)
    os.unlink(out)
    yajl = sum(cost for name, cost in costs.items() if "libyajl" in name)
    return sum(costs.values()) / messages, yajl / messages


def rows_of(name, message, text, args):
    path = os.path.join(OUT, name + ".json")
    with open(path, "wb") as f:
        f.write(text)
    first, rounds = timed(message, path, args)
    for direction in DIRECTIONS:
        ours, theirs = "ours_" + direction, "libprotobuf_" + direction
        row = {
            "payload": name,
            "direction": direction,
            "json_bytes": len(text),
            "wire_bytes": first["wire_bytes"],
            "ns": statistics.median(r[ours] for r in rounds),
            "mallocs": first[ours],
            "libprotobuf_ns": statistics.median(r[theirs] for r in rounds),
            "libprotobuf_mallocs": first[theirs],
            "ratio": round(statistics.median(r[theirs] / r[ours] for r in rounds), 2),
        }
        row["mb_per_s"] = round(len(text) / row["ns"] * 1000, 1)
        if direction == "json_to_wire":
            row["yajl_ns"] = statistics.median(r["yajl"] for r in rounds)
            row["of_yajl"] = round(statistics.median(r[ours] / r["yajl"] for r in rounds), 2)
        if not args.no_callgrind:
            n = max(2, min(50, 400_000 // len(text)))
            row["instructions"], yajl = counted(message, path, ours, n)
            row["libprotobuf_instructions"], _ = counted(message, path, theirs, max(2, n // 8))
            if direction == "json_to_wire":
                row["yajl_instructions"] = yajl
        yield row


def show(row):
    figures = f"{row['payload']:<10}{row['direction']:<14}{row['mb_per_s']:>8.0f}{row['ns']:>12.0f}{row['mallocs']:>9.4g}"
    figures += f"{row['libprotobuf_ns']:>14.0f}{row['ratio']:>8.1f}{row.get('yajl_ns', 0):>11.0f}"
    if "instructions" in row:
        figures += f"{row['instructions']:>12.0f}{row['libprotobuf_instructions'] / row['instructions']:>8.1f}"
        share = row.get("yajl_instructions", 0) / row["instructions"]
        figures += f"{share:>8.0%}" if share else ""
    print(figures, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--milliseconds", type=float, default=20, help="of each contestant in each round")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--no-callgrind", action="store_true")
    parser.add_argument("--payload", help="this one only")
    args = parser.parse_args()
    results = Results("bench-transcode" if args.payload is None else f"bench-transcode-{args.payload}")
    print(f"{'payload':<10}{'direction':<14}{'MB/s':>8}{'ns':>12}{'mallocs':>9}{'libprotobuf':>14}{'ratio':>8}{'yajl ns':>11}"
          + ("" if args.no_callgrind else f"{'instr.':>12}{'ratio':>8}{'in yajl':>8}"))
    for name, message, text in payloads():
        if args.payload in (None, name):
            with results.attempt(payload=name):
                for row in rows_of(name, message, text, args):
                    show(row)
                    results.add(row)
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
