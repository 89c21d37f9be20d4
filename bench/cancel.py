#!/usr/bin/python3
"""How soon a service knows that its client has left: the release build before the test services.

A client leaves at each of the moments of tests/e2e/harness/leaving.py, over each transport, with and without TLS. The
clock starts before it closes and stops in the service's own handler, so that what is printed contains grpcio's way from
the socket to the handler. Milliseconds; the figures go to build/bench-cancel.json too.
"""
import argparse
import collections
import pathlib
import ssl
import statistics
import sys
import tempfile
import time
import uuid

from results import Results
from testbed import eventually, leaving, start


def took_ms(process, services, moment, kind, how, tls):
    key = uuid.uuid4().hex
    client = kind(process, tls)
    moment(client, services, key)
    left = time.monotonic()
    client.leave(how)
    at = eventually(lambda: services.cancelled_at(key), timeout=10)
    client.connection.close()
    return (at - left) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    args = parser.parse_args()
    results, data = Results("bench-cancel"), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        services, process = start(folder, leaving.RULES)
        try:
            for _ in range(args.times):
                for moment, kind, how in leaving.WAYS:
                    for tls in (False, True):
                        context = ssl.create_default_context(cafile=folder / "certs/ca.crt") if tls else None
                        with results.attempt(moment=moment.__name__, client=kind.__name__, how=how, tls=tls):
                            ms = took_ms(process, services, moment, kind, how, context)
                            data[moment.__name__, kind.__name__, how, tls].append(ms)
        finally:
            process.stop()
            services.stop()
    print(f"{'moment':<32}{'client':<12}{'how':<14}{'TLS':<6}{'median':>8}{'max':>8}")
    for (moment, kind, how, tls), ms in sorted(data.items()):
        row = {"moment": moment, "client": kind, "how": how, "tls": tls}
        row |= {"median_ms": round(statistics.median(ms), 2), "max_ms": round(max(ms), 2)}
        results.add(row)
        print(f"{moment:<32}{kind:<12}{how:<14}{'yes' if tls else 'no':<6}{row['median_ms']:>8.2f}{row['max_ms']:>8.2f}")
    every = [ms for each in data.values() for ms in each]
    print(f"{len(every)} departures: median {statistics.median(every):.2f} ms, {sum(ms > 10 for ms in every)} above 10 ms")
    return results.finish()


if __name__ == "__main__":
    sys.exit(main())
