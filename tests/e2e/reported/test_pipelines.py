"""Clients that send requests by the thousand without waiting for answers (reported 0): each is answered, in order, and none of
them takes others' time."""

import socket
import threading

import pytest

from harness import http1

TARGETS = {"answered by the service": ("/echo?string_value=", 200), "answered by sidespan": ("/nothing/", 404)}


def answers(connection, count, status):
    for n in range(count):
        assert connection.read_response().status == status, n


@pytest.mark.parametrize("half_closed", [False, True])
@pytest.mark.parametrize("kind", TARGETS)
def test_every_request_of_a_long_pipeline_is_answered(sidespan, kind, half_closed):
    """(reported 0) 900 KB of requests: more wait than a connection keeps. A client that sends FIN after them still reads."""
    target, status = TARGETS[kind]
    count = 1500
    with http1.Connection(sidespan.address()) as connection:

        def send():
            for n in range(count):
                connection.send(f"GET {target}{n} HTTP/1.1\r\nHost: localhost\r\nX-Padding: {'p' * 500}\r\n\r\n")
            if half_closed:
                connection.socket.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        answers(connection, count, status)
        sender.join()
