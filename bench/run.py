#!/usr/bin/python3
"""CPU and latency per request of sidespan, beside HAProxy carrying the same HTTP/1.1 requests to the same HTTP/2 service.

The proxies are pinned to one CPU, wrk and the service to another. Rounds of A and B are interleaved; a figure is the
median over rounds, the ratio the median of same-round ratios. Rounds in which HAProxy's own CPU per request is more than
8 % off its median are dropped, and those in which wrk's clients saw errors. System calls are counted by strace in runs of
their own. Everything is on loopback.
"""
import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from results import Failed, Results

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
BODY = (
    '{"caseId":"BGH-2023-0114","query":"limitation of liability","limit":10,"threshold":0.75,'
    '"tags":["contract","software-licence"],"exact":true,"range":{"fromYear":1999,"toYear":2026}}'
)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            if process.poll() is not None:
                raise Failed(f"{process.args[0:6]} ended with {process.returncode}")
            time.sleep(0.05)
    raise Failed(f"nothing listens on {port}")


class Bench:
    def __init__(self, args):
        self.args = args
        self.dir = tempfile.mkdtemp(prefix="sidespan-bench-")
        self.processes = []
        cpus = sorted(os.sched_getaffinity(0))
        self.proxy_cpu, self.load_cpu = str(cpus[0]), str(cpus[-1])

    def start(self, cpu, *command):
        p = subprocess.Popen(["taskset", "-c", cpu, *command], stdout=subprocess.DEVNULL)
        self.processes.append(p)
        return p

    def stop(self):
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
        for p in self.processes:
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def end(self, process):
        """Ends one of its processes now."""
        self.processes.remove(process)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def services(self):
        certs = os.path.join(ROOT, "certs", "dev")
        self.echo = {"plaintext": free_port(), "tls": free_port()}
        binary = os.path.join(BUILD, "bench", "echo")
        for kind, port in self.echo.items():
            extra = [os.path.join(certs, "server.crt"), os.path.join(certs, "server.key")] if kind == "tls" else []
            wait_port(port, self.start(self.load_cpu, binary, str(port), *extra))

    def sidespan(self, kind):
        port = free_port()
        security = "plaintext: true" if kind == "plaintext" else f"tls: {{ca: {ROOT}/certs/dev/ca.crt}}"
        route = self.write(
            f"route-{kind}.yaml",
            "type: google.api.Service\nconfig_version: 3\nhttp:\n  rules:\n"
            "  - selector: bench.v1.Echo.Call\n    post: /v1/echo\n    body: '*'\n",
        )
        config = self.write(
            f"sidespan-{kind}.yaml",
            f"listeners: [{{address: '127.0.0.1:{port}'}}]\nadmin: {{address: '127.0.0.1:{free_port()}'}}\n"
            f"workers: 1\ndescriptors: [{BUILD}/bench/echo.pb]\nroutes: [{route}]\n"
            f"upstreams:\n  echo:\n    target: localhost:{self.echo[kind]}\n    {security}\n",
        )
        p = self.start(self.proxy_cpu, os.path.join(BUILD, "sidespan"), "serve", "--config", config, "--log-level", "warn", "--access-log", "off")
        wait_port(port, p)
        return port, p

    def haproxy(self, kind):
        security = "proto h2" if kind == "plaintext" else f"ssl verify required ca-file {ROOT}/certs/dev/ca.crt alpn h2 sni str(localhost)"
        return self.carrier(kind, f"127.0.0.1:{self.echo[kind]} {security}")

    def carrier(self, name, server, settings="", defaults=""):
        """HAProxy before that server: HTTP/1.1 in."""
        port = free_port()
        config = self.write(
            f"haproxy-{name}.cfg",
            f"global\n  nbthread 1\n  maxconn 4000\n{settings}defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
            f"  timeout server 60s\n  http-reuse always\n{defaults}"
            f"frontend f\n  bind 127.0.0.1:{port}\n  default_backend b\n"
            f"backend b\n  server s {server}\n",
        )
        p = self.start(self.proxy_cpu, shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", config)
        wait_port(port, p)
        return port, p

    def wrk(self, port, connections, seconds):
        script = self.write(
            "post.lua",
            f"wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = '{BODY}'\n",
        )
        out = subprocess.run(
            ["taskset", "-c", self.load_cpu, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
             f"http://127.0.0.1:{port}/v1/echo"],
            capture_output=True, text=True, check=True,
        ).stdout
        errors = re.findall(r"(?:Non-2xx|Socket errors).*", out)
        if errors:
            raise Failed(f"errors under load: {'; '.join(errors)}")
        requests = int(re.search(r"(\d+) requests in", out).group(1))
        rps = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))

        def latency(percent):
            value, unit = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", out).groups()
            return float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]

        return requests, rps, latency(50), latency(99)

    def measure(self, port, process, connections, seconds):
        before = cpu_ns(process.pid)
        requests, rps, p50, p99 = self.wrk(port, connections, seconds)
        return {"cpu": (cpu_ns(process.pid) - before) / 1000 / requests, "rps": rps, "p50": p50, "p99": p99}

    def syscalls(self, port, process, connections):
        """System calls per request: strace counts while wrk runs, and is detached before wrk's connections close."""
        trace = os.path.join(self.dir, "strace")
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", trace, "-p", str(process.pid)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        try:
            requests, *_ = self.wrk(port, connections, 3)
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(10)
        total = re.search(r"^100\.00\s+\S+\s+(?:\d+\s+)?(\d+)(?:\s+\d+)?\s+total", open(trace).read(), re.M)
        return int(total.group(1)) / requests


def cpu_ns(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def one_round(bench, proxies, order, connections, seconds):
    """What each proxy did; None when a client of one saw an error."""
    try:
        return {name: bench.measure(*proxies[name], connections, seconds) for name in order}
    except Failed as error:
        print(f"a round at c={connections} does not count: {error}", flush=True)
        return None


def syscalls(bench, port, process, connections):
    """As Bench.syscalls; None when the clients time out: strace makes everything many times slower."""
    try:
        return round(bench.syscalls(port, process, connections), 2)
    except Failed as error:
        print(f"no count of system calls at c={connections}: {error}", flush=True)
        return None


def compare(bench, kind, connections, rounds, seconds):
    proxies = {"sidespan": bench.sidespan(kind), "haproxy": bench.haproxy(kind)}
    try:
        for port, _ in proxies.values():
            bench.wrk(port, connections, 1)  # warm
        data = []
        for i in range(rounds):
            order = ["sidespan", "haproxy"] if i % 2 == 0 else ["haproxy", "sidespan"]
            data.append(one_round(bench, proxies, order, connections, seconds))
        kept = undisturbed([each for each in data if each])
        rows = [row_of(bench, name, *proxies[name], kind, connections, kept) for name in proxies]
    finally:
        for _, process in proxies.values():
            bench.end(process)
    print_rows(rows, len(kept), rounds)
    return rows


def undisturbed(data):
    if not data:
        raise Failed("no round without errors")
    middle = statistics.median(r["haproxy"]["cpu"] for r in data)
    return [r for r in data if abs(r["haproxy"]["cpu"] / middle - 1) <= 0.08] or data


def row_of(bench, name, port, process, kind, connections, kept):
    def median(key):
        return statistics.median(r[name][key] for r in kept)

    ratio = statistics.median(r["sidespan"]["cpu"] / r["haproxy"]["cpu"] for r in kept)
    return {
        "workload": "unary-small", "proxy": name, "upstream": kind, "connections": connections,
        "rps": round(median("rps")), "p50_us": round(median("p50")), "p99_us": round(median("p99")),
        "cpu_us_per_request": round(median("cpu"), 2),
        "syscalls_per_request": syscalls(bench, port, process, connections),
        "ratio_to_haproxy": round(ratio, 3) if name == "sidespan" else 1.0,
    }


def print_rows(rows, kept, rounds):
    for r in rows:
        calls = "-" if r["syscalls_per_request"] is None else f"{r['syscalls_per_request']:.2f}"
        print(f"{r['proxy']:9} {r['upstream']:9} c={r['connections']:<4} {r['rps']:>7} req/s  p50 {r['p50_us']:>6} us  "
              f"p99 {r['p99_us']:>6} us  CPU {r['cpu_us_per_request']:>6.2f} us/req  {calls:>5} syscalls/req  "
              f"ratio {r['ratio_to_haproxy']:.3f}   ({kept} of {rounds} rounds)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 64, 512])
    parser.add_argument("--upstreams", nargs="*", default=["plaintext", "tls"])
    args = parser.parse_args()
    return measure_all(Bench(args), args)


def measure_all(bench, args):
    results = Results("bench")
    try:
        bench.services()
        print(f"{len(BODY)}-byte POST; proxy on CPU {bench.proxy_cpu}, wrk and service on CPU {bench.load_cpu}; one worker")
        for kind in args.upstreams:
            for connections in args.connections:
                with results.attempt(workload="unary-small", upstream=kind, connections=connections):
                    results.add(*compare(bench, kind, connections, args.rounds, args.seconds))
    finally:
        bench.stop()
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
