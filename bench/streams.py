#!/usr/bin/python3
"""Streams through sidespan: many slow ones, one whose reader is slow, and single fast ones. Loopback, one worker.

sidespan is pinned to one CPU; the service (tokens.c) and the clients (reader.c) to another. The age of a token is taken
from the moment at which the service makes it to the moment at which the client reads it: all of the way, the service's
and the client's own work included, so it is more than what sidespan adds.
"""
import argparse
import contextlib
import json
import mmap
import os
import re
import socket
import statistics
import struct
import subprocess
import sys
import time

from results import Results
from run import BUILD, Bench, cpu_ns, free_port, wait_port


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])


def wakeups(pid):
    """How often its threads have slept: tokens that come one by one wake the worker for each."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            total += int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", f.read())[1])
    return total


QUIET = 0.01  # of the CPUs' time that a hypervisor may take from a round that counts


def cpu_times():
    """(taken by the hypervisor, all there was) of all CPUs so far, in ticks."""
    with open("/proc/stat") as f:
        ticks = [int(field) for field in f.readline().split()[1:9]]
    return ticks[7], sum(ticks)


def usage(process):
    """What it has used so far; None: nobody."""
    if process is None:
        return None
    return {"rss_kib": rss_kib(process.pid), "cpu_ns": cpu_ns(process.pid), "wakeups": wakeups(process.pid)}


def median_of(rounds, key):
    return round(statistics.median(each[key] for each in rounds), 2)


def message(request):
    """A bench.v1.TokensRequest."""
    wire = b""
    for number, name in enumerate(["count", "intervalUs", "burst", "size"], 1):
        value = request.get(name, 0)
        wire += bytes([number << 3])
        while value > 0x7F:
            wire += bytes([value & 0x7F | 0x80])
            value >>= 7
        wire += bytes([value])
    return wire


class Streams(Bench):
    def services(self):
        self.port, self.other = free_port(), free_port()
        counter = os.path.join(self.dir, "made")
        for port, file in ((self.port, counter), (self.other, counter + "-other")):
            wait_port(port, self.start(self.load_cpu, os.path.join(BUILD, "bench/tokens"), str(port), file))
        with open(counter, "rb") as f:
            self.counter = mmap.mmap(f.fileno(), 8, access=mmap.ACCESS_READ)

    def made(self):
        """Bytes that the service has made so far."""
        return struct.unpack("Q", self.counter[:8])[0]

    def sidespan(self, cpu=None):
        port = free_port()
        routes = []
        for name, prefix in (("tokens", ""), ("other", "/other")):
            rules = [
                {"selector": "bench.v1.Tokens.Stream", "post": f"{prefix}/tokens", "body": "*"},
                {"selector": "bench.v1.Tokens.One", "post": f"{prefix}/token", "body": "*"},
            ]
            document = {"type": "google.api.Service", "config_version": 3, "upstream": name, "http": {"rules": rules}}
            routes.append(self.write(f"{name}.yaml", json.dumps(document)))
        config = self.write(
            "sidespan.yaml",
            f"listeners: [{{address: '127.0.0.1:{port}'}}]\nadmin: {{address: '127.0.0.1:{free_port()}'}}\n"
            f"workers: 1\ndescriptors: [{BUILD}/bench/tokens.pb]\nroutes: {json.dumps(routes)}\n"
            "upstreams:\n"
            f"  tokens: {{target: '127.0.0.1:{self.port}', plaintext: true}}\n"
            f"  other: {{target: '127.0.0.1:{self.other}', plaintext: true}}\n",
        )
        binary = os.environ.get("SIDESPAN_BIN", os.path.join(BUILD, "sidespan"))
        p = self.start(cpu or self.proxy_cpu, binary, "serve", "--config", config, "--log-level", "warn", "--access-log", "off")
        wait_port(port, p)
        return port, p

    def haproxy_streams(self):
        """HAProxy carrying the same streams: HTTP/2 out, the gRPC frames as they are."""
        settings, defaults = "  tune.h2.max-concurrent-streams 2000\n", "  option http-no-delay\n"
        return self.carrier("streams", f"127.0.0.1:{self.port} proto h2", settings, defaults)

    def calls_command(self, kind, port, calls, mode, *path):
        return ["taskset", "-c", self.load_cpu, os.path.join(BUILD, "bench/calls"), kind, str(port), str(calls), mode, *path]

    def calls(self, kind, port, calls, mode):
        done = subprocess.run(self.calls_command(kind, port, calls, mode), stdout=subprocess.PIPE, text=True, timeout=120)
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def bulk(self, port, path):
        """A client that reads a stream of much, over and over."""
        p = subprocess.Popen(self.calls_command("json", port, 0, "only", path), stdout=subprocess.PIPE, text=True)
        assert p.stdout.readline() == "reading\n"
        yield
        p.terminate()
        seen = json.loads(p.communicate(timeout=20)[0])
        assert not seen["broken"] and seen["bulk_mb_per_s"] > 1, seen

    def read(self, kind, port, process, streams, tokens, seconds, during=None, **request):
        """Runs the clients; what they saw, and what the process, if any, used meanwhile."""
        request = {"count": tokens, **request}
        body = json.dumps(request) if kind == "json" else message(request).hex()
        reader = os.path.join(BUILD, "bench/reader")
        command = ["taskset", "-c", self.load_cpu, reader, kind, str(port), str(streams), str(tokens), body, str(seconds)]
        before, (stolen, ticks) = usage(process), cpu_times()
        reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = reader.stdout.readline()
        seen = {}
        if line == "reading\n":
            if during:
                time.sleep(during)
            if process:
                seen["rss_kib"] = rss_kib(process.pid)
                seen["rss_delta_kib"] = seen["rss_kib"] - before["rss_kib"]
            line = reader.stdout.readline()
        reader.wait()
        seen.update(json.loads(line))
        stolen_after, ticks_after = cpu_times()
        seen["stolen"] = (stolen_after - stolen) / max(ticks_after - ticks, 1)
        if process:
            after, tokens = usage(process), max(seen["tokens"], 1)
            seen["cpu_us_per_token"] = round((after["cpu_ns"] - before["cpu_ns"]) / 1000 / tokens, 2)
            seen["wakeups_per_token"] = round((after["wakeups"] - before["wakeups"]) / tokens, 3)
        return seen


def many_slow(bench, streams, seconds, rounds):
    """Rounds of a plain gRPC client, HAProxy and sidespan one after the other. What sidespan adds is the age of its tokens
    less that of the plain client's in the same round. A tick that the hypervisor takes is an age of 10 ms: rounds in which it
    took more than QUIET do not count, unless all are such."""
    port, p = bench.sidespan()
    proxy_port, proxy = bench.haproxy_streams()
    ways = {"plain": ("grpc", bench.port, None), "haproxy": ("carried", proxy_port, proxy), "sidespan": ("json", port, p)}
    tokens = seconds * 20
    data = {name: [] for name in ways}
    for kind, at, process in ways.values():
        bench.read(kind, at, process, 10, 10, 10, intervalUs=1000, size=20)
    for _ in range(rounds):
        for name, (kind, at, process) in ways.items():
            data[name].append(bench.read(kind, at, process, streams, tokens, seconds + 20, during=seconds / 2, intervalUs=50000, size=20))
    for process in (proxy, p):
        bench.end(process)
    rows = []
    for name, every in data.items():
        pairs = [(each, plain) for each, plain in zip(every, data["plain"]) if max(each["stolen"], plain["stolen"]) <= QUIET]
        seen, beside = zip(*(pairs or zip(every, data["plain"])))
        row = {"workload": "many-slow", "by": name, "streams": streams, "p50_us": median_of(seen, "p50_us"), "p99_us": median_of(seen, "p99_us")}
        row["quiet_rounds"] = len(pairs)
        row["lost_or_reordered"] = sum(streams * tokens - each["tokens"] + each["wrong"] + each["broken"] for each in every)
        line = f"{streams} streams, a token each 50 ms, {name:8}: age p50 {row['p50_us']} us, p99 {row['p99_us']} us"
        if name != "plain":
            for part in ("p50_us", "p99_us"):
                row[f"added_{part}"] = round(statistics.median(a[part] - b[part] for a, b in zip(seen, beside)), 1)
            row["cpu_us_per_token"] = median_of(seen, "cpu_us_per_token")
            row["wakeups_per_token"] = median_of(seen, "wakeups_per_token")
            row["kib_per_stream"] = round(every[0]["rss_delta_kib"] / streams, 2)  # later it has the memory already
            line += f" (added {row['added_p50_us']}, {row['added_p99_us']}); {row['cpu_us_per_token']} us of CPU a token, {row['kib_per_stream']} KiB a stream"
        if name == "sidespan":
            ratios = [a["cpu_us_per_token"] / b["cpu_us_per_token"] for a, b in zip(every, data["haproxy"])]
            row["cpu_ratio_to_haproxy"] = round(statistics.median(ratios), 3)
            line += f", {row['cpu_ratio_to_haproxy']} times HAProxy's"
        print(f"{line}; {row['lost_or_reordered']} lost or reordered ({len(pairs)} of {rounds} rounds were quiet)", flush=True)
        rows.append(row)
    return rows


def one_stream(bench, name, tokens, rounds, **request):
    """CPU a token of sidespan, HAProxy, and a relay that only copies bytes: the relay stands before another sidespan that
    runs on the service's CPU, so that it copies the same."""
    port, p = bench.sidespan()
    other_port, other = bench.sidespan(bench.load_cpu)
    proxy_port, proxy = bench.haproxy_streams()
    relay_port = free_port()
    relay = bench.start(bench.proxy_cpu, os.path.join(BUILD, "bench/relay"), str(relay_port), str(other_port))
    wait_port(relay_port, relay)
    ways = {"sidespan": ("json", port, p), "haproxy": ("carried", proxy_port, proxy), "relay": ("json", relay_port, relay)}
    data = {way: [] for way in ways}
    for kind, at, process in ways.values():
        bench.read(kind, at, process, 1, 1000, 20, intervalUs=1000, burst=100, size=20)
    for _ in range(rounds):
        for way, (kind, at, process) in ways.items():
            data[way].append(bench.read(kind, at, process, 1, tokens, 60, size=20, **request))
    for process in (relay, proxy, other, p):
        bench.end(process)
    seen = {"workload": name, "cpu_us_per_token": median_of(data["sidespan"], "cpu_us_per_token")}
    seen["tokens_per_s"] = round(statistics.median(each["tokens"] / each["seconds"] for each in data["sidespan"]))
    seen["wakeups_per_token"] = median_of(data["sidespan"], "wakeups_per_token")
    seen["wrong"] = sum(each["wrong"] + each["broken"] for each in data["sidespan"])
    for way in ("haproxy", "relay"):
        seen[f"{way}_cpu_us_per_token"] = median_of(data[way], "cpu_us_per_token")
    print(
        f"one stream, {name}: {seen['tokens_per_s']} tokens/s, {seen['cpu_us_per_token']} us of CPU a token (HAProxy "
        f"{seen['haproxy_cpu_us_per_token']}, a relay that only copies {seen['relay_cpu_us_per_token']}), "
        f"{seen['wakeups_per_token']} wakeups a token, {seen['wrong']} wrong",
        flush=True,
    )
    return seen


def fairness(bench, calls, rounds):
    """How long small calls take alone and beside a bulk stream that is read as fast as it comes, which shares ever more with
    them. Everything but sidespan is on one CPU; the plain gRPC client shows what the service and that CPU make of it."""
    port, p = bench.sidespan()
    bulk = {"same worker": "/other/tokens", "same upstream connection": "/tokens"}
    data = {}

    def measure(name, kind, at, mode="none"):
        data.setdefault(name, []).append(bench.calls(kind, at, calls, mode))

    for _ in range(rounds):
        measure("plain, alone", "grpc", bench.port)
        measure("plain, same connection", "grpc", bench.port, "same")
        measure("alone", "json", port)
        for name, path in bulk.items():
            with bench.bulk(port, path):
                measure(name, "json", port)
        measure("same HTTP/2 connection", "json", port, "same")
    bench.end(p)
    rows = []
    for name, seen in data.items():
        alone = data["plain, alone" if name.startswith("plain") else "alone"]
        row = {"workload": "fairness", "bulk": name, "p50_us": median_of(seen, "p50_us"), "p99_us": median_of(seen, "p99_us")}
        row["p99_ratio_to_alone"] = round(row["p99_us"] / median_of(alone, "p99_us"), 2)
        # A machine that falls asleep between two calls makes those alone slow: their best round is the stricter measure.
        row["p99_ratio_to_best_alone"] = round(row["p99_us"] / min(each["p99_us"] for each in alone), 2)
        row["broken"] = sum(each["broken"] for each in seen)
        rows.append(row)
        print(
            f"small calls, {name}: p50 {row['p50_us']} us, p99 {row['p99_us']} us, {row['p99_ratio_to_alone']} times alone "
            f"({row['p99_ratio_to_best_alone']} times the best round alone)",
            flush=True,
        )
    return rows


def slow_reader(bench, seconds, rate=1_000_000):
    """A 1 GB stream of 64 KiB messages whose reader takes 1 MB a second."""
    port, p = bench.sidespan()
    bench.read("json", port, p, 1, 10, 10, intervalUs=1000, size=20)
    body = json.dumps({"count": 16384, "size": 65536}).encode()
    head = f"POST /tokens HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    rss, made, read = [], [], 0
    first_made = bench.made()
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        s.connect(("127.0.0.1", port))
        s.sendall(head.encode() + body)
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            while read < now * rate:
                read += len(s.recv(32768))
            rss.append(rss_kib(p.pid))
            made.append((now, bench.made() - first_made))
            time.sleep(0.02)
    bench.end(p)
    settled = next(m for m in made if m[0] > seconds / 4)
    pace = (made[-1][1] - settled[1]) / (made[-1][0] - settled[0])
    seen = {
        "workload": "slow-reader", "seconds": seconds, "read_mb_per_s": round(read / seconds / 1e6, 3),
        "made_mb_per_s": round(pace / 1e6, 3), "ahead_mb": round((made[-1][1] - read) / 1e6, 2), "max_rss_kib": max(rss),
    }
    print(
        f"1 GB stream, reader at {seen['read_mb_per_s']} MB/s for {seconds} s: the service sends {seen['made_mb_per_s']} MB/s, "
        f"is {seen['ahead_mb']} MB ahead; sidespan's memory {seen['max_rss_kib']} KiB",
        flush=True,
    )
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=6, help="of the slow streams; twice as long for the slow reader")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    bench = Streams(args)
    results = Results("bench-streams")

    def measure(workload, figures):
        before = list(bench.processes)
        with results.attempt(workload=workload):
            rows = figures()
            results.add(*(rows if isinstance(rows, list) else [rows]))
        for process in [each for each in bench.processes if each not in before]:
            bench.end(process)  # of a run that failed: what comes next is not to be measured beside it

    try:
        bench.services()
        measure("many-slow", lambda: many_slow(bench, args.streams, args.seconds, args.rounds))
        for name, tokens, request in (
            ("paced-1ms", 2000, {"intervalUs": 1000}),
            ("paced-100us", 20_000, {"intervalUs": 100}),
            ("bursts", 400_000, {"intervalUs": 1000, "burst": 200}),
            ("flat-out", 2_000_000, {}),
        ):
            measure(name, lambda: one_stream(bench, name, tokens, args.rounds, **request))
        measure("fairness", lambda: fairness(bench, 3000, args.rounds))
        measure("slow-reader", lambda: slow_reader(bench, 2 * args.seconds))
    finally:
        bench.stop()
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
