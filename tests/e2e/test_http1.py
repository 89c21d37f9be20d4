"""HTTP/1.1 to the byte: what a connection may do, and what must be refused."""

import json
import socket
import time

import pytest

from harness import http1

REQUEST = b'POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"int32Value":42}'
CHUNKED = (
    b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'5;ext=1\r\n{"int\r\nC\r\n32Value":42}\r\n0\r\nTrailer-Field: x\r\n\r\n'
)


def test_a_connection_is_used_again(connect):
    connection = connect()
    for number in range(5):
        body = json.dumps({"int32Value": number}).encode()
        assert connection.request("POST", "/echo", body).json()["int32Value"] == number


def test_connection_close_is_honoured(connect):
    connection = connect()
    response = connection.request("GET", "/echo", headers=["Connection: close"])
    assert response.status == 200 and response.header("connection") == "close"
    assert connection.closed_by_peer()


def test_http_1_0_closes_unless_asked_to_keep(connect):
    connection = connect()
    connection.send("GET /echo HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert connection.read_response().status == 200
    assert connection.closed_by_peer()


def test_pipelined_requests_are_answered_in_order(connect):
    connection = connect()
    connection.send(b"".join(b"GET /slow/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % ms for ms in (300, 0, 100, 1)))
    assert [connection.read_response().json()["ms"] for _ in range(4)] == [300, 0, 100, 1]


def test_a_hundred_pipelined_requests_are_all_answered(connect):
    connection = connect()
    connection.send(REQUEST * 100)
    assert [connection.read_response().json()["int32Value"] for _ in range(100)] == [42] * 100


@pytest.mark.parametrize("request_bytes", [REQUEST, CHUNKED], ids=["length", "chunked"])
def test_a_request_may_come_split_at_any_byte(connect, request_bytes):
    connection = connect()
    for cut in range(1, len(request_bytes)):
        connection.send(request_bytes[:cut])
        time.sleep(0.002)
        connection.send(request_bytes[cut:])
        assert connection.read_response().json()["int32Value"] == 42, cut


@pytest.mark.parametrize("request_bytes", [REQUEST, CHUNKED], ids=["length", "chunked"])
def test_a_request_may_come_byte_by_byte(connect, request_bytes):
    connection = connect()
    for byte in request_bytes:
        connection.send(bytes([byte]))
        time.sleep(0.0005)
    assert connection.read_response().json()["int32Value"] == 42


def test_expect_100_continue_is_answered_before_the_body(connect):
    connection = connect()
    head, _, body = REQUEST.partition(b"\r\n\r\n")
    connection.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert connection.read_head()[0] == 100
    connection.send(body)
    assert connection.read_response().json()["int32Value"] == 42


def test_expect_on_a_request_that_is_refused_gets_the_refusal(connect):
    connection = connect()
    connection.send("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    response = connection.read_response()
    assert response.status == 404 and response.interim == []


def test_another_expectation_is_417(connect):
    connection = connect()
    assert connection.request("POST", "/echo", b"{}", ["Expect: a-miracle"]).status == 417


def test_an_absolute_target_is_read(connect):
    connection = connect()
    connection.send("GET http://localhost/echo?int32_value=3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.read_response().json()["int32Value"] == 3


def test_a_body_that_nobody_reads_does_not_become_a_request(connect):
    connection = connect()
    smuggled = b"GET /echo?int32_value=666 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert connection.request("POST", "/nowhere", smuggled).status == 404
    try:
        assert connection.request("GET", "/echo?int32_value=1").json()["int32Value"] == 1
    except (http1.Closed, ConnectionError):
        pass  # closing is as good


GET = "GET /echo HTTP/1.1\r\nHost: localhost\r\n"
POST = "POST /echo HTTP/1.1\r\nHost: localhost\r\n"
BAD = {
    "CL and TE": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE and CL": POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths that differ": POST + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "two lengths that agree": POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + "Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": POST + "Content-Length: +2\r\n\r\n{}",
    "a negative length": POST + "Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": POST + "Content-Length: 0x2\r\n\r\n{}",
    "an empty length": POST + "Content-Length: \r\n\r\n{}",
    "a length with a space within": POST + "Content-Length: 1 0\r\n\r\n{}        ",
    "a length past 64 bits": POST + "Content-Length: 18446744073709551618\r\n\r\n{}",
    "two transfer codings": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a transfer coding in HTTP/1.0": "POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two hosts": "GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two hosts that agree": "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "no host": "GET /echo HTTP/1.1\r\n\r\n",
    "bare LF after the request line": "GET /echo HTTP/1.1\nHost: localhost\r\n\r\n",
    "bare LF after a field": "GET /echo HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n",
    "bare LF at the end": GET + "\n",
    "bare CR in a value": GET + "A: b\rc\r\n\r\n",
    "a folded field": GET + "A: b\r\n c\r\n\r\n",
    "space before the colon": GET + "A : b\r\n\r\n",
    "a field without a colon": GET + "A\r\n\r\n",
    "an empty field name": GET + ": b\r\n\r\n",
    "NUL in a value": GET + "A: b\0c\r\n\r\n",
    "a control byte in a name": GET + "A\x01: b\r\n\r\n",
    "an empty method": " /echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a method that is no token": "G(T /echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "space in the target": "GET /e cho HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a control byte in the target": "GET /e\x01cho HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a target without a slash": "GET echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two spaces in the request line": "GET  /echo HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "not HTTP at all": "hello there\r\n\r\n",
    "a broken version": "GET /echo HTTP/x.1\r\nHost: localhost\r\n\r\n",
    "a chunk size with 0x": POST + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk size with a sign": POST + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "an empty chunk size": POST + "Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n",
    "a chunk size past 64 bits": POST + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
    "bare LF behind a chunk size": POST + "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n",
    "a chunk longer than it says": POST + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
    "bare LF behind a chunk": POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_what_could_smuggle_a_request_is_400_and_a_closed_connection(connect, name):
    connection = connect()
    # The request behind must never be answered, whatever the first was taken for.
    connection.send(BAD[name].encode("latin-1") + b"GET /echo?int32_value=666 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    response = connection.read_response()
    assert response.status == 400, response
    assert response.header("connection") == "close" and response.json()["code"] == 3
    assert connection.closed_by_peer()


def test_another_transfer_coding_is_501_and_closed(connect):
    connection = connect()
    connection.send(POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")
    response = connection.read_response()
    assert response.status == 501 and response.json()["code"] == 12
    assert connection.closed_by_peer()


def test_another_version_is_505_and_closed(connect):
    connection = connect()
    connection.send("GET /echo HTTP/3.0\r\nHost: localhost\r\n\r\n")
    assert connection.read_response().status == 505
    assert connection.closed_by_peer()


@pytest.mark.parametrize("head", ["A: " + "a" * 70_000, "\r\n".join(f"A{n}: b" for n in range(101)), "Cookie: " + "c" * 66_000])
def test_a_head_past_the_limits_is_431_and_closed(connect, head):
    connection = connect()
    connection.send(GET + head + "\r\n\r\n")
    response = connection.read_response()
    assert response.status == 431 and response.json()["code"] == 8
    assert connection.closed_by_peer()


def test_a_body_past_the_limit_is_413(connect):
    connection = connect()
    connection.send(POST + "Content-Length: 5000000\r\n\r\n")
    response = connection.read_response()
    assert response.status == 413 and response.json()["code"] == 8
    assert connection.closed_by_peer()


def test_a_chunked_body_past_the_limit_is_413(connect):
    connection = connect()
    connection.send(POST + "Transfer-Encoding: chunked\r\n\r\n")
    with pytest.raises((ConnectionError, http1.Closed, socket.timeout)):
        for _ in range(100):
            connection.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        response = connection.read_response()
        assert response.status == 413
        raise http1.Closed


def test_a_long_body_within_the_limit_is_taken(connect):
    connection = connect()
    body = json.dumps({"stringValue": "x" * 4_000_000}).encode()
    response = connection.request("POST", "/echo", body)
    assert len(response.json()["stringValue"]) == 4_000_000


def test_a_connection_that_ends_in_mid_request_harms_nobody(connect, client):
    for cut in (1, 10, 60, len(REQUEST) - 1):
        connection = connect()
        connection.send(REQUEST[:cut])
        connection.close()
    assert client.get("/echo").status_code == 200


def test_a_head_that_never_ends_is_408(start):
    process = start(limits={"header_timeout": "1s"})
    with http1.Connection(process.address()) as connection:
        connection.send("GET /echo HTTP/1.1\r\nHost")
        begin = time.monotonic()
        response = connection.read_response()
        assert response.status == 408 and response.json()["code"] == 4
        assert 0.8 < time.monotonic() - begin < 5
        assert connection.closed_by_peer()


def test_a_body_that_never_comes_is_408(start):
    process = start(limits={"body_timeout": "1s"})
    with http1.Connection(process.address()) as connection:
        connection.send(REQUEST[:-5])
        assert connection.read_response().status == 408
        assert connection.closed_by_peer()


def test_an_idle_connection_is_closed(start):
    process = start(limits={"idle_timeout": "1s"})
    with http1.Connection(process.address()) as connection:
        assert connection.request("GET", "/echo").status == 200
        assert connection.closed_by_peer(10)
