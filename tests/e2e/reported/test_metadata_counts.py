"""limits.max_headers means what it says on both transports and up to the service. What does not fit is refused: nothing is
left out in silence, in either direction."""

import contextlib

import pytest

from harness import faults, http1, http2
from harness.faults import grpc_frame
from harness.process import eventually

PAYLOAD = b"\x18\x05"  # Everything.int32_value = 5
CLIENTS = ["http1", "http2"]


def send(sidespan, client, headers, path="/echo"):
    """GET with those headers, [(name, value)]."""
    if client == "http1":
        with http1.Connection(sidespan.address()) as connection:
            return connection.request("GET", path, None, ["TE: trailers", "Connection: TE"] + [f"{name}: {value}" for name, value in headers])
    with http2.Connection(sidespan.address()) as connection:
        return connection.request("GET", path, None, headers)


class Recorder:
    """A service that keeps the heads of its requests and answers `answer(server, stream)`."""

    def __init__(self, start, answer=None, **keys):
        self.heads = []
        self.answer = answer or (lambda server, stream: server.answer(stream, PAYLOAD))
        self.service = faults.h2_service(self._on_request)
        self.sidespan = start(upstreams={"test": {"target": f"127.0.0.1:{self.service.port}", "plaintext": True}}, **keys)

    def _on_request(self, server, stream, path):
        self.heads.append(server.heads[stream])
        self.answer(server, stream)

    def close(self):
        self.service.close()


@pytest.fixture
def recorder(start):
    with contextlib.ExitStack() as opened:
        yield lambda *args, **keys: opened.enter_context(contextlib.closing(Recorder(start, *args, **keys)))


def many(n):
    return [(f"x-{i}", str(i)) for i in range(n)]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_thousand_headers_are_taken_where_the_configuration_says_so(recorder, client):
    """(reported 6)"""
    one = recorder(limits={"max_headers": 1000})
    given = many(990)
    assert send(one.sidespan, client, given).status == 200
    assert set(given) <= set(one.heads[0])
    assert send(one.sidespan, client, many(1001)).status == 431
    assert len(one.heads) == 1


@pytest.mark.parametrize("client", CLIENTS)
def test_the_default_is_a_hundred(recorder, client):
    """(reported 6)"""
    one = recorder()
    room = 97 if client == "http1" else 100  # Host, TE and Connection count
    assert send(one.sidespan, client, many(room)).status == 200
    assert set(many(room)) <= set(one.heads[0])
    assert send(one.sidespan, client, many(101)).status == 431


@pytest.mark.parametrize("client", CLIENTS)
def test_a_binary_header_of_many_values_does_not_push_others_out(recorder, client):
    """(reported 6) 120 values before x-user: the service got neither x-user nor authorization."""
    one = recorder()
    rest = [("x-user", "u"), ("authorization", "Bearer t")]
    answer = send(one.sidespan, client, [("a-bin", ",".join(["AA"] * 120)), *rest])
    assert answer.status == 431 and answer.json()["code"] == 8
    assert "a-bin" in answer.json()["message"] and "max_headers" in answer.json()["message"]
    assert one.heads == []
    # One that comes after it is what has no room: never left out either.
    assert send(one.sidespan, client, [("a-bin", ",".join(["AA"] * 99)), *rest]).status == 431
    assert send(one.sidespan, client, [("a-bin", ",".join(["AA"] * 98)), *rest]).status == 200
    (head,) = one.heads
    assert [value for name, value in head if name == "a-bin"] == ["AA"] * 98 and set(rest) <= set(head)


def test_as_many_values_as_the_configuration_says_go_up(recorder):
    """(reported 6)"""
    one = recorder(limits={"max_headers": 1000})
    assert send(one.sidespan, "http2", [("a-bin", ",".join(["AA"] * 900)), ("x-user", "u")]).status == 200
    assert one.heads[0].count(("a-bin", "AA")) == 900 and ("x-user", "u") in one.heads[0]


def test_it_holds_for_native_calls_too(recorder):
    """(reported 6)"""
    one = recorder()
    headers = [("content-type", "application/grpc"), ("te", "trailers"), ("a-bin", ",".join(["AA"] * 120))]
    with http2.Connection(one.sidespan.address()) as connection:
        answer = connection.request("POST", "/sidespan.test.v1.Echo/Unary", grpc_frame(b""), headers)
    assert answer.trailers["grpc-status"] == "8" and one.heads == []


def answer_with(n, value="v"):
    def answer(server, stream):
        server.head(stream, *[(f"h-{i}", value) for i in range(n)])
        server.data(stream, grpc_frame(PAYLOAD))
        server.trailers(stream, ("grpc-status", "0"), *[(f"t-{i}", value) for i in range(n)])

    return answer


def has_all(found, n, prefix):
    found = dict(found) if isinstance(found, list) else found
    return all(found.get(f"{prefix}{i}") == "v" for i in range(n))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("n", [20, 300, 1000])
def test_all_of_a_services_metadata_comes_down(recorder, client, n):
    """(reported 6) 110 headers and 108 trailers was all."""
    answer = send(recorder(answer_with(n)).sidespan, client, [])
    assert answer.status == 200 and answer.json()["int32Value"] == 5
    assert has_all(answer.headers, n, "h-")
    assert has_all(answer.trailers, n, "grpc-trailer-t-")


def test_all_of_it_comes_down_natively(recorder):
    """(reported 6)"""
    one = recorder(answer_with(300))
    with http2.Connection(one.sidespan.address()) as connection:
        headers = [("content-type", "application/grpc"), ("te", "trailers")]
        answer = connection.request("POST", "/sidespan.test.v1.Echo/Unary", grpc_frame(b""), headers)
    assert has_all(answer.headers, 300, "h-") and has_all(answer.trailers, 300, "t-")


@pytest.mark.parametrize("where", ["head", "trailers"])
def test_metadata_over_the_limit_is_an_error_of_that_call_alone(recorder, where):
    """(reported 6)"""
    big = [(f"x-{i}", "v" * 1000) for i in range(70)]

    def answer(server, stream):
        with contextlib.suppress(Exception):  # the call is reset in the middle of it
            server.head(stream, *(big if where == "head" else []))
            server.data(stream, grpc_frame(PAYLOAD))
            server.trailers(stream, ("grpc-status", "0"), *(big if where == "trailers" else []))

    one = recorder(answer)
    answer = send(one.sidespan, "http2", [])
    assert answer.status == 429 and answer.json()["code"] == 8 and "metadata" in answer.json()["message"]
    one.answer = answer_with(1)
    assert send(one.sidespan, "http2", []).status == 200
    eventually(lambda: one.service.accepted == 1, what="the same connection")
