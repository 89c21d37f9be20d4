#!/usr/bin/python3
"""Streams through sidespan: many slow ones, one whose reader is slow, and single fast ones. Loopback, one worker.

sidespan is pinned to one CPU; the service (tokens.c) and the clients (reader.c) to another. The age of a token is taken
from the moment at which the service makes it to the moment at which the client reads it: all of the way, the service's
and the client's own work included, so it is more than what sidespan adds.
"""
import argparse
import json
import mmap
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

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


class Streams(Bench):
    def services(self):
        self.port = free_port()
        counter = os.path.join(self.dir, "made")
        wait_port(self.port, self.start(self.load_cpu, os.path.join(BUILD, "bench/tokens"), str(self.port), counter))
        with open(counter, "rb") as f:
            self.counter = mmap.mmap(f.fileno(), 8, access=mmap.ACCESS_READ)

    def made(self):
        """Bytes that the service has made so far."""
        return struct.unpack("Q", self.counter[:8])[0]

    def sidespan(self, cpu=None):
        port = free_port()
        route = self.write(
            "route.yaml",
            "type: google.api.Service\nconfig_version: 3\nhttp:\n  rules:\n"
            "  - selector: bench.v1.Tokens.Stream\n    post: /tokens\n    body: '*'\n",
        )
        config = self.write(
            "sidespan.yaml",
            f"listeners: [{{address: '127.0.0.1:{port}'}}]\nadmin: {{address: '127.0.0.1:{free_port()}'}}\n"
            f"workers: 1\ndescriptors: [{BUILD}/bench/tokens.pb]\nroutes: [{route}]\n"
            "upstreams:\n  tokens:\n"
            f"    target: 127.0.0.1:{self.port}\n    plaintext: true\n",
        )
        binary = os.environ.get("SIDESPAN_BIN", os.path.join(BUILD, "sidespan"))
        p = self.start(cpu or self.proxy_cpu, binary, "serve", "--config", config, "--log-level", "warn", "--access-log", "off")
        wait_port(port, p)
        return port, p

    def stop_one(self, process):
        process.send_signal(signal.SIGTERM)
        process.wait(40)
        self.processes.remove(process)

    def read(self, port, process, connections, tokens, seconds, during=None, **request):
        """Runs the clients; what they saw, and what sidespan used meanwhile."""
        body = json.dumps({"count": tokens, **request})
        command = ["taskset", "-c", self.load_cpu, os.path.join(BUILD, "bench/reader"), str(port), str(connections), str(tokens), body, str(seconds)]
        before_rss, before_cpu, before_wakeups = rss_kib(process.pid), cpu_ns(process.pid), wakeups(process.pid)
        reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = reader.stdout.readline()
        seen = {}
        if line == "reading\n":
            if during:
                time.sleep(during)
            seen["rss_kib"] = rss_kib(process.pid)
            line = reader.stdout.readline()
        reader.wait()
        seen.update(json.loads(line))
        seen["rss_delta_kib"] = seen.get("rss_kib", 0) - before_rss
        seen["cpu_us_per_token"] = round((cpu_ns(process.pid) - before_cpu) / 1000 / max(seen["tokens"], 1), 2)
        seen["wakeups_per_token"] = round((wakeups(process.pid) - before_wakeups) / max(seen["tokens"], 1), 3)
        return seen


def many_slow(bench, streams, seconds):
    port, p = bench.sidespan()
    bench.read(port, p, 1, 10, 10, intervalUs=1000, size=20)
    tokens = seconds * 20
    seen = bench.read(port, p, streams, tokens, seconds + 20, during=seconds / 2, intervalUs=50000, size=20)
    bench.stop_one(p)
    seen.update(
        workload="many-slow", streams=streams, lost_or_reordered=streams * tokens - seen["tokens"] + seen["wrong"] + seen["broken"],
        kib_per_stream=round(seen["rss_delta_kib"] / streams, 2),
    )
    print(
        f"{streams} streams, a token each 50 ms for {seconds} s: p50 {seen['p50_us']} us, p99 {seen['p99_us']} us, max "
        f"{seen['max_us']} us; {seen['kib_per_stream']} KiB a stream; {seen['cpu_us_per_token']} us of CPU and "
        f"{seen['wakeups_per_token']} wakeups a token; {seen['lost_or_reordered']} lost or reordered",
        flush=True,
    )
    return seen


def slow_reader(bench, seconds, rate=1_000_000):
    """A 1 GB stream of 64 KiB messages whose reader takes 1 MB a second."""
    port, p = bench.sidespan()
    bench.read(port, p, 1, 10, 10, intervalUs=1000, size=20)
    body = json.dumps({"count": 16384, "size": 65536}).encode()
    head = f"POST /tokens HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
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
    bench.stop_one(p)
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


def one_stream(bench, name, tokens, rounds, **request):
    """The median round by CPU; beside it a relay in sidespan's place, before another sidespan on the service's CPU, that
    only copies the same bytes."""
    port, p = bench.sidespan()
    other_port, other = bench.sidespan(bench.load_cpu)
    relay_port = free_port()
    relay = bench.start(bench.proxy_cpu, os.path.join(BUILD, "bench/relay"), str(relay_port), str(other_port))
    wait_port(relay_port, relay)
    bench.read(port, p, 1, 1000, 20, intervalUs=1000, burst=100, size=20)
    data = [bench.read(port, p, 1, tokens, 60, size=20, **request) for _ in range(rounds)]
    copied = [bench.read(relay_port, relay, 1, tokens, 60, size=20, **request) for _ in range(rounds)]
    for process in (relay, other, p):
        bench.stop_one(process)
    seen = sorted(data, key=lambda r: r["cpu_us_per_token"])[rounds // 2]
    floor = statistics.median(r["cpu_us_per_token"] for r in copied)
    seen.update(workload=name, tokens_per_s=round(seen["tokens"] / seen["seconds"]), relay_cpu_us_per_token=floor)
    print(
        f"one stream, {name}: {seen['tokens_per_s']} tokens/s, {seen['cpu_us_per_token']} us of CPU a token (a relay that "
        f"only copies: {floor}), {seen['wakeups_per_token']} wakeups a token, p99 {seen.get('p99_us')} us, {seen['wrong'] + seen['broken']} wrong",
        flush=True,
    )
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10, help="of the slow streams; twice as long for the slow reader")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    bench = Streams(args)
    rows = []
    try:
        bench.services()
        rows.append(many_slow(bench, args.streams, args.seconds))
        rows.append(one_stream(bench, "paced-1ms", 2000, args.rounds, intervalUs=1000))
        rows.append(one_stream(bench, "paced-100us", 20_000, args.rounds, intervalUs=100))
        rows.append(one_stream(bench, "bursts", 400_000, args.rounds, intervalUs=1000, burst=200))
        rows.append(one_stream(bench, "flat-out", 2_000_000, args.rounds))
        rows.append(slow_reader(bench, 2 * args.seconds))
    finally:
        bench.stop()
    with open(os.path.join(BUILD, "bench-streams.json"), "w") as f:
        json.dump(rows, f, indent=1)
    print("figures in build/bench-streams.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
