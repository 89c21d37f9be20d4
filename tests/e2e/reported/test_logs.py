"""Logs never hold anything up, whoever reads them, and whether anybody does; and they hold no secrets of others."""

import json
import re
import signal
import threading
import time

import httpx
import pytest

from harness import http1, http2, websocket
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
    eventually(lambda: "dropped" in process.stderr)
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


SECRET = "mysecret2"
MULTIPART = f'--b\r\nContent-Disposition: form-data; name="{SECRET}"\r\n\r\n{SECRET}\r\n--b--\r\n'.encode()
FORM, JSON, LINES = "application/x-www-form-urlencoded", "application/json", "application/x-ndjson"
SENT = [
    # method, target, headers, body: none of what is secret in them may stand in a log
    ("GET", f"/echo?enum_value={SECRET}", {}, b""),
    ("GET", f"/echo?{SECRET}=1", {}, b""),
    ("GET", f"/echo?string_value={SECRET}&string_value={SECRET}", {}, b""),
    ("GET", f"/nowhere?password={SECRET}", {}, b""),
    ("GET", f"/echo?$alt={SECRET}", {}, b""),
    ("GET", f"/echo?$fields={SECRET}", {}, b""),
    ("GET", "/echo", {"grpc-timeout": SECRET}, b""),
    ("GET", "/echo", {"x-request-timeout": SECRET}, b""),
    ("POST", "/echo", {"content-type": JSON}, json.dumps({"enum_value": SECRET}).encode()),
    ("POST", "/echo", {"content-type": JSON}, json.dumps({"int32_value": SECRET}).encode()),
    ("POST", "/echo", {"content-type": JSON}, json.dumps({SECRET: 1}).encode()),
    ("POST", "/echo", {"content-type": JSON}, f'{{"string_value":"{SECRET}'.encode()),
    ("POST", "/echo", {"content-type": JSON}, f'{{"timestamp_value":"{SECRET}"}}'.encode()),
    ("POST", "/echo", {"content-type": FORM}, f"int32_value={SECRET}&{SECRET}=1".encode()),
    ("POST", "/echo", {"content-type": "multipart/form-data; boundary=b"}, MULTIPART),
    ("POST", "/echo", {"content-type": f"image/{SECRET}"}, SECRET.encode()),
    ("POST", "/echo", {"content-type": JSON, "content-encoding": SECRET}, b"{}"),
    ("POST", "/echo", {"content-type": JSON, "content-encoding": "gzip"}, SECRET.encode()),
    ("GET", f"/fail?code=5&message={SECRET}", {}, b""),
    ("GET", f"/fail?code=99&message={SECRET}", {}, b""),
    ("GET", f"/count/3?fail_after=1&code=8&message={SECRET}", {}, b""),
    ("GET", "/echo", {"authorization": f"Bearer {SECRET}", "cookie": SECRET, "x-any": SECRET}, b""),
    ("GET", "/echo", {"origin": f"http://{SECRET}.example"}, b""),
    ("OPTIONS", "/echo", {"origin": f"http://{SECRET}.example", "access-control-request-method": SECRET}, b""),
]


@pytest.mark.parametrize("form", ["text", "json"])
def test_values_that_clients_and_services_sent_are_not_in_logs(start, form):
    """(reported 17) In answers they are: of the log lines of a debugging process none has them."""
    process = start(log={"format": form, "level": "debug"})
    answers = ""
    for version in (http1, http2):
        for method, target, headers, body in SENT:
            headers = headers.items() if version is http2 else [f"{name}: {value}" for name, value in headers.items()]
            with version.Connection(process.address()) as connection:
                answers += connection.request(method, target, body or None, list(headers)).body.decode()
    assert answers.count(SECRET) > 20
    malformed = ["GET /{0} HTTP/1.1\r\nHo st: {0}\r\n\r\n", "GET / HTTP/{0}\r\n\r\n", "{0}\r\n\r\n"]
    for text in malformed:
        with http1.Connection(process.address()) as connection:
            connection.send(text.format(SECRET))
            assert connection.read_response().status in (400, 505)
    for kind in (websocket.WebSocket, websocket.Extended):
        ws = kind(process.address(), "/count/3").open()
        with ws.connection:
            ws.send_frame(websocket.TEXT, json.dumps({"count": SECRET}).encode())
            answers += str(ws.read_frame())
    count = 2 * len(SENT) + len(malformed) + 2
    eventually(lambda: len(re.findall(r"id=|request_id", process.stderr)) >= count)
    assert SECRET not in process.stderr
