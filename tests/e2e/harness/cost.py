"""What a process costs: its memory as the kernel counts it, and its CPU. Of a sidespan from `release`, since sanitizers hide both."""

import os
import pathlib
import re


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
