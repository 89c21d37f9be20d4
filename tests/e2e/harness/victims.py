"""What honest clients see while somebody else floods: a client at 20 requests a second and one that asks /healthz, each in a thread."""

import dataclasses
import json
import subprocess
import threading
import time

from . import http1
from .process import E2E, PATIENCE, PYTHON


@dataclasses.dataclass
class Seen:
    asked: int = 0
    waits_ms: list = dataclasses.field(default_factory=list)  # of each answer with status 200
    lost: list = dataclasses.field(default_factory=list)  # what came instead

    def ask(self, connection, path):
        self.asked += 1
        began = time.monotonic()
        try:
            status = connection.request("GET", path).status
            if status == 200:
                self.waits_ms.append(1000 * (time.monotonic() - began))
                return
            self.lost.append(status)
        except (OSError, http1.Closed) as error:
            self.lost.append(repr(error))


@dataclasses.dataclass
class Report:
    client: Seen
    health: Seen
    floods: int  # connections that the attackers made


def _until(end, interval, ask):
    while time.monotonic() < end:
        ask()
        time.sleep(interval)


def watch(sidespan, ask="/echo", **options):
    """Floods the first listener with flood.py's options, and reports what a client of `ask` and one of /healthz saw."""
    command = [PYTHON, E2E / "harness/flood.py", *map(str, sidespan.address()), json.dumps(options)]
    client, health = Seen(), Seen()
    admin = sidespan.admin_address()
    with http1.Connection(sidespan.address()) as connection:
        attacker = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + options["seconds"] + 0.5

        def ask_health():
            with http1.Connection(admin) as one:
                health.ask(one, "/healthz")

        threads = [
            threading.Thread(target=_until, args=(end, 0.05, lambda: client.ask(connection, ask))),
            threading.Thread(target=_until, args=(end, 0.05, ask_health)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = json.loads(attacker.communicate(timeout=PATIENCE)[0])["connections"]
    return Report(client, health, made)
