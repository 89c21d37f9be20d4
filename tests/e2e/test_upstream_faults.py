"""Services that are not there, do not answer, or answer nonsense. The process goes on."""

import concurrent.futures
import contextlib
import time

import h2.settings
import httpx
import hyperframe.frame
import pytest

from harness import faults
from harness.process import Services, eventually


@pytest.fixture
def before(start):
    """before(port): the URL of a sidespan before a plaintext service on that port."""

    def make(port, **keys):
        return start(upstreams={"test": {"target": f"127.0.0.1:{port}", "plaintext": True}}, **keys).url()

    return make


@pytest.fixture
def service():
    """service(on_request, …): a service on h2 that does what the test says."""
    opened = []

    def make(on_request, **options):
        opened.append(faults.h2_service(on_request, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def get(url, path="/echo", **options):
    return httpx.get(url + path, trust_env=False, timeout=20, **options)


def assert_error(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert "127.0.0.1" not in response.text, "an internal address in an answer"


def test_a_service_that_is_not_there_is_unavailable(before):
    url = before(faults.refused_port())
    for _ in range(3):
        begin = time.monotonic()
        assert_error(get(url), 503, 14)
        assert time.monotonic() - begin < 5


def test_a_name_that_does_not_resolve_is_unavailable(start):
    url = start(upstreams={"test": {"target": "dns:///no-such-host.invalid:1", "plaintext": True}}).url()
    assert_error(get(url, headers={"grpc-timeout": "10S"}), 503, 14)


def test_a_service_that_never_answers_a_connection_runs_into_the_deadline(before):
    silent = faults.silent_service()
    with contextlib.closing(silent):
        begin = time.monotonic()
        response = get(before(silent.port), headers={"grpc-timeout": "500m"})
        assert response.status_code in (503, 504) and response.json()["code"] in (4, 14)
        assert time.monotonic() - begin < 3


def test_a_service_that_never_answers_a_call_runs_into_the_deadline_and_is_told(before, service):
    servers = []
    one = service(lambda server, stream, path: servers.append(server))
    assert_error(get(before(one.port), headers={"grpc-timeout": "500m"}), 504, 4)
    eventually(lambda: servers[0].resets)


def test_a_service_comes_back(before, certs, services):
    first = Services(certs)
    port = first.ports["plain"]
    url = before(port)
    assert get(url).status_code == 200
    first.stop()
    eventually(lambda: get(url).status_code == 503)
    second = Services(certs, port)
    try:
        eventually(lambda: get(url).status_code == 200)
    finally:
        second.stop()


PAYLOAD = b"\x18\x05"  # Everything.int32_value = 5


def midstream(server, stream, path):
    server.head(stream)
    server.data(stream, faults.grpc_frame(b"\x08\x01"))
    time.sleep(0.2)
    server.kill()


def test_a_service_that_dies_in_mid_stream_ends_the_stream_with_an_error(before, service):
    response = get(before(service(midstream).port), "/count/5")
    lines = response.text.splitlines()
    assert response.status_code == 200 and len(lines) == 2
    assert '"error"' in lines[1] and httpx.Response(200, text=lines[1]).json()["error"]["code"] == 14


def test_a_service_that_dies_before_its_answer_is_unavailable(before, service):
    assert_error(get(before(service(lambda server, stream, path: server.kill()).port)), 503, 14)


ANSWERS = {
    # name: (what the service sends after its head, HTTP status, gRPC code)
    "a truncated message": ([faults.grpc_frame(b"\x0a\xff")], 500, 13),
    "a varint without end": ([faults.grpc_frame(b"\x18" + b"\xff" * 11)], 500, 13),
    "a string that is not UTF-8": ([faults.grpc_frame(b"\x72\x01\xff")], 500, 13),
    "a length past the end": ([faults.grpc_frame(b"\x72\x7f")], 500, 13),
    "half a frame": ([faults.grpc_frame(b"ab", length=100)], 500, 13),
    "half a prefix": ([b"\0\0"], 500, 13),
    "a frame past the limit": ([faults.grpc_frame(b"", length=0x7FFFFFFF)], 429, 8),
    "a bad compression flag": ([faults.grpc_frame(b"", compressed=7)], 500, 13),
    "a compressed frame that was not announced": ([faults.grpc_frame(b"", compressed=1)], 500, 13),
    "no message at all": ([], 500, 13),
    "two messages for a unary call": ([faults.grpc_frame(PAYLOAD)] * 2, 500, 13),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_nonsense_from_the_service_is_an_error(before, service, name):
    pieces, status, code = ANSWERS[name]

    def answer(server, stream, path):
        server.head(stream)
        for piece in pieces:
            server.data(stream, piece)
        with contextlib.suppress(Exception):  # the call may be reset already
            server.trailers(stream, ("grpc-status", "0"))

    url = before(service(answer).port)
    for _ in range(2):  # twice: the connection, or a new one, still serves
        assert_error(get(url), status, code)


@pytest.mark.parametrize("http_status, status, code", [("400", 500, 13), ("401", 401, 16), ("403", 403, 7), ("404", 501, 12), ("429", 503, 14), ("503", 503, 14), ("418", 500, 2)])
def test_an_answer_without_grpc_status_is_mapped_from_http(before, service, http_status, status, code):
    def answer(server, stream, path):
        server.head(stream, status=http_status, content_type="text/html")
        server.data(stream, b"<html>", end=True)

    assert_error(get(before(service(answer).port)), status, code)


def test_success_without_a_status_is_unknown(before, service):
    def answer(server, stream, path):
        server.head(stream)
        server.data(stream, faults.grpc_frame(PAYLOAD), end=True)

    assert_error(get(before(service(answer).port)), 500, 2)


@pytest.mark.parametrize("reset, status, code", [(8, 499, 1), (11, 429, 8), (12, 403, 7), (2, 500, 13), (1, 500, 13)])
def test_a_reset_is_mapped(before, service, reset, status, code):
    def answer(server, stream, path):
        server.h2.reset_stream(stream, reset)
        server.flush()

    assert_error(get(before(service(answer).port)), status, code)


def test_codes_beyond_the_known_come_out_as_received(before, service):
    def answer(server, stream, path):
        server.head(stream)
        server.trailers(stream, ("grpc-status", "42"), ("grpc-message", "odd %41 %zz"))

    response = get(before(service(answer).port))
    assert_error(response, 500, 42)
    assert response.json()["message"] == "odd A %zz"


@pytest.mark.parametrize("value", ["x", "", "-1", "99999999999999999999"])
def test_a_grpc_status_that_is_no_number_is_unknown(before, service, value):
    def answer(server, stream, path):
        server.head(stream)
        server.trailers(stream, ("grpc-status", value))

    assert get(before(service(answer).port)).status_code == 500


def test_broken_details_do_not_lose_the_error(before, service):
    def answer(server, stream, path):
        server.head(stream)
        server.trailers(stream, ("grpc-status", "5"), ("grpc-message", "gone"), ("grpc-status-details-bin", path[1:3] + "***"))

    response = get(before(service(answer).port))
    assert_error(response, 404, 5)
    assert response.json()["message"] == "gone"


def test_metadata_cannot_inject_headers(before, service):
    def answer(server, stream, path):
        server.head(stream, ("x-evil", "a\r\nset-cookie: b"), ("x-good", "yes"), ("bad name", "x"))
        server.data(stream, faults.grpc_frame(PAYLOAD))
        server.trailers(stream, ("grpc-status", "0"))

    response = get(before(service(answer, validate=False).port))
    assert "set-cookie" not in response.headers
    # HTTP/2 makes such an answer malformed as a whole; dropping the header alone would do as well.
    assert response.status_code in (200, 500, 502, 503)


def test_goaway_after_an_answer_makes_the_next_call_connect_anew(before, service):
    def answer(server, stream, path):
        server.answer(stream, PAYLOAD)
        server.h2.close_connection(last_stream_id=stream)
        server.flush()

    one = service(answer)
    url = before(one.port)
    for _ in range(5):
        assert get(url).status_code == 200
    assert one.accepted >= 5


def test_goaway_lets_calls_below_it_finish(before, service):
    def answer(server, stream, path):
        server.socket.sendall(hyperframe.frame.GoAwayFrame(stream_id=0, last_stream_id=stream, error_code=0).serialize())
        time.sleep(0.3)
        server.answer(stream, PAYLOAD)

    assert get(before(service(answer).port)).json()["int32Value"] == 5


def test_a_second_connection_carries_what_the_first_may_not(before, service):
    def answer(server, stream, path):
        time.sleep(0.5)
        server.answer(stream, PAYLOAD)

    one = service(answer, settings={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 1})
    url = before(one.port)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: get(url, headers={"grpc-timeout": "15S"}).status_code, range(4)))
    assert answers == [200] * 4
    assert one.accepted >= 2


def test_calls_share_a_connection(before, service):
    def answer(server, stream, path):
        server.answer(stream, PAYLOAD)

    one = service(answer)
    url = before(one.port)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: get(url).status_code, range(40))) == {200}
    assert one.accepted <= 2


def test_random_bytes_for_http2_are_unavailable(before):
    def serve(connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    noise = faults.Listener(serve)
    with contextlib.closing(noise):
        assert_error(get(before(noise.port)), 503, 14)


def test_a_unix_socket_is_an_upstream(start, tmp_path, certs):
    import socket
    import threading

    path = tmp_path / "service.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve():
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            faults.H2Server(connection, lambda server, stream, _: server.answer(stream, PAYLOAD)).run()

    threading.Thread(target=serve, daemon=True).start()
    process = start(upstreams={"test": {"target": f"unix:{path}", "plaintext": True}})
    assert get(process.url()).json()["int32Value"] == 5
    listener.close()


@pytest.mark.parametrize("ending", [b"\0\0\x08\7\0\0\0\0\0" + bytes(8), b""], ids=["goaway", "close"])
def test_a_service_that_ends_each_connection_as_it_begins_is_not_dialed_without_a_pause(before, ending):
    def serve(connection):
        connection.sendall(b"\0\0\0\4\0\0\0\0\0" + ending)
        if ending:
            connection.recv(65536)
            time.sleep(1)

    one = faults.Listener(serve)
    with contextlib.closing(one):
        url = before(one.port)
        for _ in range(5):
            assert_error(get(url, headers={"grpc-timeout": "1S"}), 503, 14)
        assert one.accepted < 20
