"""A grpc-status counts in trailers, or in a head that ends the stream. Elsewhere it is none: an answer that was cut must
not pass for a success."""

import contextlib

import httpx
import pytest

from harness import faults, http1, http2
from harness.faults import grpc_frame

PAYLOAD = b"\x18\x05"  # Everything.int32_value = 5
EARLY = [("grpc-status", "0"), ("grpc-message", "fine"), ("grpc-status-details-bin", "CAA"), ("x-mine", "yes")]


def cut(server, stream, path):
    server.head(stream, *EARLY)
    server.data(stream, grpc_frame(PAYLOAD), end=True)


def corrected(server, stream, path):
    server.head(stream, *EARLY)
    server.data(stream, grpc_frame(PAYLOAD))
    server.trailers(stream, ("grpc-status", "7"), ("grpc-message", "no"))


@pytest.fixture
def before(start):
    """before(on_request): a sidespan before a service that answers so."""
    with contextlib.ExitStack() as opened:

        def make(on_request):
            service = opened.enter_context(contextlib.closing(faults.h2_service(on_request)))
            return start(upstreams={"test": {"target": f"127.0.0.1:{service.port}", "plaintext": True}})

        yield make


def get(sidespan, path):
    return httpx.get(sidespan.url() + path, trust_env=False, timeout=20)


def test_a_unary_answer_without_trailers_is_internal(before):
    """(reported 7)"""
    answer = get(before(cut), "/echo")
    assert (answer.status_code, answer.json()["code"]) == (500, 13)
    assert answer.json()["message"] == "the service ended the call without trailers"
    assert answer.json()["details"] == []


def test_a_stream_without_trailers_ends_with_an_error(before):
    """(reported 7)"""
    lines = get(before(cut), "/count/1").text.splitlines()
    assert len(lines) == 2 and '"code":13' in lines[1]


def test_trailers_win_over_what_a_head_said(before):
    """(reported 7)"""
    answer = get(before(corrected), "/echo")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (403, 7, "no")


def native(sidespan, content_type):
    headers = [("content-type", content_type), ("te", "trailers")]
    with http2.Connection(sidespan.address()) as connection:
        return connection.request("POST", "/sidespan.test.v1.Echo/Unary", grpc_frame(b""), headers)


def test_a_native_client_sees_no_success(before):
    """(reported 7)"""
    answer = native(before(cut), "application/grpc")
    assert answer.headers["x-mine"] == "yes"
    assert not any(name.startswith("grpc-") for name in answer.headers), answer.headers
    assert answer.trailers["grpc-status"] == "13", answer.trailers
    assert answer.body == grpc_frame(PAYLOAD)


def test_a_client_of_grpc_web_sees_no_success(before):
    """(reported 7)"""
    answer = native(before(cut), "application/grpc-web")
    assert not any(name.startswith("grpc-") for name in answer.headers), answer.headers
    message = grpc_frame(PAYLOAD)
    assert answer.body.startswith(message)
    trailers = answer.body[len(message) + 5 :]
    assert b"grpc-status:13\r\n" in trailers.replace(b": ", b":"), trailers


def test_the_native_head_that_ends_the_stream_still_says_the_status(before):
    """(reported 7)"""

    def only(server, stream, path):
        server.h2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "5")], end_stream=True)
        server.flush()

    answer = native(before(only), "application/grpc")
    status = answer.trailers.get("grpc-status") or answer.headers.get("grpc-status")
    assert status == "5"
