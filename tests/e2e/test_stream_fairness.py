"""One stream of much does not keep small calls from being served: on the same worker, upstream connection and HTTP/2
connection, while it flows, while its client does not read, and while its service does not. `make bench-streams` measures."""

import json
import uuid

import pytest

from harness import http1, http2, leaving
from harness.process import eventually
from harness.websocket import TEXT, WebSocket, frame

RULES = [
    {"selector": "sidespan.test.v1.Streams.Count", "get": "/count/{count}"},
    {"selector": "sidespan.test.v1.Streams.Upload", "post": "/upload", "body": "*"},
    {"selector": "sidespan.test.v1.Echo.Slow", "get": "/slow/{ms}"},
]
CALLS = 50
MUCH = 1 << 30


@pytest.fixture(scope="module")
def sidespan(routed):
    return routed(RULES)


def sent(services, key):
    return services.stats(key)["sent"]


def bulk(key):
    return f"/count/{MUCH // 50_000}?size=50000&key={key}"


@pytest.fixture
def key(services):
    return uuid.uuid4().hex


def test_calls_are_answered_while_a_stream_flows_on_their_connection(sidespan, services, key):
    with http2.Connection(sidespan.address()) as connection:
        stream = connection.start("GET", bulk(key))
        state = connection.wait(stream, lambda state: len(state.body) > 1_000_000)
        for _ in range(CALLS):
            assert connection.request("GET", "/slow/0").status == 200
        came = len(state.body)
        connection.wait(stream, lambda state: len(state.body) > came + 1_000_000)  # and the stream goes on
        assert not state.ended
    eventually(lambda: services.stats(key)["cancelled"])


def test_calls_of_other_connections_are_answered_while_a_stream_flows(sidespan, services, key):
    with http1.Connection(sidespan.address()) as big, http1.Connection(sidespan.address()) as small:
        big.send_request("GET", bulk(key))
        big.read_head()
        for _ in range(CALLS):
            for _ in range(20):
                assert big.read_chunk()
            assert small.request("GET", "/slow/0").status == 200
        assert sent(services, key) < MUCH // 50_000
    eventually(lambda: services.stats(key)["cancelled"])


def test_calls_are_answered_beside_a_stream_that_is_not_read(sidespan, services, key):
    with http2.Connection(sidespan.address()) as connection:
        stream = connection.start("GET", bulk(key))
        connection.held.add(stream)
        last = [None]

        def stuck():
            connection.socket.settimeout(0.2)
            try:
                while connection.read():
                    pass
            except TimeoutError:
                pass
            connection.socket.settimeout(20)
            before, last[0] = last[0], sent(services, key)
            return before and before == last[0]

        eventually(stuck)
        for _ in range(CALLS):
            assert connection.request("GET", "/slow/0").status == 200
        with http1.Connection(sidespan.address()) as other:
            assert other.request("GET", "/slow/0").status == 200
        assert not connection.streams[stream].ended and sent(services, key) == last[0]
    eventually(lambda: services.stats(key)["cancelled"])


def begin_upload(connection, key):
    first = json.dumps({"key": key, "sleepMs": 20000}).encode() + b"\n"
    return connection.start("POST", "/upload", first, [("content-type", "application/x-ndjson")], end=False)


def test_calls_are_answered_beside_an_upload_that_is_not_read(sidespan, services, key):
    with http2.Connection(sidespan.address()) as connection:
        upload = begin_upload(connection, key)
        eventually(lambda: services.stats(key)["started"])
        leaving.send_until_out_of_credit(connection, upload, leaving.LINE + b"\n")
        connection.socket.settimeout(20)
        for _ in range(CALLS):
            assert connection.request("GET", "/slow/0").status == 200
        with http1.Connection(sidespan.address()) as other:
            assert other.request("GET", "/slow/0").status == 200
        assert not connection.streams[upload].ended


def test_calls_are_answered_beside_a_websocket_that_is_held_back(sidespan, services, key):
    ws = WebSocket(sidespan.address(), "/upload").open()
    with ws.connection, http1.Connection(sidespan.address()) as other:
        ws.send_frame(TEXT, json.dumps({"key": key, "sleepMs": 20000}).encode())
        eventually(lambda: services.stats(key)["started"])
        leaving.send_until_blocked(ws.connection.socket, frame(TEXT, leaving.LINE))
        for _ in range(CALLS):
            assert other.request("GET", "/slow/0").status == 200
