"""gRPC-Web on a REST listener, as PROTOCOL-WEB.md has it: trailers are the last frame of the body."""

import base64
import struct
import sys

import pytest

from harness.process import E2E, ROOT


@pytest.fixture(scope="module")
def protos():
    sys.path.insert(0, str(ROOT / "demo"))
    from protos import Protos

    return Protos([ROOT / "proto", E2E / "proto"], ["sidespan/test/v1/test.proto"])


def frame(payload, flags=0):
    return struct.pack(">BI", flags, len(payload)) + payload


def frames(body):
    """(messages, trailers) of a body whose last frame is the trailers."""
    messages, trailers = [], None
    while body:
        assert trailers is None, "a frame behind the trailers"
        flags, length = struct.unpack(">BI", body[:5])
        payload, body = body[5 : 5 + length], body[5 + length :]
        assert len(payload) == length, "a frame is cut short"
        if flags & 0x80:
            lines = [line.partition(":") for line in payload.decode().split("\r\n") if line]
            trailers = {name.strip().lower(): value.strip() for name, _, value in lines}
        else:
            messages.append(payload)
    assert trailers is not None, "no trailers"
    return messages, trailers


def decode_text(body):
    """base64 in pieces, each with a padding of its own."""
    data = b""
    for start in range(0, len(body), 4):
        data += base64.b64decode(body[start : start + 4], validate=True)
    return data


def call(client, protos, method, request, text=False, headers=()):
    kind = "application/grpc-web-text+proto" if text else "application/grpc-web+proto"
    body = frame(request.SerializeToString())
    response = client.post(
        f"/sidespan.test.v1.{method}",
        content=base64.b64encode(body) if text else body,
        headers={"content-type": kind, "accept": kind, "x-grpc-web": "1", **dict(headers)},
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/grpc-web-text" if text else "application/grpc-web")
    if "grpc-status" in response.headers:
        return response, [], dict(response.headers)
    messages, trailers = frames(decode_text(response.content) if text else response.content)
    return response, messages, trailers


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_a_unary_call(any_client, protos, text):
    request = protos.message("sidespan.test.v1.Everything")(int32_value=5, string_value="ž")
    _, messages, trailers = call(any_client, protos, "Echo/Unary", request, text)
    assert messages == [request.SerializeToString()] and trailers["grpc-status"] == "0"


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_a_status(any_client, protos, text):
    request = protos.message("sidespan.test.v1.FailRequest")(code=5, message="no such thing", details=True)
    _, messages, trailers = call(any_client, protos, "Echo/Fail", request, text)
    assert messages == [] and trailers["grpc-status"] == "5" and "no such thing" in trailers["grpc-message"].replace("%20", " ")
    assert "grpc-status-details-bin" in trailers


@pytest.mark.parametrize("text", [False, True], ids=["binary", "text"])
def test_a_server_stream(any_client, protos, text):
    request = protos.message("sidespan.test.v1.CountRequest")(count=5, text="t")
    reply = protos.message("sidespan.test.v1.CountReply")
    _, messages, trailers = call(any_client, protos, "Streams/Count", request, text)
    assert [reply.FromString(each).number for each in messages] == [0, 1, 2, 3, 4] and trailers["grpc-status"] == "0"


def test_a_stream_that_fails_late(client, protos):
    request = protos.message("sidespan.test.v1.CountRequest")(count=5, fail_after=2, code=8)
    _, messages, trailers = call(client, protos, "Streams/Count", request)
    assert len(messages) == 2 and trailers["grpc-status"] == "8"


def test_metadata_pass_both_ways(client, protos):
    request = protos.message("sidespan.test.v1.MetadataRequest")(initial=["x-initial: i"], trailing=["x-late: l"])
    response, messages, trailers = call(client, protos, "Echo/Metadata", request, headers={"x-custom": "c"})
    reply = protos.message("sidespan.test.v1.MetadataReply").FromString(messages[0])
    assert ("x-custom", "c") in [(entry.name, entry.value) for entry in reply.entries]
    assert response.headers["x-initial"] == "i" and trailers["x-late"] == "l"


def test_text_that_is_cut_anywhere_is_read(connect, protos):
    """The base64 of a request comes in chunks that end within its groups of four."""
    request = protos.message("sidespan.test.v1.Everything")(string_value="x" * 30)
    body = base64.b64encode(frame(request.SerializeToString()))
    connection = connect()
    connection.send(
        "POST /sidespan.test.v1.Echo/Unary HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/grpc-web-text\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    for start in range(0, len(body), 3):
        piece = body[start : start + 3]
        connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
    connection.send("0\r\n\r\n")
    messages, trailers = frames(decode_text(connection.read_response("POST").body))
    assert messages == [request.SerializeToString()] and trailers["grpc-status"] == "0"


def test_an_unknown_method_is_unimplemented(client, protos):
    request = protos.message("sidespan.test.v1.Everything")()
    _, _, trailers = call(client, protos, "Echo/Nope", request)
    assert trailers["grpc-status"] == "12"
