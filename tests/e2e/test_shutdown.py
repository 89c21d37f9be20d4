"""Health, readiness, and a clean end."""

import concurrent.futures
import contextlib
import json
import re
import signal
import socket
import time
import uuid

import h2.connection
import h2.settings
import httpx
import pytest

from harness import faults, http1, http2, websocket
from harness.process import PATIENCE, eventually


def get(url, **options):
    return httpx.get(url, trust_env=False, timeout=20, **options)


def test_health_and_readiness(sidespan):
    assert get(f"{sidespan.admin}/healthz").status_code == 200
    assert get(f"{sidespan.admin}/readyz").status_code == 200
    assert get(f"{sidespan.admin}/nowhere").status_code == 404
    assert httpx.post(f"{sidespan.admin}/healthz", trust_env=False).status_code == 405


def test_a_required_upstream_holds_readiness_back(start, services):
    process = start(
        wait=False,
        upstreams={"test": {"target": f"127.0.0.1:{faults.refused_port()}", "plaintext": True, "required": True}},
    )

    def status(path):
        try:
            return get(process.admin + path).status_code
        except httpx.TransportError:
            return None

    eventually(lambda: status("/healthz") == 200)
    assert status("/readyz") == 503


def test_a_required_upstream_that_is_there_makes_ready(start, services):
    start(upstreams={"test": {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True, "required": True}})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_at_once_with_0(start, number):
    process = start()
    begin = time.monotonic()
    process.process.send_signal(number)
    assert process.wait() == 0
    assert time.monotonic() - begin < 3


def test_an_idle_connection_does_not_hold_it_up(start):
    process = start()
    with http1.Connection(process.address()) as one, http2.Connection(process.address()) as two:
        one.request("GET", "/echo")
        two.request("GET", "/echo")
        process.process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert one.closed_by_peer()
        while two.read():
            pass
        assert two.goaway == 0


@pytest.mark.parametrize("version", [1, 2])
def test_calls_in_flight_finish(start, services, version):
    process = start()
    key = uuid.uuid4().hex
    with (http1 if version == 1 else http2).Connection(process.address()) as connection:
        if version == 1:
            connection.send_request("GET", f"/slow/1500?key={key}")
        else:
            stream = connection.start("GET", f"/slow/1500?key={key}")
        eventually(lambda: services.stats(key)["started"] == 1)
        process.process.send_signal(signal.SIGTERM)
        response = connection.read_response() if version == 1 else connection.wait(stream)
        assert response.status == 200 and response.json()["ms"] == 1500
        if version == 1:
            assert response.header("connection") == "close"
            assert connection.closed_by_peer()
    assert process.wait() == 0
    assert services.stats(key)["finished"] == 1


def test_a_stream_in_flight_finishes(start):
    process = start()
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", "/count/10?delay_ms=100")
        connection.read_head()
        process.process.send_signal(signal.SIGTERM)
        lines = b""
        while chunk := connection.read_chunk():
            lines += chunk
    assert lines.count(b"\n") == 10 and b"error" not in lines
    assert process.wait() == 0


@contextlib.contextmanager
def pending(process, version, target):
    """A request on its way; yields what reads its answer."""
    if version == 1:
        with http1.Connection(process.address()) as connection:
            connection.send_request("GET", target)
            yield connection.read_response
    else:
        with http2.Connection(process.address()) as connection:
            stream = connection.start("GET", target)
            yield lambda: connection.wait(stream)


@pytest.mark.parametrize(
    "form, last",
    [
        ("ndjson", rb'\n\{"error":\{"code":14,"message":"sidespan is shutting down","details":\[\]\}\}\n$'),
        ("array", rb',\{"error":\{"code":14,.*\}\}\]$'),
        ("sse", rb'\n\nevent: error\ndata: \{"code":14,.*\}\n\n$'),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_stream_beyond_the_drain_timeout_ends_with_an_error_in_its_form(start, services, version, form, last):
    process = start(drain_timeout="300ms")
    key = uuid.uuid4().hex
    target = f"/count/1000?delay_ms=50&key={key}&$alt={form}"
    with pending(process, version, target) as answer:
        eventually(lambda: services.stats(key)["sent"] > 1)
        process.process.send_signal(signal.SIGTERM)
        body = answer().body
        assert re.search(last, body), body[-200:]
    assert process.wait() == 0
    eventually(lambda: services.stats(key)["cancelled"] == 1)


@pytest.mark.parametrize("version", [1, 2])
def test_an_answer_beyond_the_drain_timeout_is_unavailable(start, services, version):
    process = start(drain_timeout="300ms")
    key = uuid.uuid4().hex
    with pending(process, version, f"/slow/4000?key={key}") as answer:
        eventually(lambda: services.stats(key)["started"] == 1)
        process.process.send_signal(signal.SIGTERM)
        response = answer()
        assert response.status == 503 and response.json()["code"] == 14
    assert process.wait() == 0
    eventually(lambda: services.stats(key)["cancelled"] == 1)


@pytest.mark.parametrize("version", [1, 2])
def test_a_websocket_beyond_the_drain_timeout_is_closed_with_1001(start, services, version):
    process = start(drain_timeout="300ms")
    key = uuid.uuid4().hex
    kind = websocket.WebSocket if version == 1 else websocket.Extended
    ws = kind(process.address(), f"/count/1000?delay_ms=10000&key={key}").open()
    with ws.connection:
        assert json.loads(ws.read_frame()[1])["number"] == 0
        process.process.send_signal(signal.SIGTERM)
        assert ws.read_frame() == (websocket.CLOSE, b"\x03\xe9sidespan is shutting down")
        assert process.wait() == 0
    assert re.search(r"101 grpc=14 .*why=\"sidespan is shutting down\"", process.stderr)
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_an_object_beyond_the_drain_timeout_is_unavailable(start, services):
    process = start(drain_timeout="300ms")
    key = uuid.uuid4().hex
    with pending(process, 1, f"/count/1000?delay_ms=50&key={key}&$alt=object") as answer:
        eventually(lambda: services.stats(key)["sent"] > 1)
        process.process.send_signal(signal.SIGTERM)
        assert answer().status == 503
    assert process.wait() == 0


@pytest.mark.parametrize("after", [0.1, 0.6])
def test_a_second_signal_ends_it_at_once(start, services, after):
    """Before the drain timeout, and in the second that clients have for the last word."""
    process = start(drain_timeout="300ms" if after > 0.3 else "30s")
    key = uuid.uuid4().hex
    with http1.Connection(process.address(), receive_buffer=4096) as connection:
        connection.send_request("GET", f"/count/100000?size=50000&key={key}")
        eventually(lambda: services.stats(key)["sent"] > 1)
        process.process.send_signal(signal.SIGTERM)
        time.sleep(after)
        assert process.alive
        begin = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        assert process.wait() == 0 and time.monotonic() - begin < 3


def test_who_does_not_read_gets_no_last_word_and_holds_nobody_up(start, services):
    process = start(drain_timeout="300ms")
    key = uuid.uuid4().hex
    with http1.Connection(process.address(), receive_buffer=4096) as connection:
        connection.send_request("GET", f"/count/100000?size=50000&key={key}")
        last = [0]

        def stuck():
            before, last[0] = last[0], services.stats(key)["sent"]
            return before and before == last[0]

        eventually(stuck, interval=0.2)
        begin = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert time.monotonic() - begin < 5


def test_calls_beyond_the_drain_timeout_are_cut(start, services):
    process = start(drain_timeout="500ms")
    key = uuid.uuid4().hex
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", f"/count/1000?delay_ms=50&key={key}")
        connection.read_head()
        begin = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert time.monotonic() - begin < 5
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_readiness_fails_first_and_listeners_stay_up_for_the_drain_delay(start):
    process = start(drain_delay="1s")
    process.process.send_signal(signal.SIGTERM)
    eventually(lambda: get(f"{process.admin}/readyz").status_code == 503, timeout=1)
    assert get(f"{process.url()}/echo").status_code == 200
    assert process.wait() == 0


def test_new_connections_are_refused_while_draining(start, services):
    process = start()
    key = uuid.uuid4().hex
    with http1.Connection(process.address()) as connection:
        connection.send_request("GET", f"/slow/1500?key={key}")
        eventually(lambda: services.stats(key)["started"] == 1)
        process.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                http1.Connection(process.address()).close()
                return False
            except ConnectionError:
                return True

        eventually(refused, timeout=2)
        assert connection.read_response().status == 200


@pytest.mark.threads
def test_several_workers_drain_under_load(start):
    process = start(workers=4)

    def calls(_):
        answers = []
        with httpx.Client(base_url=process.url(), trust_env=False, timeout=20) as client:
            for _ in range(1000):
                try:
                    answers.append(client.get("/slow/5").status_code)
                except httpx.TransportError:
                    return answers  # the connection has been closed between two requests
        return answers

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        running = [pool.submit(calls, n) for n in range(16)]
        time.sleep(1)
        process.process.send_signal(signal.SIGTERM)
        answers = [answer for future in running for answer in future.result()]
    assert answers and set(answers) == {200}
    assert process.wait() == 0


def test_the_end_of_the_process_does_not_cut_an_answer_that_http2_is_still_reading(start):
    sidespan = start()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(PATIENCE)
        client.connect(sidespan.address())
        connection = h2.connection.H2Connection()
        window = {h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 24}
        connection.local_settings = h2.settings.Settings(client=True, initial_values=window)
        connection.initiate_connection()
        connection.increment_flow_control_window(1 << 24)
        fields = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/blob/1000000")]
        connection.send_headers(1, fields, end_stream=True)
        client.sendall(connection.data_to_send())
        time.sleep(0.5)
        sidespan.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        received = 0
        while data := client.recv(8192):  # a reset would be an exception
            received += len(data)
            if received < 900_000:
                client.sendall(b"\0\0\4\x08\0\0\0\0\0\0\0\0\1")  # WINDOW_UPDATE, as clients send it while they read
    assert received > 1_333_000
