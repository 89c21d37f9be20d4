"""What of a request cannot reach the service is said: by an error, by explain, by the debug log (reported 46).
Headers that are an error are in cases/headers_up.yaml."""

import pytest
import yaml

from harness import http1, http2
from harness.faults import grpc_frame
from harness.process import eventually, run_sidespan, write_routes

RULES = [
    {"selector": "sidespan.test.v1.Echo.Metadata", "get": "/metadata"},
    {"selector": "sidespan.test.v1.Echo.Unary", "post": "/echo", "body": "*"},
    {"selector": "sidespan.test.v1.Echo.Place", "get": "/any/{id=**}", "additional_bindings": [{"get": "/one/{id}"}]},
    {"selector": "sidespan.test.v1.Cases.Raw", "post": "/raw", "body": "*"},
    {"selector": "sidespan.test.v1.Cases.Store", "post": "/store", "body": "file"},
    {"selector": "sidespan.test.v1.Cases.Upload", "post": "/upload", "body": "*"},
    {"selector": "sidespan.test.v1.Streams.Count", "get": "/count/{key=**}"},
]


@pytest.fixture(scope="module")
def process(routed):
    return routed(RULES, log={"level": "debug"})


def test_the_debug_log_names_what_is_left_out_and_never_its_value(process):
    head = "GET /metadata HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: left-out-1\r\nX-Name: Ji\u0159\u00ed\r\nx!odd: secret2\r\nUser-Agent: \u00fc\r\n\r\n"
    with http1.Connection(process.address()) as connection:
        connection.send(head.encode())
        assert connection.read_response().status == 200
    lines = eventually(lambda: [line for line in process.stderr.split("\n") if "left-out-1" in line and "left out" in line])
    text = "\n".join(lines)
    assert "x-name" in text and "x!odd" in text and "user-agent" in text
    assert "Ji" not in text and "secret2" not in text


def test_explain_says_what_is_left_out(tmp_path, make_config):
    file = tmp_path / "sidespan.yaml"
    file.write_text(yaml.safe_dump(make_config(routes=[write_routes(tmp_path, RULES)])))
    headers = ["-H", "X-Name: Ji\u0159\u00ed", "-H", "X-Good: g"]
    done = run_sidespan("explain", "--config", file, *headers, "GET", "/metadata")
    assert done.returncode == 0, done.stderr
    left_out = [line for line in done.stdout.split("\n") if line.startswith("left out")]
    assert len(left_out) == 1 and "x-name" in left_out[0] and "Ji" not in done.stdout
    assert "x-good" in done.stdout
    done = run_sidespan("explain", "--config", file, "-H", "x-data-bin: ***", "GET", "/metadata")
    assert done.returncode == 3 and "x-data-bin" in done.stdout + done.stderr
    done = run_sidespan("explain", "--config", file, "-H", "Origin: http://evil.example", "POST", "/echo", "{}")
    assert done.returncode == 3 and "origin" in done.stdout + done.stderr


def test_native_calls_are_told_of_bad_base64_in_their_own_form(process):
    fields = [("content-type", "application/grpc"), ("te", "trailers"), ("x-data-bin", "***")]
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", "/sidespan.test.v1.Echo/Unary", grpc_frame(b""), fields)
    said = {**stream.headers, **(stream.trailers or {})}
    assert stream.status == 200 and said["grpc-status"] == "3" and "x-data-bin" in said["grpc-message"]


@pytest.mark.parametrize("prefix, most", [("/any", 255), ("/one", 255), ("/nowhere", 255)])
def test_a_limit_of_segments_says_that_it_is_one(process, prefix, most):
    path = prefix + "/a" * most
    for target, status in ((path, {"/any": 200}.get(prefix, 404)), (path + "/a", 414), (path + "/a" * 10_000, 414)):
        with http1.Connection(process.address()) as connection:
            first = connection.request("GET", target)
        with http2.Connection(process.address()) as connection:
            second = connection.request("GET", target)
        for answer in (first, second):
            assert answer.status == status
            if status == 414:
                error = answer.json()
                assert list(error) == ["code", "message", "details"] and error["code"] == 8 and "256 segments" in error["message"]


@pytest.mark.parametrize("path", ["/raw", "/store", "/upload"])
@pytest.mark.parametrize("value", [b"text/\xff", b"text/plain; name=\xc3", b"text/plain; a=\xed\xa0\x80"])
def test_a_content_type_that_is_no_utf_8_is_400(process, services, path, value):
    with http1.Connection(process.address()) as connection:
        connection.send(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + value + b"\r\nContent-Length: 1\r\n\r\nx")
        answer = connection.read_response()
    assert answer.status == 400 and answer.json()["code"] == 3
    assert answer.json()["details"][0]["fieldViolations"][0]["field"] == "content-type"
    assert services.received(answer.header("x-request-id")) is None


def test_a_content_type_in_utf_8_is_kept(process, services):
    value = "text/plain; name=č".encode()
    with http1.Connection(process.address()) as connection:
        connection.send(b"POST /raw HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + value + b"\r\nContent-Length: 1\r\n\r\nx")
        answer = connection.read_response()
    assert answer.status == 200
    assert services.received(answer.header("x-request-id"))["messages"][0]["contentType"] == value.decode()
