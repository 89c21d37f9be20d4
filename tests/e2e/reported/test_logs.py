"""Logs never hold anything up, whoever reads them, and whether anybody does."""

import json
import re
import signal
import threading
import time

import httpx
import pytest

from harness import http1
from harness.process import Sidespan, eventually

LONG = "x" * 3000  # of a path: what nobody reads fills every buffer soon


class Unread(Sidespan):
    """A sidespan whose stderr nobody reads until read_on()."""

    def __init__(self, *arguments):
        self._gate = threading.Event()
        super().__init__(*arguments)

    def _read_stderr(self):
        self._gate.wait()
        super()._read_stderr()

    def read_on(self):
        self._gate.set()


@pytest.fixture
def unread(tmp_path, make_config):
    processes = []

    def run(**keys):
        processes.append(Unread(tmp_path, make_config(access_log="json", log={"format": "json"}, **keys)).wait_ready())
        return processes[-1]

    yield run
    for process in processes:
        process.read_on()
        process.finish()


def send(process, client, count):
    with http1.Connection(process.address()) as connection:
        for i in range(count):
            assert connection.request("GET", f"/nowhere/{LONG}/{client}/{i}").status == 404


def check(process, clients, count):
    """Each line is whole and in order, and what is missing is told."""
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    paths = [line["path"].split("/")[3:] for line in lines if line["level"] == "access"]
    for client in range(clients):
        numbers = [int(number) for of, number in paths if int(of) == client]
        assert numbers == sorted(set(numbers))
    told = [int(re.fullmatch(r"(\d+) log lines? w(?:as|ere) dropped", line["message"])[1]) for line in lines
            if "dropped" in line.get("message", "")]
    assert told and len(paths) + sum(told) == clients * count
    return paths


def test_a_reader_that_does_not_read_holds_up_no_call(unread):
    """(reported 1) Every call is answered, and /healthz; the lines that found no room are counted."""
    process = unread()
    send(process, 0, 1000)
    assert httpx.get(f"{process.admin}/healthz", trust_env=False).status_code == 200
    process.read_on()
    eventually(lambda: "dropped" in process.stderr)
    process.stop()
    assert len(check(process, 1, 1000)) > 100


@pytest.mark.threads
def test_lines_of_several_workers_stay_whole(unread):
    """(reported 1)"""
    process = unread(workers=4)
    clients = [threading.Thread(target=send, args=(process, client, 300)) for client in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    process.read_on()
    assert process.stop() == 0
    check(process, 4, 300)


def test_the_end_does_not_wait_for_a_reader(unread):
    """(reported 1) SIGTERM ends a process whose lines nobody takes, and those that were taken are whole."""
    process = unread()
    send(process, 0, 300)
    begin = time.monotonic()
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(20) == 0
    assert time.monotonic() - begin < 10
    process.read_on()
    process.wait()
    assert all(json.loads(line) for line in process.stderr.splitlines())
