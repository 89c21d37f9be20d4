"""The end of a process loses no request: what comes while it drains is answered (reported 42)."""

import json
import signal
import threading
import time
import uuid

import pytest

from harness import http1, http2, websocket
from harness.process import eventually

REQUEST = b"GET /echo?string_value=x HTTP/1.1\r\nHost: localhost\r\n\r\n"
REQUESTS = 600


def opened(process, certs_tls, index, count):
    return [http1.Connection(process.address(index), tls=certs_tls) for _ in range(count)]


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("index", [0, 1])
def test_a_request_on_each_of_many_connections_is_answered(start, client_tls, index, warm):
    """(reported 42) HTTP/1.1: 600 in flight when SIGTERM has just come, on connections that have carried one and that have not.
    Each answer says that its connection closes."""
    process = start(workers=2)
    count = REQUESTS if index == 0 else 60
    connections = opened(process, client_tls() if index else None, index, count)
    if warm:
        for connection in connections:
            connection.send(REQUEST)
        assert all(connection.read_response().header("connection") is None for connection in connections)
    process.process.send_signal(signal.SIGTERM)
    for connection in connections:
        connection.send(REQUEST)
    answers = [connection.read_response() for connection in connections]
    assert [answer.status for answer in answers] == [200] * count
    late = [answer.header("connection") for answer in answers[count // 2 :]]
    assert late == ["close"] * len(late)
    assert process.wait() == 0
    for connection in connections:
        connection.close()


def test_each_stream_of_many_connections_is_answered(start):
    """(reported 42) HTTP/2: 600 on their way when SIGTERM comes; the first GOAWAY refuses none of them, the second, after a
    PING, names the last one."""
    process = start(workers=2)
    connections = [http2.Connection(process.address()) for _ in range(6)]
    for connection in connections:
        connection.request("GET", "/echo")
        connection.flush, send = (lambda: None), connection.flush
        for _ in range(REQUESTS // 6):
            connection.start("GET", "/echo?string_value=x")
        connection.flush = send
    process.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)  # GOAWAY is on its way to clients, and their requests on theirs
    for connection in connections:
        connection.flush()
    for connection in connections:
        while connection.read():
            pass
        assert [stream.status for stream in connection.streams.values()] == [200] * (REQUESTS // 6 + 1)
        assert connection.goaways == [(2**31 - 1, 0), (max(connection.streams), 0)]
        connection.close()
    assert process.wait() == 0


@pytest.mark.threads
def test_clients_that_go_on_are_told_before_their_connection_closes(start):
    """(reported 42) No connection is closed between two requests by which a client was not told."""
    process = start(workers=4)
    counts, lost = [], []

    def client():
        try:
            with http1.Connection(process.address()) as connection:
                for n in range(100_000):
                    answer = connection.request("GET", "/slow/5")
                    assert answer.status == 200
                    if answer.header("connection") == "close":
                        counts.append(n)
                        return
        except (http1.Closed, OSError, AssertionError) as e:
            lost.append(repr(e))

    clients = [threading.Thread(target=client) for _ in range(24)]
    for each in clients:
        each.start()
    time.sleep(0.5)
    process.process.send_signal(signal.SIGTERM)
    for each in clients:
        each.join()
    assert not lost and len(counts) == 24
    assert process.wait() == 0


def test_pipelined_requests_are_all_answered(start):
    """(reported 42)"""
    process = start()
    with http1.Connection(process.address()) as connection:
        connection.send(REQUEST)
        connection.read_response()
        process.process.send_signal(signal.SIGTERM)
        eventually(lambda: "draining" in process.stderr)
        time.sleep(0.2)
        post = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n{]}"
        missing = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
        connection.send(missing + REQUEST + post + missing + REQUEST)
        answers = [connection.read_response() for _ in range(5)]
        assert [answer.status for answer in answers] == [404, 200, 400, 404, 200]
        assert [answer.header("connection") for answer in answers] == [None] * 4 + ["close"]
        assert connection.closed_by_peer()
    assert process.wait() == 0


def test_answers_say_close_while_listeners_stay_up(start):
    """(reported 42) During drain_delay too, on connections old and new."""
    process = start(drain_delay="2s")
    with http1.Connection(process.address()) as old:
        old.request("GET", "/echo")
        process.process.send_signal(signal.SIGTERM)
        eventually(lambda: "draining" in process.stderr)
        time.sleep(0.1)
        with http1.Connection(process.address()) as new:
            for connection in (old, new):
                answer = connection.request("GET", "/echo")
                assert answer.status == 200 and answer.header("connection") == "close"
                assert connection.closed_by_peer()
    assert process.wait() == 0


@pytest.mark.parametrize("version", [1, 2])
def test_idle_connections_hold_the_end_up_for_a_moment_only(start, version):
    process = start()
    with (http1 if version == 1 else http2).Connection(process.address()) as connection:
        connection.request("GET", "/echo")
        begin = time.monotonic()
        process.process.send_signal(signal.SIGTERM)  # an HTTP/2 client that does not read answers no PING either
        assert process.wait() == 0
        assert time.monotonic() - begin < 10


@pytest.mark.parametrize("kind", [websocket.WebSocket, websocket.Extended])
def test_a_websocket_goes_on_while_draining(start, services, kind):
    process = start()
    key = uuid.uuid4().hex
    ws = kind(process.address(), f"/count/6?delay_ms=300&key={key}").open()
    with ws.connection:
        assert json.loads(ws.read_frame()[1])["number"] == 0
        process.process.send_signal(signal.SIGTERM)
        assert [json.loads(ws.read_frame()[1])["number"] for _ in range(5)] == [1, 2, 3, 4, 5]
        assert ws.read_frame()[0] == websocket.CLOSE
    assert process.wait() == 0


def test_a_body_whose_answer_was_given_early_does_not_hold_the_end(start):
    """(reported 42) The client has its answer, and sends no more of what nobody reads."""
    process = start()
    with http1.Connection(process.address()) as connection:
        connection.send(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        assert connection.read_response().status == 404
        process.process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
