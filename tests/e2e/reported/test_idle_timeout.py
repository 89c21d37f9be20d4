"""idle_timeout is exact, and only messages count: in every form, over every transport, both ways."""

import json
import threading
import time

import h2.exceptions
import pytest

from harness import cost, http1, http2, websocket
from harness.faults import grpc_frame
from harness.process import write_routes

LIMIT, EXACT = 0.4, 0.05
COUNT, UPLOAD, CHAT = (f"sidespan.test.v1.Streams.{name}" for name in ("Count", "Upload", "Chat"))
OPTIONS = {"idle_timeout": "400ms"}
JSON = ["Content-Type: application/json"]


@pytest.fixture
def sidespan(release, tmp_path):
    rules = [
        {"selector": COUNT, "post": "/count", "body": "*", "sse": {"heartbeat": "30ms"}, **OPTIONS},
        {"selector": UPLOAD, "post": "/upload", "body": "*", **OPTIONS},
        {"selector": CHAT, "post": "/chat", "body": "*", "websocket": {"ping": "50ms"}, **OPTIONS},
    ]
    return release(routes=[write_routes(tmp_path, rules)])


def assert_exact(measure):
    """measure() says how long after its last message a stream ended: never early, and at its best exact. What a busy machine
    adds is not ours."""
    best = 9
    for _ in range(5):
        took = measure()
        assert took >= LIMIT - 0.002, f"ended {LIMIT - took:.3f} s early"
        best = min(best, took - LIMIT)
        if best < EXACT:
            return
    raise AssertionError(f"{best:.3f} s late at best")


# One message at once, then silence.
SILENT = json.dumps({"count": 2, "delayMs": 30000}).encode()


@pytest.mark.parametrize("form", ["ndjson", "array", "sse", "object"])
def test_a_silent_stream_ends_in_every_form(sidespan, form):
    """(reported 8) Heartbeats every 30 ms put the end off for good."""

    def measure():
        with http1.Connection(sidespan.address()) as connection:
            begin = time.monotonic()
            answer = connection.request("POST", f"/count?$alt={form}", SILENT, JSON)
            assert b'"code":4' in answer.body and b"idle_timeout" in answer.body, answer.body
            return time.monotonic() - begin

    assert_exact(measure)


@pytest.mark.parametrize("form", ["ndjson", "sse"])
def test_a_silent_stream_ends_over_http2(sidespan, form):
    """(reported 8)"""

    def measure():
        with http2.Connection(sidespan.address()) as connection:
            begin = time.monotonic()
            answer = connection.request("POST", f"/count?$alt={form}", SILENT, [("content-type", "application/json")])
            assert b'"code":4' in answer.body, answer.body
            return time.monotonic() - begin

    assert_exact(measure)


def drip(send, piece):
    """Sends a piece every 50 ms until the peer has had enough."""

    def run():
        try:
            for _ in range(40):
                send(piece)
                time.sleep(0.05)
        except (OSError, h2.exceptions.ProtocolError):  # it has ended
            pass

    threading.Thread(target=run, daemon=True).start()


def test_pieces_of_a_message_that_goes_up_do_not_count(sidespan):
    """(reported 8)"""

    def measure():
        with http1.Connection(sidespan.address()) as connection:
            head = "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
            line = b'{"text":"a"}\n{"text":"'
            connection.send(head.encode() + b"%x\r\n%s\r\n" % (len(line), line))
            begin = time.monotonic()
            drip(connection.send, b"1\r\nx\r\n")
            answer = connection.read_response("POST")
            assert answer.status == 504 and b"idle_timeout" in answer.body, answer.body
            return time.monotonic() - begin

    assert_exact(measure)


def test_pieces_of_a_native_message_do_not_count(sidespan):
    """(reported 8)"""

    def measure():
        with http2.Connection(sidespan.address()) as connection:
            headers = [("content-type", "application/grpc"), ("te", "trailers")]
            stream = connection.start("POST", "/sidespan.test.v1.Streams/Upload", headers=headers, end=False)
            connection.send(stream, grpc_frame(b"") + grpc_frame(b"", length=100))
            begin = time.monotonic()
            lock = threading.Lock()

            def send(piece):
                with lock:
                    connection.send(stream, piece)

            drip(send, b"x")
            while not connection.streams[stream].ended:
                data = connection.socket.recv(65536)
                with lock:
                    for event in connection.h2.receive_data(data):
                        connection._take(event)
            assert connection.streams[stream].trailers["grpc-status"] == "4"
            return time.monotonic() - begin

    assert_exact(measure)


def test_pings_of_a_websocket_do_not_count(sidespan):
    """(reported 8) Ours go every 50 ms; the client answers them, and sends its own."""

    def measure():
        socket = websocket.WebSocket(sidespan.address(), "/chat").open()
        begin = time.monotonic()
        while True:
            opcode, payload = socket.read_frame()[:2]
            if opcode == websocket.PING:
                socket.send_frame(websocket.PONG, payload)
                socket.send_frame(websocket.PING, b"mine")
            elif opcode == websocket.CLOSE:
                assert payload[:2] == (4004).to_bytes(2, "big"), payload
                took = time.monotonic() - begin
                socket.connection.close()
                return took

    assert_exact(measure)


def test_a_reader_that_takes_bytes_of_a_message_and_no_whole_one_is_idle(sidespan, services):
    """(reported 8) One message of 3 MB, of which the client takes some every 50 ms."""
    key = "idle-bytes"
    request = json.dumps({"count": 2, "size": 3_000_000, "delayMs": 30000, "key": key}).encode()
    with http1.Connection(sidespan.address(), receive_buffer=65536) as connection:
        connection.send_request("POST", "/count", request, JSON)
        connection.read_head()
        begin = time.monotonic()
        while services.cancelled_at(key) is None and time.monotonic() - begin < 3:
            connection.socket.recv(4096)
            time.sleep(0.05)
    assert services.cancelled_at(key) is not None
    assert LIMIT - 0.1 <= services.cancelled_at(key) - begin < 2 * LIMIT


def test_streams_at_rest_cost_nothing(sidespan):
    """Messages that wait are looked at 40 times a second; a stream of which none waits is not."""
    with http2.Connection(sidespan.address()) as connection:
        request = json.dumps({"count": 2, "delayMs": 300}).encode()
        before = cost.ticks(sidespan.pid)
        streams = [connection.start("POST", "/count", request, [("content-type", "application/json")]) for _ in range(50)]
        for stream in streams:
            connection.wait(stream)
        assert cost.ticks(sidespan.pid) - before < 0.2
