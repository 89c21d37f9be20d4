"""The figures of a benchmark: rows in build/NAME.json, written as they come, so that a run that fails costs its own row only.

Each row says on which machine it was measured. A run that gives no figure leaves a row with "failed", which says why, and the
benchmark goes on; its exit status is then 1."""

import contextlib
import json
import os
import pathlib
import platform

BUILD = pathlib.Path(__file__).resolve().parents[1] / "build"


class Failed(Exception):
    """A run that gives no figure; says why."""


def machine():
    """The processor, how many of it there are, and the kernel."""
    fields = {}
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    cpu = fields.get("model name", platform.machine())
    if "cpu family" in fields:  # a hypervisor may hide the model's name, but not its number
        cpu += f" (family {fields['cpu family']}, model {fields['model']})"
    hypervisor = "hypervisor" in fields.get("flags", "").split()
    return {"cpu": cpu, "cpus": os.cpu_count(), "virtual": hypervisor, "kernel": platform.release()}


class Results:
    def __init__(self, name):
        self.path = BUILD / f"{name}.json"
        self.machine = machine()
        self.rows, self.failures = [], 0
        self._save()
        print(f"{self.machine['cpus']} {'virtual ' if self.machine['virtual'] else ''}CPUs: {self.machine['cpu']}; Linux {self.machine['kernel']}", flush=True)

    def add(self, *rows):
        self.rows += [{**row, "machine": self.machine} for row in rows]
        self._save()

    def _save(self):
        self.path.parent.mkdir(exist_ok=True)
        half = self.path.with_suffix(".part")
        half.write_text(json.dumps(self.rows, indent=1))
        half.replace(self.path)

    @contextlib.contextmanager
    def attempt(self, **what):
        """Runs its block; when that fails, a row says so instead of the figures that it would have added."""
        try:
            yield
        except Exception as error:  # noqa: BLE001: whatever it was, the figures so far and the runs to come are worth more
            self.failures += 1
            why = f"{type(error).__name__}: {error}"
            print(f"FAILED  {' '.join(str(value) for value in what.values())}: {why}", flush=True)
            self.add({**what, "failed": why})

    def finish(self):
        """Says where the figures are; the exit status."""
        print(f"figures in {os.path.relpath(self.path)}" + (f"; {self.failures} runs FAILED" if self.failures else ""), flush=True)
        return 1 if self.failures else 0
