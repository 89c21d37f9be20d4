"""Native gRPC and gRPC-Web on a REST listener, frame by frame: what a gRPC client library would hide."""

import base64
import gzip
import json
import signal
import time
import uuid

import pytest

from harness import faults, http1, http2
from harness.faults import grpc_frame
from harness.process import E2E, ROOT, eventually

GRPC = [("content-type", "application/grpc"), ("te", "trailers")]
TEST = "/sidespan.test.v1"
WEB_ORIGIN = "https://app.example"


@pytest.fixture(scope="module")
def protos():
    import sys

    sys.path.insert(0, str(ROOT / "demo"))
    from protos import Protos

    return Protos([ROOT / "proto", E2E / "proto"], ["sidespan/test/v1/test.proto", "sidespan/test/v1/cases.proto"])


@pytest.fixture
def message(protos):
    def make(name, **fields):
        return protos.message(f"sidespan.test.v1.{name}")(**fields).SerializeToString()

    return make


def split(body):
    """[(flags, payload)] of gRPC frames."""
    frames = []
    while body:
        length = int.from_bytes(body[1:5], "big")
        assert len(body) >= 5 + length, "a frame is cut short"
        frames.append((body[0], body[5 : 5 + length]))
        body = body[5 + length :]
    return frames


def before(port, **more):
    return {"upstreams": {"test": {"target": f"127.0.0.1:{port}", "plaintext": True, **more}}}


# ---- shape of answers ----


def test_an_answer_is_frames_and_trailers(connect2, message):
    request = message("Everything", int32_value=7)
    stream = connect2().request("POST", f"{TEST}.Echo/Unary", grpc_frame(request), GRPC)
    assert stream.status == 200 and stream.headers["content-type"].startswith("application/grpc")
    assert split(stream.body) == [(0, request)]
    assert stream.trailers["grpc-status"] == "0" and "content-length" not in stream.headers


def test_the_content_type_and_the_user_agent_go_up_as_they_are(start, message):
    seen = {}

    def on_request(server, stream, path):
        server.answer(stream, b"")

    class Server(faults.H2Server):
        def run(self):
            self.h2.initiate_connection()
            self.flush()
            while data := self.socket.recv(65536):
                for event in self.h2.receive_data(data):
                    if hasattr(event, "headers"):
                        seen.update(dict(event.headers))
                    if type(event).__name__ == "StreamEnded":
                        self.answer(event.stream_id, b"")
                self.flush()

    listener = faults.Listener(lambda connection: Server(connection, on_request).run())
    process = start(**before(listener.port))
    fields = [("content-type", "application/grpc+proto"), ("te", "trailers"), ("user-agent", "grpc-test/1"), ("grpc-accept-encoding", "zstd")]
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", f"{TEST}.Echo/Unary", grpc_frame(b""), fields)
    assert stream.trailers["grpc-status"] == "0"
    assert seen["content-type"] == "application/grpc+proto" and seen["user-agent"] == "grpc-test/1"
    assert seen["grpc-accept-encoding"] == "zstd" and seen[":path"] == f"{TEST}.Echo/Unary"
    listener.close()


@pytest.mark.parametrize("path", ["/no.such.Service/Method", f"{TEST}.Missing/Call", "/nothing", "/"])
def test_an_unknown_method_is_unimplemented_and_never_404(connect2, path):
    stream = connect2().request("POST", path, grpc_frame(b""), GRPC)
    fields = {**stream.headers, **(stream.trailers or {})}
    assert stream.status == 200 and fields["grpc-status"] == "12" and stream.body == b""


def test_a_service_that_is_down_is_unavailable_in_grpcs_own_form(start):
    process = start(**before(faults.refused_port()))
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", f"{TEST}.Echo/Unary", grpc_frame(b""), [*GRPC, ("grpc-timeout", "5S")])
    assert stream.status == 200 and stream.headers["content-type"] == "application/grpc"
    assert stream.trailers["grpc-status"] in ("14", "4") and stream.body == b""


def test_an_expired_deadline_comes_in_grpcs_own_form(connect2, message):
    begin = time.monotonic()
    stream = connect2().request(
        "POST", f"{TEST}.Echo/Slow", grpc_frame(message("SlowRequest", ms=8000)), [*GRPC, ("grpc-timeout", "200m")]
    )
    assert stream.status == 200 and stream.trailers["grpc-status"] == "4"
    assert 0.15 < time.monotonic() - begin < 3


def test_grpc_over_http_1_1_is_told_to_upgrade(connect):
    response = connect().request("POST", f"{TEST}.Echo/Unary", grpc_frame(b""), ["Content-Type: application/grpc"])
    assert response.status == 426 and response.json()["code"] == 3
    # RFC 9110, 15.5.22: a 426 names what would do.
    assert response.header("upgrade") == "h2c" and "upgrade" in response.header("connection").lower()


@pytest.mark.parametrize("flags", [0, 1])
def test_compressed_frames_pass_byte_for_byte(start, flags):
    payload = gzip.compress(b"\x0a\x05hello" * 100)

    def on_request(server, stream, path):
        server.head(stream, ("grpc-encoding", "gzip"), ("grpc-accept-encoding", "gzip"))
        server.data(stream, grpc_frame(payload, flags))
        server.trailers(stream, ("grpc-status", "0"), ("grpc-message", "fine%20so"), ("x-more", "1"))

    listener = faults.h2_service(on_request)
    process = start(**before(listener.port))
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", f"{TEST}.Echo/Unary", grpc_frame(payload, 1), [*GRPC, ("grpc-encoding", "gzip")])
    assert stream.body == grpc_frame(payload, flags)
    assert stream.headers["grpc-encoding"] == "gzip" and stream.headers["grpc-accept-encoding"] == "gzip"
    assert stream.trailers["grpc-message"] == "fine%20so" and stream.trailers["x-more"] == "1"
    listener.close()


def test_a_proxys_error_page_becomes_a_grpc_status(start):
    def on_request(server, stream, path):
        server.head(stream, status="503", content_type="text/html")
        server.data(stream, b"<h1>no", end=True)

    listener = faults.h2_service(on_request)
    process = start(**before(listener.port))
    with http2.Connection(process.address()) as connection:
        stream = connection.request("POST", f"{TEST}.Echo/Unary", grpc_frame(b""), GRPC)
    assert stream.status == 200 and stream.trailers["grpc-status"] == "14" and stream.body == b""
    listener.close()


def test_a_service_that_answers_early_ends_the_call_of_a_client_that_is_still_sending(start):
    """Trailers before the client's END_STREAM: the client gets them, and its upload is not waited for."""

    class Early(faults.H2Server):
        def run(self):
            self.h2.initiate_connection()
            self.flush()
            while data := self.socket.recv(65536):
                for event in self.h2.receive_data(data):
                    if type(event).__name__ == "RequestReceived":
                        self.head(event.stream_id)
                        self.trailers(event.stream_id, ("grpc-status", "9"))
                self.flush()

    listener = faults.Listener(lambda connection: Early(connection, None).run())
    process = start(**before(listener.port))
    with http2.Connection(process.address()) as connection:
        stream = connection.start("POST", f"{TEST}.Streams/Upload", grpc_frame(b""), GRPC, end=False)
        state = connection.wait(stream)
        assert state.trailers["grpc-status"] == "9"
        # The connection goes on.
        stream = connection.start("POST", f"{TEST}.Streams/Upload", grpc_frame(b""), GRPC, end=False)
        assert connection.wait(stream).trailers["grpc-status"] == "9"
    listener.close()


# ---- streams ----


def test_both_ways_at_once_each_message_passes_when_it_comes(connect2, message):
    connection = connect2()
    stream = connection.start("POST", f"{TEST}.Streams/Chat", headers=GRPC, end=False)
    for number in range(5):
        frame = grpc_frame(message("Chunk", text=f"word {number}"))
        connection.send(stream, frame[:3])  # a prefix in two pieces
        connection.send(stream, frame[3:])
        state = connection.wait(stream, lambda state: len(state.body) >= len(frame) * (number + 1))
        assert state.body.endswith(frame)
    connection.send(stream, b"", end=True)
    assert connection.wait(stream).trailers["grpc-status"] == "0"


def test_a_reset_reaches_the_service(connect2, services, message):
    connection, key = connect2(), uuid.uuid4().hex
    stream = connection.start("POST", f"{TEST}.Streams/Count", grpc_frame(message("CountRequest", count=1000, delay_ms=50, key=key)), GRPC)
    connection.wait(stream, lambda state: state.body)
    connection.reset(stream)
    eventually(lambda: services.stats(key)["cancelled"] == 1, timeout=3)


@pytest.mark.slow
def test_a_reader_that_stops_stops_the_service_and_memory_stays_flat(start, services, message):
    process, key = start(), uuid.uuid4().hex
    begun = process.rss_kib()
    with http2.Connection(process.address()) as connection:
        connection.consume = False
        request = message("CountRequest", count=100_000, size=10_000, key=key)
        stream = connection.start("POST", f"{TEST}.Streams/Count", grpc_frame(request), GRPC)
        connection.wait(stream, lambda state: state.headers)
        eventually(lambda: services.stats(key)["sent"] > 0)
        time.sleep(1.5)
        settled = services.stats(key)["sent"]
        time.sleep(1.5)
        assert services.stats(key)["sent"] - settled <= 1, "the service goes on sending to nobody"
        assert settled * 10_000 < 32 << 20 and process.rss_kib() - begun < 24 << 10
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_a_stream_in_flight_outlives_sigterm(start, message):
    process = start()
    with http2.Connection(process.address()) as connection:
        request = grpc_frame(message("CountRequest", count=10, delay_ms=100))
        stream = connection.start("POST", f"{TEST}.Streams/Count", request, GRPC)
        connection.wait(stream, lambda state: state.body)
        process.process.send_signal(signal.SIGTERM)
        state = connection.wait(stream)
        assert len(split(state.body)) == 10 and state.trailers["grpc-status"] == "0"
    assert process.wait() == 0


# ---- gRPC-Web ----


def web_body(response):
    frames = split(response.body)
    assert frames[-1][0] == 0x80, "trailers come last"
    return frames[:-1], frames[-1][1].decode()


def test_web_messages_leave_as_they_come(connect, message):
    """As text every piece is base64 of its own, so that a browser can read what it has."""
    connection = connect()
    body = base64.b64encode(grpc_frame(message("CountRequest", count=3, delay_ms=300)))
    connection.send_request("POST", f"{TEST}.Streams/Count", body, ["Content-Type: application/grpc-web-text"])
    status, headers = connection.read_head()
    assert status == 200 and ("transfer-encoding", "chunked") in headers
    times, text = [], b""
    while chunk := connection.read_chunk():
        times.append(time.monotonic())
        assert len(chunk) % 4 == 0
        text += chunk
    assert len(times) >= 4 and times[-1] - times[0] > 0.4, "the messages came together"
    data = b"".join(base64.b64decode(text[i : i + 4]) for i in range(0, len(text), 4))
    frames = split(data)
    assert [flags for flags, _ in frames] == [0, 0, 0, 0x80] and b"grpc-status: 0\r\n" in frames[3][1]


def test_web_errors_are_in_the_trailers_frame(connect, message):
    response = connect().request(
        "POST", f"{TEST}.Echo/Fail", grpc_frame(message("FailRequest", code=5, message="no: 1\r\nx: y ž")), ["Content-Type: application/grpc-web"]
    )
    frames, trailers = web_body(response)
    assert response.status == 200 and frames == []
    lines = trailers.split("\r\n")
    assert "grpc-status: 5" in lines and "grpc-message: no: 1%0D%0Ax: y %C5%BE" in lines
    assert "x: y" not in lines


def test_web_text_that_is_no_base64_is_an_error_of_the_call(connect):
    response = connect().request("POST", f"{TEST}.Echo/Unary", b"AAA*", ["Content-Type: application/grpc-web-text"])
    assert response.status == 200
    text = response.body
    data = b"".join(base64.b64decode(text[i : i + 4]) for i in range(0, len(text), 4))
    assert b"grpc-status: 3\r\n" in data


def test_web_upload_in_pieces_of_one_byte(connect, message):
    words = b"".join(grpc_frame(message("Chunk", text=word)) for word in ("a", "bc", "def"))
    connection = connect()
    connection.send(
        f"POST {TEST}.Streams/Upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/grpc-web+proto\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for byte in words:
        connection.send(b"1\r\n" + bytes([byte]) + b"\r\n")
    connection.send("0\r\n\r\n")
    frames, trailers = web_body(connection.read_response())
    assert len(frames) == 1 and b"abcdef" in frames[0][1] and "grpc-status: 0" in trailers


def test_a_web_client_that_leaves_cancels_its_call(connect, services, message):
    key = uuid.uuid4().hex
    connection = connect()
    body = grpc_frame(message("CountRequest", count=1000, delay_ms=50, key=key))
    connection.send_request("POST", f"{TEST}.Streams/Count", body, ["Content-Type: application/grpc-web"])
    connection.read_head()
    connection.close()
    eventually(lambda: services.stats(key)["cancelled"] == 1, timeout=3)


@pytest.fixture(scope="module")
def cors(tmp_path_factory, make_config):
    """A listener for browsers."""
    from harness.process import Sidespan, free_port

    listener = {
        "address": f"127.0.0.1:{free_port()}",
        "cors": {
            "allow_origins": [WEB_ORIGIN],
            "allow_methods": ["POST"],
            "allow_headers": ["content-type", "x-grpc-web", "x-user-agent"],
            "expose_headers": ["grpc-status", "grpc-message"],
        },
    }
    process = Sidespan(tmp_path_factory.mktemp("cors"), make_config(listeners=[listener])).wait_ready()
    yield process
    process.finish()


@pytest.mark.parametrize("version", [1, 2])
def test_a_browsers_preflight_of_grpc_web_is_answered_here(cors, version):
    fields = {
        "origin": WEB_ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web",
    }
    if version == 1:
        with http1.Connection(cors.address()) as connection:
            response = connection.request("OPTIONS", f"{TEST}.Echo/Unary", headers=[f"{n}: {v}" for n, v in fields.items()])
        status, headers, body = response.status, dict(response.headers), response.body
    else:
        with http2.Connection(cors.address()) as connection:
            stream = connection.request("OPTIONS", f"{TEST}.Echo/Unary", headers=list(fields.items()))
        status, headers, body = stream.status, stream.headers, stream.body
    assert status == 204 and body == b""
    assert headers["access-control-allow-origin"] == WEB_ORIGIN
    assert "x-grpc-web" in headers["access-control-allow-headers"].lower()


def test_a_browser_may_read_an_answer_of_grpc_web(cors, message):
    with http1.Connection(cors.address()) as connection:
        for origin, allowed in ((WEB_ORIGIN, WEB_ORIGIN), ("https://evil.example", None)):
            response = connection.request(
                "POST", f"{TEST}.Echo/Unary", grpc_frame(b""), ["Content-Type: application/grpc-web", f"Origin: {origin}"]
            )
            assert response.header("access-control-allow-origin") == allowed
            assert "Origin" in response.header("vary")
            if allowed:
                assert "grpc-status" in response.header("access-control-expose-headers")


def test_the_request_id_comes_back(connect2):
    stream = connect2().request("POST", f"{TEST}.Echo/Unary", grpc_frame(b""), [*GRPC, ("x-request-id", "native-1")])
    assert stream.headers["x-request-id"] == "native-1"


def test_rest_goes_on_beside_it(connect2):
    connection = connect2()
    stream = connection.start("POST", f"{TEST}.Streams/Chat", headers=GRPC, end=False)
    rest = connection.request("POST", "/echo", json.dumps({"int32Value": 1}).encode(), [("content-type", "application/json")])
    assert rest.status == 200 and rest.json()["int32Value"] == 1
    connection.send(stream, b"", end=True)
    assert connection.wait(stream).trailers["grpc-status"] == "0"
