"""Services that fail in mid-stream, seen through every form and transport: what came before is there, the end is an error in
the stream's form, calls beside it and behind it are served. And the faults of a WebSocket's client over HTTP/2."""

import contextlib
import json
import struct
import threading
import time

import h2.exceptions
import httpx
import pytest

from harness import faults, http1, http2
from harness.process import eventually
from harness.websocket import CLOSE, TEXT, Extended, WebSocket, frame

COUNT = "sidespan.test.v1.Streams.Count"
RULES = [
    {"selector": COUNT, "get": "/count/{count}", "additional_bindings": [{"get": "/object/{count}", "stream": "object"}]},
    {"selector": "sidespan.test.v1.Streams.Upload", "post": "/upload", "body": "*"},
    {"selector": "sidespan.test.v1.Echo.Slow", "get": "/slow/{ms}"},
]
ONE, TWO = faults.grpc_frame(b"\x08\x01"), faults.grpc_frame(b"\x08\x02")


@pytest.fixture(scope="module")
def before(routed):
    """before(port): a sidespan before a plaintext service on that port."""
    return lambda port: routed(RULES, upstreams={"test": {"target": f"127.0.0.1:{port}", "plaintext": True}})


# ---- the service's faults: each is called when two messages have gone ----


def dies(server, stream):
    server.kill()


def closes(server, stream):
    server.socket.close()


def resets_the_stream(server, stream):
    server.h2.reset_stream(stream, 2)
    server.flush()


def resets_with_cancel(server, stream):
    server.h2.reset_stream(stream, 8)
    server.flush()


def says_goaway_and_dies(server, stream):
    server.h2.close_connection(0, last_stream_id=stream)
    server.flush()
    server.kill()


def sends_half_a_message_and_ends(server, stream):
    server.data(stream, faults.grpc_frame(b"\x08\x03", length=100))
    server.trailers(stream, ("grpc-status", "0"))


def sends_half_a_message_and_dies(server, stream):
    server.data(stream, faults.grpc_frame(b"\x08\x03", length=100))
    time.sleep(0.05)
    server.kill()


def sends_half_a_prefix_and_ends(server, stream):
    server.data(stream, b"\0\0")
    server.trailers(stream, ("grpc-status", "0"))


def ends_without_a_status(server, stream):
    server.data(stream, b"", end=True)


def sends_nonsense(server, stream):
    server.data(stream, faults.grpc_frame(b"\x08\xff"))


def sends_a_frame_that_is_none(server, stream):
    server.socket.sendall(b"\x00\x00\x05\x00\x00\x00\x00\x00\x00hello")  # DATA on stream 0
    server.flush()


FAULTS = {  # the gRPC code that comes of it
    dies: 14,
    closes: 14,
    resets_the_stream: 13,
    resets_with_cancel: 1,
    says_goaway_and_dies: 14,
    sends_half_a_message_and_ends: 13,
    sends_half_a_message_and_dies: 14,
    sends_half_a_prefix_and_ends: 13,
    ends_without_a_status: 2,
    sends_nonsense: 13,
    sends_a_frame_that_is_none: 14,
}


class Faulty:
    """A service that sends two messages, waits to be told, and fails; to a path for the unary Slow it answers well."""

    def __init__(self):
        self.fault = None
        self.go = threading.Event()
        self.listener = faults.h2_service(self.on_request)

    def on_request(self, server, stream, path):
        if path.endswith("/Slow"):
            server.answer(stream)
            return
        server.head(stream)
        server.data(stream, ONE + TWO)
        self.go.wait(10)
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            self.fault(server, stream)


@pytest.fixture(scope="module")
def faulty(before):
    service = Faulty()
    service.sidespan = before(service.listener.port)
    yield service
    service.listener.close()


# ---- what a client sees: (numbers of the messages, code of the error at the end) ----


def over_http1(alt):
    def see(sidespan, go):
        with http1.Connection(sidespan.address()) as connection:
            connection.send_request("GET", f"/count/9?$alt={alt}", headers=["TE: trailers"])
            first = (connection.read_head(), connection.read_chunk())
            assert first[0][0] == 200 and b'"number":1' in first[1]
            go.set()
            body = first[1]
            while chunk := connection.read_chunk():
                body += chunk
            trailers = dict(connection._read_fields())
        return *parse(alt, body.decode()), int(trailers["grpc-status"])

    return see


def over_http2(alt):
    def see(sidespan, go):
        with http2.Connection(sidespan.address()) as connection:
            stream = connection.start("GET", f"/count/9?$alt={alt}")
            connection.wait(stream, lambda state: state.body)
            go.set()
            state = connection.wait(stream)
            assert state.status == 200 and state.reset is None
        return *parse(alt, state.body.decode()), int(state.trailers["grpc-status"])

    return see


def parse(alt, text):
    if alt == "array":
        messages = json.loads(text)
    elif alt == "ndjson":
        messages = [json.loads(line) for line in text.splitlines()]
    else:
        blocks = [block.split("\n") for block in text.split("\n\n") if block]
        assert blocks[-1][0] == "event: error" and all(len(block) == 1 for block in blocks[:-1])
        messages = [json.loads(block[-1].removeprefix("data: ")) for block in blocks]
        messages[-1] = {"error": messages[-1]}
    return [message["number"] for message in messages[:-1]], messages[-1]["error"]["code"]


def object_over_http1(sidespan, go):
    go.set()
    response = httpx.get(f"{sidespan.url()}/object/9", trust_env=False, timeout=20)
    assert response.status_code >= 400  # whatever had come: the answer is the error
    return [1, 2], response.json()["code"], response.json()["code"]


def over_websocket(kind):
    def see(sidespan, go):
        ws = kind(sidespan.address(), "/count/9").open()
        with ws.connection:
            numbers = [json.loads(ws.read_frame()[1])["number"] for _ in range(2)]
            go.set()
            opcode, payload = ws.read_frame()
            assert opcode == CLOSE
            ws.send_frame(CLOSE, payload[:2])
        code = struct.unpack("!H", payload[:2])[0] - 4000
        return numbers, code, code

    return see


CLIENTS = {
    **{f"{alt} over {name}": way(alt) for alt in ("ndjson", "array", "sse") for name, way in (("1", over_http1), ("2", over_http2))},
    "object": object_over_http1,
    "websocket": over_websocket(WebSocket),
    "websocket over 2": over_websocket(Extended),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_service_that_fails_in_mid_stream(faulty, client, fault):
    faulty.fault = fault
    faulty.go.clear()
    numbers, code, trailer = CLIENTS[client](faulty.sidespan, faulty.go)
    assert (numbers, code, trailer) == ([1, 2], FAULTS[fault], FAULTS[fault])

    def served():
        return httpx.get(f"{faulty.sidespan.url()}/slow/1", trust_env=False, timeout=20).status_code == 200

    eventually(served, timeout=5)  # a lost connection is dialed again


def test_a_stream_that_is_reset_leaves_the_others_of_its_connection_alone(before):
    streams, ready = [], threading.Event()

    def on_request(server, stream, path):
        streams.append(stream)
        server.head(stream)
        server.data(stream, ONE)
        if len(streams) < 3:
            return
        server.h2.reset_stream(streams[1], 2)
        for each in (streams[0], streams[2]):
            server.data(each, TWO)
            server.trailers(each, ("grpc-status", "0"))
        server.flush()
        ready.set()

    listener = faults.h2_service(on_request)
    process = before(listener.port)
    with http2.Connection(process.address()) as connection:
        ours = [connection.start("GET", "/count/9?$alt=ndjson") for _ in range(3)]
        lines = [connection.wait(each).body.splitlines() for each in ours]
    assert listener.accepted == 1 and ready.is_set()
    numbers = [[json.loads(line).get("number", "error") for line in each] for each in lines]
    assert sorted(numbers, key=str) == [[1, "error"], [1, 2], [1, 2]] or sorted(numbers, key=str) == [[1, 2], [1, 2], [1, "error"]]
    listener.close()


def test_goaway_in_mid_stream_lets_the_stream_finish(before):
    def on_request(server, stream, path):
        if server.h2.highest_inbound_stream_id > 1 or path.endswith("/Slow"):
            server.answer(stream)
            return
        server.head(stream)
        server.data(stream, ONE)
        # A GOAWAY by hand: h2 would refuse to go on behind its own.
        server.socket.sendall(b"\0\0\x08\7\0\0\0\0\0" + struct.pack("!II", stream, 0))
        time.sleep(0.2)
        server.data(stream, TWO)
        server.trailers(stream, ("grpc-status", "0"))

    listener = faults.h2_service(on_request)
    process = before(listener.port)
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", "/count/9?$alt=ndjson")
        connection.read_head()
        assert b'"number":1' in connection.read_chunk()
        # Calls that begin meanwhile go over a new connection.
        assert httpx.get(f"{process.url()}/slow/1", trust_env=False, timeout=20).status_code == 200
        assert b'"number":2' in connection.read_chunk()
        assert connection.read_chunk() == b""
    assert listener.accepted == 2
    listener.close()


# ---- the client's faults ----


@pytest.fixture(scope="module")
def sidespan(before, services):
    return before(services.ports["plain"])


@pytest.mark.parametrize(
    "bytes_, code",
    [
        (frame(TEXT, b"{}", masked=False), 1002),
        (frame(TEXT, b'{"text":"\xff"}'), 1007),
        (frame(TEXT, b"{}", reserved=0x40), 1002),
        (frame(3, b"{}"), 1002),
        (frame(TEXT, b"x" * (5 << 20)), 1009),
    ],
    ids=["unmasked", "invalid UTF-8", "reserved bit", "reserved opcode", "too large"],
)
def test_what_breaks_the_protocol_over_http2_is_told_so_and_cancels(sidespan, services, bytes_, code):
    key = f"fault-{code}-{len(bytes_)}-{time.monotonic()}"
    ws = Extended(sidespan.address(), "/upload").open()
    with ws.connection:
        ws.send_frame(TEXT, json.dumps({"key": key, "sleepMs": 20000}).encode())
        eventually(lambda: services.stats(key)["started"] == 1)
        ws.connection.send(ws.stream, bytes_[:10_000])
        opcode, payload = ws.read_frame()
        assert (opcode, struct.unpack("!H", payload[:2])[0]) == (CLOSE, code)
    eventually(lambda: services.stats(key)["cancelled"])


def test_half_a_frame_waits_for_the_rest_and_is_cancelled_with_its_client(sidespan, services):
    key = f"half-{time.monotonic()}"
    ws = WebSocket(sidespan.address(), "/upload").open()
    ws.send({"key": key, "sleepMs": 20000})
    eventually(lambda: services.stats(key)["started"] == 1)
    ws.connection.send(frame(TEXT, b'{"text": "never whole"}')[:9])
    time.sleep(0.3)
    assert services.stats(key)["cancelled"] == 0
    ws.close()
    eventually(lambda: services.stats(key)["cancelled"])
