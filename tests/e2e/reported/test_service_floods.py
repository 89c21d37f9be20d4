"""A service that floods its own connection loses it, and nothing else: its calls fail, a line of the log says why, memory stays
where it was, and honest services behind the same sidespan go on (reported 5)."""

import contextlib
import struct

import httpx
import pytest

from harness import cost
from harness.faults import h2_service
from harness.process import eventually

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
EARLY, OK = b"\x08\x03103", b"\x88\x0f\x10\x10application/grpc"
FIELDS = b"".join(b"\x00\x05x-%03d\x08%08d" % (i, i) for i in range(90))


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


# What a service sends again and again in the middle of a call, and what the log calls it.
FLOODS = {
    "interim answers": (lambda s: frame(HEADERS, END_HEADERS, s, EARLY + FIELDS), "interim answers"),
    "settings": (lambda s: frame(SETTINGS, 0, 0), None),  # nghttp2's own limit may come first
    "pings": (lambda s: frame(PING, 0, 0, b"12345678"), "control frames"),
    "priorities": (lambda s: frame(PRIORITY, 0, s, struct.pack(">IB", 0, 1)), "control frames"),
    "unknown frames": (lambda s: frame(0xEE, 0, 0, b"x" * 100), "control frames"),
    "window updates": (lambda s: frame(WINDOW_UPDATE, 0, s, struct.pack(">I", 1)), "WINDOW_UPDATE"),
    "resets of other calls": (lambda s: frame(RST_STREAM, 0, s - 2, struct.pack(">I", 8)), "RST_STREAM"),
    "heads of other calls": (lambda s: frame(HEADERS, END_HEADERS | END_STREAM, s - 2, OK), "HEADERS"),
    "empty data": (lambda s: frame(DATA, 0, s), "empty DATA"),
    "padding": (lambda s: frame(DATA, PADDED, s, b"\x63" + bytes(99)), "empty DATA"),
    "continuations": (lambda s: frame(CONTINUATION, 0, s, b"\x0f\x01\x00"), None),
}
HEADED = {"empty data", "padding"}
TIMES = 20000


def flooding(name):
    """A service that answers the first call, and floods in the second."""
    one, _ = FLOODS[name]

    def on_request(server, stream, path):
        if stream == 1:
            server.answer(stream)
            return
        first = frame(HEADERS, END_HEADERS, stream, OK) if name in HEADED else b""
        if name == "continuations":
            first = frame(HEADERS, 0, stream, OK)
        with contextlib.suppress(OSError):
            server.socket.sendall(first)
            for _ in range(TIMES // 100):
                server.socket.sendall(100 * one(stream))
        server.socket.recv(1)  # until the connection is gone

    return h2_service(on_request)


@pytest.fixture(params=FLOODS)
def flood(request):
    with contextlib.closing(flooding(request.param)) as service:
        yield request.param, service


@pytest.fixture
def routes(tmp_path):
    (tmp_path / "flood.yaml").write_text(
        "{type: google.api.Service, config_version: 3, upstream: flood, http: {rules: ["
        "{selector: sidespan.test.v1.Echo.Unary, post: /echo, body: '*'}]}}"
    )
    (tmp_path / "honest.yaml").write_text(
        "{type: google.api.Service, config_version: 3, upstream: honest, apis: [{name: sidespan.test.v1.Annotated}], http: {rules: ["
        "{selector: sidespan.test.v1.Echo.Place, get: '/honest/{id}'}]}}"
    )
    return [str(tmp_path / "flood.yaml"), str(tmp_path / "honest.yaml")]


def upstreams(services, service):
    return {
        "flood": {"target": f"127.0.0.1:{service.port}", "plaintext": True},
        "honest": {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True},
    }


def test_a_flood_ends_its_connection_and_its_calls(start, services, routes, flood):
    name, service = flood
    sidespan = start(routes=routes, upstreams=upstreams(services, service))
    with httpx.Client(base_url=sidespan.url(), trust_env=False, timeout=20) as client:
        assert client.post("/echo", json={}).status_code == 200
        answer = client.post("/echo", json={})
        assert answer.status_code in (500, 503), answer.text
        assert answer.json()["code"] in (13, 14)
        assert client.get("/honest/5").json()["id"] == "5"
        assert client.post("/echo", json={}).status_code == 200  # over another connection
        assert service.accepted == 2
    what = FLOODS[name][1]
    if what:
        eventually(lambda: "upstream flood: the connection was ended: the service floods it with" in sidespan.stderr)
        assert what in sidespan.stderr


@pytest.mark.parametrize("name", ["interim answers", "heads of other calls", "padding"])
def test_a_flood_costs_no_memory(release, services, routes, name):
    with contextlib.closing(flooding(name)) as service:
        sidespan = release(routes=routes, upstreams=upstreams(services, service))
        with httpx.Client(base_url=sidespan.url(), trust_env=False, timeout=20) as client:
            assert client.post("/echo", json={}).status_code == 200
            resident = cost.resident_kib(sidespan.pid)
            assert client.post("/echo", json={}).status_code in (500, 503)
            assert cost.peak_kib(sidespan.pid) < resident + 2048
