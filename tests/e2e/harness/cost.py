"""What a process costs: its memory as the kernel counts it, and its CPU. Of a sidespan from `release`, since sanitizers hide both."""

import os
import pathlib
import re
import subprocess


def _status_kib(pid, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1])


def resident_kib(pid):
    return _status_kib(pid, "VmRSS")


def peak_kib(pid):
    """The most that was resident since the start, or since forget_peak."""
    return _status_kib(pid, "VmHWM")


def forget_peak(pid):
    """The peak begins again at what is resident now (proc(5), clear_refs)."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def ticks(pid):
    """CPU seconds of user and system together, to 10 ms."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Counted:
    """The optimised binary under callgrind, which counts the instructions of its own code: no load of the machine changes them,
    and no hypervisor hides them as it does a processor's counters. The kernel's are not among them.

    binary is for Sidespan(…, binary=…); count(pid) are the instructions since the last count."""

    def __init__(self, folder, binary):
        self.out = pathlib.Path(folder, "callgrind")
        self.binary = pathlib.Path(folder, "counted")
        options = f"--tool=callgrind --callgrind-out-file={self.out}"
        self.binary.write_text(f'#!/bin/sh\nexec valgrind -q {options} {binary} "$@"\n')
        self.binary.chmod(0o755)
        self.dumps = 0

    def count(self, pid):
        subprocess.run(["callgrind_control", "--dump=count", str(pid)], check=True, capture_output=True, timeout=60)
        self.dumps += 1
        dump = pathlib.Path(f"{self.out}.{self.dumps}")
        total = int(re.search(r"^totals: (\d+)", dump.read_text(), re.MULTILINE)[1])
        dump.unlink()
        return total
