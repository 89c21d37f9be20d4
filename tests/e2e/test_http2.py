"""HTTP/2 downstream: how it begins, and what its streams may do."""

import json
import os
import socket
import subprocess
import time

import httpx
import pytest

from harness import http1, http2
from harness.process import eventually

JSON = [("content-type", "application/json")]


def test_prior_knowledge_works_on_the_cleartext_port(connect2):
    connection = connect2()
    stream = connection.request("POST", "/echo", b'{"int32Value":1}', JSON)
    assert stream.status == 200 and stream.json()["int32Value"] == 1


def test_alpn_picks_the_version_over_tls(sidespan, certs):
    for two, version in ((True, "HTTP/2"), (False, "HTTP/1.1")):
        with httpx.Client(http2=two, verify=str(certs / "ca.crt"), trust_env=False) as client:
            response = client.get(f"{sidespan.url(1)}/echo")
            assert response.status_code == 200 and response.http_version == version


def test_tls_without_alpn_is_http_1_1(connect, client_tls):
    connection = connect(index=1, tls=client_tls())
    assert connection.request("GET", "/echo").status == 200


def test_both_versions_share_a_port(sidespan):
    with http1.Connection(sidespan.address()) as one, http2.Connection(sidespan.address()) as two:
        assert one.request("GET", "/echo").status == 200
        assert two.request("GET", "/echo").status == 200


def test_a_preface_may_come_byte_by_byte(sidespan):
    import h2.connection
    import h2.events

    session = h2.connection.H2Connection()
    session.initiate_connection()
    session.send_headers(1, [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/echo")], end_stream=True)
    with socket.create_connection(sidespan.address(), 20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in session.data_to_send():
            s.sendall(bytes([byte]))
        while not any(isinstance(event, h2.events.ResponseReceived) for event in session.receive_data(s.recv(65536))):
            s.sendall(session.data_to_send())


def test_what_only_looks_like_a_preface_is_refused(connect):
    connection = connect()
    connection.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
    try:
        assert connection.read_response().status in (400, 505)
    except http1.Closed:
        pass


def test_a_body_in_pieces_is_one_body(connect2):
    connection = connect2()
    stream = connection.start("POST", "/echo", headers=JSON, end=False)
    for byte in b'{"stringValue":"pieces"}':
        connection.send(stream, bytes([byte]))
    connection.send(stream, b"", end=True)
    assert connection.wait(stream).json()["stringValue"] == "pieces"


def test_a_hundred_streams_at_once(connect2):
    connection = connect2()
    streams = [connection.start("GET", f"/slow/{100 + n}") for n in range(100)]
    assert [connection.wait(stream).json()["ms"] for stream in streams] == [100 + n for n in range(100)]


def test_a_reset_stream_leaves_the_others_alone(connect2):
    connection = connect2()
    first = connection.start("GET", "/slow/3000")
    second = connection.start("GET", "/slow/200")
    connection.reset(first)
    assert connection.wait(second).status == 200


def test_a_small_window_gets_a_large_answer_in_time(connect2):
    connection = connect2(window=1000)
    stream = connection.request("GET", "/blob/200000")
    assert stream.status == 200 and len(stream.json()["data"]) > 200000


def test_errors_have_the_same_shape(connect2):
    stream = connect2().request("GET", "/nowhere")
    assert stream.status == 404 and stream.json()["code"] == 5


@pytest.mark.parametrize("field", [("connection", "close"), ("transfer-encoding", "chunked"), ("keep-alive", "1"), ("Upper", "x"), ("te", "gzip")])
def test_fields_of_http_1_reset_the_stream(connect2, field):
    connection = connect2()
    connection.h2.config.validate_outbound_headers = False
    connection.h2.config.normalize_outbound_headers = False
    stream = connection.wait(connection.start("GET", "/echo", headers=[field]))
    assert stream.reset is not None or stream.status == 400


def test_a_length_that_does_not_fit_resets_the_stream(connect2):
    connection = connect2()
    stream = connection.wait(connection.start("POST", "/echo", b"{}", [*JSON, ("content-length", "5")]))
    assert stream.reset is not None or stream.status == 400


def test_head_gets_no_body(connect2):
    stream = connect2().request("HEAD", "/echo")
    assert stream.status == 200 and stream.body == b""


def test_a_broken_frame_ends_the_connection_and_nothing_else(sidespan, client):
    with http2.Connection(sidespan.address()) as connection:
        connection.socket.sendall(b"\x00\x00\x01\x08\x00\x00\x00\x00\x00\x00")  # WINDOW_UPDATE of one byte
        while connection.read():
            pass
        assert connection.goaway is not None
    assert client.get("/echo").status_code == 200


@pytest.mark.threads
def test_h2load_finds_every_request_answered(start, tmp_path):
    process = start(workers=4)
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"int32Value": 1}))
    command = ["h2load", "-n2000", "-c8", "-m10", "-d", body, "-H", "content-type: application/json", f"{process.url()}/echo"]
    done = subprocess.run(command, capture_output=True, timeout=120)
    assert b"2000 succeeded, 0 failed" in done.stdout and b"status codes: 2000 2xx" in done.stdout, done.stdout


def test_a_body_that_stops_coming_is_408_and_its_call_forgotten(start):
    process = start(limits={"body_timeout": "1s"})
    with http2.Connection(process.address()) as connection:
        for piece in (None, b"{"):
            stream = connection.wait(connection.start("POST", "/echo", piece, JSON, end=False))
            assert stream.status == 408 and stream.json()["code"] == 4
        assert connection.request("GET", "/echo").status == 200


def test_a_header_block_that_never_ends_closes_the_connection(start):
    process = start(limits={"header_timeout": "1s"})
    with socket.create_connection(process.address(), 10) as client:
        headers = b"\0\0\1\1\1\0\0\0\1\x82"  # without END_HEADERS
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + headers)
        while client.recv(65536):
            pass


def test_an_answer_that_the_client_never_takes_is_reset(start):
    process = start(limits={"idle_timeout": "1s"})
    with http2.Connection(process.address(), window=0) as connection:
        stalled = connection.start("GET", "/blob/100000")
        assert connection.wait(stalled).reset == 8


def test_a_client_that_reads_nothing_at_all_is_let_go(start):
    process = start(limits={"idle_timeout": "1s"})
    time.sleep(1)  # what asked whether it is ready has left
    before = len(os.listdir(f"/proc/{process.pid}/fd"))  # the connection to the service comes on top
    with http2.Connection(process.address(), window=1 << 30) as connection:
        for _ in range(4):
            connection.start("GET", "/blob/4000000")
        eventually(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == before + 2)
        eventually(lambda: len(os.listdir(f"/proc/{process.pid}/fd")) == before + 1)
