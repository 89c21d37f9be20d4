"""Bodies in pieces: what comes in goes up as it comes, what goes down leaves as it comes, and nothing piles up."""

import gzip
import json
import os
import signal
import socket
import threading
import time
import uuid
import zlib

import pytest

from harness import faults, http1, http2
from harness.process import Sidespan, eventually

ROUTES = """
type: google.api.Service
config_version: 3
upstream: test
http:
  rules:
  - {selector: sidespan.test.v1.Echo.Unary, post: /echo, body: "*", additional_bindings: [{get: /echo}]}
  - {selector: sidespan.test.v1.Echo.Blob, get: "/blob/{size}", additional_bindings: [{post: /blob, body: "*"}]}
  - {selector: sidespan.test.v1.Echo.Slow, get: "/slow/{ms}"}
  - {selector: sidespan.test.v1.Streams.Upload, post: /upload, body: "*"}
  - {selector: sidespan.test.v1.Streams.Chat, post: /chat, body: "*"}
  - {selector: sidespan.test.v1.Streams.Count, get: "/count/{count}"}
  - {selector: sidespan.test.v1.Cases.Raw, post: /raw, body: "*"}
  - {selector: sidespan.test.v1.Cases.Upload, post: /raw/upload, body: "*"}
  - {selector: sidespan.test.v1.Cases.Download, get: /raw/download, additional_bindings: [{post: /raw/download, body: "*"}]}
  - {selector: sidespan.test.v1.Cases.Fetch, get: /raw/fetch}
"""
NDJSON = "Content-Type: application/x-ndjson"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def routes(tmp_path_factory):
    path = tmp_path_factory.mktemp("routes") / "bodies.yaml"
    path.write_text(ROUTES)
    return str(path)


class One:
    """A sidespan of this file's tests, started again when one has broken it."""

    def __init__(self, make):
        self.make, self.process = make, None

    def get(self):
        if self.process is None or not self.process.alive:
            self.process = self.make().wait_ready()
        return self.process


@pytest.fixture(scope="module")
def one(tmp_path_factory, make_config, routes):
    box = One(lambda: Sidespan(tmp_path_factory.mktemp("bodies"), make_config(routes=[routes])))
    yield box
    if box.process:
        box.process.finish()


@pytest.fixture
def sidespan(one):
    process = one.get()
    yield process
    assert process.alive, f"sidespan ended:\n{process.stderr[-20000:]}"


@pytest.fixture
def fresh(start, routes):
    """fresh(…): a sidespan of the test's own with these routes."""
    return lambda **keys: start(routes=[routes], **keys)


def chunk(data):
    data = data.encode() if isinstance(data, str) else data
    return b"%x\r\n%s\r\n" % (len(data), data)


def begin(connection, method, target, *headers):
    connection.send("\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", CHUNKED, *headers]) + "\r\n\r\n")


def line(**fields):
    return json.dumps(fields) + "\n"


# ---- client streams ----


@pytest.mark.parametrize("kind", ["ndjson", "array"])
def test_each_message_of_an_upload_goes_up_when_it_is_whole(connect, services, kind):
    key = uuid.uuid4().hex
    connection = connect()
    begin(connection, "POST", "/upload", NDJSON if kind == "ndjson" else "Content-Type: application/json")
    before, between, after = ("", "\n", "\n") if kind == "ndjson" else ("[", ",", "]")
    for number in range(4):
        text = json.dumps({"text": f"w{number}", "key": key})
        connection.send(chunk((before if number == 0 else between) + text[:7]))
        connection.send(chunk(text[7:]))
        if kind == "ndjson":
            connection.send(chunk("\n"))
        eventually(lambda: services.stats(key)["started"] == number + 1, timeout=5)
    connection.send(chunk(after) + b"0\r\n\r\n")
    response = connection.read_response()
    assert response.status == 200 and response.json() == {"count": 4, "text": "w0w1w2w3"}
    assert connection.request("GET", "/echo").status == 200, "the connection is not of use any more"


def test_an_upload_over_http2_goes_up_as_it_comes(connect2, services):
    connection, key = connect2(), uuid.uuid4().hex
    stream = connection.start("POST", "/upload", headers=[("content-type", "application/x-ndjson")], end=False)
    for number in range(3):
        connection.send(stream, line(text="x", key=key).encode())
        eventually(lambda: services.stats(key)["started"] == number + 1, timeout=5)
    connection.send(stream, b"", end=True)
    assert connection.wait(stream).json()["count"] == 3


@pytest.mark.parametrize("cut", [1, 3])
def test_an_upload_in_tiny_pieces_arrives_whole(connect, cut):
    connection = connect()
    begin(connection, "POST", "/upload", "Content-Type: application/json")
    body = json.dumps([{"text": "žluť\n\"\\"}, {"text": "]}"}, {}, {"text": "end"}], ensure_ascii=False).encode()
    for start in range(0, len(body), cut):
        connection.send(chunk(body[start : start + cut]))
    connection.send(b"0\r\n\r\n")
    assert connection.read_response().json() == {"count": 4, "text": "žluť\n\"\\]}end"}


@pytest.mark.parametrize(
    "bad",
    ["{\"text\": 5}\n", "{\"nope\": 1}\n", "{\"text\" \"x\"}\n", "[1]\n", "\"x\"\n", "{\"text\": \"\\ud800\"}\n", b"{\"text\": \"\xff\"}\n"],
)
@pytest.mark.parametrize("version", [1, 2])
def test_a_bad_message_in_mid_upload_cancels_the_call_and_never_half_closes_it(connect, connect2, watching, version, bad):
    """A service that saw the half-close would take the upload for whole."""
    bad = bad if isinstance(bad, bytes) else bad.encode()
    if version == 1:
        connection = connect(to=watching.process)
        begin(connection, "POST", "/upload", NDJSON)
        connection.send(chunk(line(text="good")))
        eventually(lambda: watching.server.frames)
        connection.send(chunk(bad))
        response = connection.read_response()
    else:
        connection = connect2(to=watching.process)
        stream = connection.start("POST", "/upload", line(text="good").encode(), [("content-type", "application/x-ndjson")], end=False)
        eventually(lambda: watching.server.frames)
        connection.send(stream, bad)
        response = connection.wait(stream)
    assert response.status == 400 and response.json()["code"] == 3
    eventually(lambda: watching.server.resets == 1, timeout=3)
    assert watching.server.ended == 0


@pytest.mark.parametrize("version", [1, 2])
def test_an_upload_cut_off_by_its_client_cancels_the_call_and_never_half_closes_it(connect, connect2, watching, version):
    if version == 1:
        connection = connect(to=watching.process)
        begin(connection, "POST", "/upload", NDJSON)
        connection.send(chunk(line(text="good")))
    else:
        connection = connect2(to=watching.process)
        connection.start("POST", "/upload", line(text="good").encode(), [("content-type", "application/x-ndjson")], end=False)
    eventually(lambda: watching.server.frames)
    connection.close()
    eventually(lambda: watching.server.resets == 1, timeout=3)
    assert watching.server.ended == 0


def test_an_array_that_ends_too_early_cancels_the_call(connect, watching):
    connection = connect(to=watching.process)
    begin(connection, "POST", "/upload", "Content-Type: application/json")
    connection.send(chunk('[{"text":"a"}'))
    eventually(lambda: watching.server.frames)
    connection.send(b"0\r\n\r\n")
    assert connection.read_response().status == 400
    eventually(lambda: watching.server.resets == 1, timeout=3)
    assert watching.server.ended == 0


class Watch:
    """A service that takes everything and says nothing: what it saw of its calls is counted."""

    def __init__(self, consume=True):
        self.frames = self.bytes = self.resets = self.ended = 0
        self.consume = consume
        self.listener = faults.Listener(self.serve)

    def serve(self, connection):
        server = faults.H2Server(connection, None)
        server.h2.initiate_connection()
        server.flush()
        while data := connection.recv(65536):
            for event in server.h2.receive_data(data):
                name = type(event).__name__
                if name == "DataReceived":
                    self.frames += 1
                    self.bytes += len(event.data)
                    if self.consume:
                        server.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self.resets += name == "StreamReset"
                self.ended += name == "StreamEnded"
            server.flush()


class Watching:
    def __init__(self, process, server):
        self.process, self.server = process, server


@pytest.fixture
def watching(fresh):
    server = Watch()
    yield Watching(fresh(upstreams={"test": {"target": f"127.0.0.1:{server.listener.port}", "plaintext": True}}), server)
    server.listener.close()


def pour(connection, piece, limit):
    """Sends piece over and over until the socket takes nothing for two seconds; how many bytes it took."""
    connection.socket.settimeout(2)
    sent = 0
    while sent < limit:
        rest = piece
        while rest:
            try:
                n = connection.socket.send(rest)
            except TimeoutError:
                return sent
            sent, rest = sent + n, rest[n:]
    return sent


@pytest.mark.slow
@pytest.mark.parametrize("target, kind", [("/upload", NDJSON), ("/raw/upload", "Content-Type: text/plain")])
def test_a_service_that_stops_reading_stops_the_client_and_memory_stays_flat(fresh, target, kind):
    server = Watch(consume=False)
    process = fresh(upstreams={"test": {"target": f"127.0.0.1:{server.listener.port}", "plaintext": True}})
    before = process.rss_kib()
    connection = http1.Connection(process.address())
    begin(connection, "POST", target, kind)
    assert pour(connection, chunk(line(text="p" * 20_000)) * 4, 64 << 20) < 24 << 20, "the client goes on sending to nobody"
    assert server.bytes > 0 and process.rss_kib() - before < 24 << 10
    # Whoever else comes is served.
    with http1.Connection(process.address()) as other:
        assert other.request("GET", "/nowhere").status == 404
    # A FIN would stand behind what nobody reads; a reset does not.
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    eventually(lambda: server.resets == 1, timeout=5)
    server.listener.close()


def test_an_answer_before_the_upload_is_whole_ends_it(connect):
    """Over HTTP/1.1 the rest of the upload is dropped; the error is readable."""
    connection = connect()
    begin(connection, "POST", "/upload?nope=1", NDJSON)
    connection.send(chunk(line(text="a")))
    assert connection.read_response().status == 400


# ---- both ways ----


def test_both_ways_at_once_over_http2(connect2):
    connection = connect2()
    stream = connection.start("POST", "/chat", headers=[("content-type", "application/x-ndjson")], end=False)
    for number in range(5):
        connection.send(stream, line(text=f"w{number}").encode())
        state = connection.wait(stream, lambda state: state.body.count(b"\n") == number + 1)
    connection.send(stream, b"", end=True)
    state = connection.wait(stream)
    assert [json.loads(each)["text"] for each in state.body.splitlines()] == [f"w{number}" for number in range(5)]
    assert state.trailers["grpc-status"] == "0"


def test_both_ways_over_http_1_1_the_answers_come_while_the_upload_goes_on(connect):
    connection = connect()
    begin(connection, "POST", "/chat", NDJSON)
    connection.send(chunk(line(text="first")))
    status, headers = connection.read_head()
    assert status == 200 and json.loads(connection.read_chunk())["text"] == "first"
    connection.send(chunk(line(text="second")))
    assert json.loads(connection.read_chunk())["text"] == "second"
    connection.send(b"0\r\n\r\n")
    assert connection.read_chunk() == b"" and connection.read_line() == ""
    assert connection.request("GET", "/echo").status == 200, "the connection is not of use any more"


def test_both_ways_over_http_1_1_by_a_client_that_reads_only_at_the_end(connect):
    connection = connect()
    body = "".join(line(text="x" * 100) for _ in range(500)).encode()
    response = connection.request("POST", "/chat", body, [NDJSON])
    assert response.status == 200 and response.body.count(b"\n") == 500


def test_a_bad_message_behind_good_answers_is_the_last_line(connect2):
    connection = connect2()
    stream = connection.start("POST", "/chat", line(text="a").encode(), [("content-type", "application/x-ndjson")], end=False)
    connection.wait(stream, lambda state: state.body.count(b"\n") == 1)
    connection.send(stream, b'{"text":1}\n')
    state = connection.wait(stream)
    last = json.loads(state.body.splitlines()[-1])
    assert last["error"]["code"] == 3 and state.trailers["grpc-status"] == "3"


# ---- google.api.HttpBody ----


def test_any_bytes_go_up_and_come_down_as_they_are(connect):
    data = os.urandom(200_000)
    response = connect().request("POST", "/raw", data, ["Content-Type: image/png"])
    assert response.status == 200 and response.body == data and response.header("content-type") == "image/png"


def test_a_body_of_any_type_goes_up_piece_by_piece(connect, watching):
    connection = connect(to=watching.process)
    begin(connection, "POST", "/raw/upload", "Content-Type: video/mp4")
    for number in range(3):
        connection.send(chunk(b"piece"))
        eventually(lambda: watching.server.frames >= number + 1, timeout=5)


def test_a_long_body_is_streamed_up_whatever_the_cap_of_collected_ones(connect):
    connection = connect()
    begin(connection, "POST", "/raw/upload", "Content-Type: application/octet-stream")
    piece = b"z" * 100_000
    for _ in range(100):
        connection.send(chunk(piece))
    connection.send(b"0\r\n\r\n")
    summary = connection.read_response().json()
    assert summary["bytes"] == str(100 * len(piece)) and summary["contentType"] == "application/octet-stream"


def test_a_body_comes_down_piece_by_piece_as_the_service_sends_it(fresh, connect):
    go = threading.Event()

    def on_request(server, stream, path):
        def body(content_type, data):
            message = (b"\x0a" + bytes([len(content_type)]) + content_type if content_type else b"") + b"\x12" + bytes([len(data)]) + data
            return faults.grpc_frame(message)

        server.head(stream)
        server.data(stream, body(b"text/csv", b"a,b\n"))
        go.wait(10)
        server.data(stream, body(b"", b"1,2\n"))
        server.trailers(stream, ("grpc-status", "0"))

    listener = faults.h2_service(on_request)
    process = fresh(upstreams={"test": {"target": f"127.0.0.1:{listener.port}", "plaintext": True}})
    connection = connect(to=process)
    connection.send_request("GET", "/raw/download")
    status, headers = connection.read_head()
    assert status == 200 and ("content-type", "text/csv") in headers
    assert connection.read_chunk() == b"a,b\n"
    go.set()
    assert connection.read_chunk() == b"1,2\n" and connection.read_chunk() == b""
    listener.close()


def test_a_body_that_breaks_off_cannot_be_taken_for_whole(connect, connect2):
    request = json.dumps({"contentType": "text/plain", "chunks": ["YWFh"], "code": 13}).encode()
    connection = connect()
    connection.send_request("POST", "/raw/download", request, ["Content-Type: application/json"])
    assert connection.read_head()[0] == 200
    with pytest.raises(http1.Closed):
        while connection.read_chunk():
            pass
        pytest.fail("the last chunk has come")
    assert connect2().request("POST", "/raw/download", request, [("content-type", "application/json")]).reset is not None


# ---- gzip ----


def test_a_gzip_bomb_is_stopped_at_the_cap(sidespan, connect):
    before = sidespan.rss_kib()
    bomb = gzip.compress(b'{"stringValue":"' + b"a" * (200 << 20) + b'"}')
    assert len(bomb) < 4 << 20
    response = connect().request("POST", "/echo", bomb, ["Content-Type: application/json", "Content-Encoding: gzip"])
    assert response.status == 413 and response.json()["code"] == 8
    assert sidespan.rss_kib() - before < 64 << 10


@pytest.mark.parametrize("target, kind", [("/upload", NDJSON), ("/raw/upload", "Content-Type: text/plain")])
def test_a_gzip_bomb_on_a_stream_waits_for_the_service(connect, target, kind, fresh):
    """64 KiB become 60 MB of messages: they may not pile up here while the service does not take them."""
    server = Watch(consume=False)
    process = fresh(upstreams={"test": {"target": f"127.0.0.1:{server.listener.port}", "plaintext": True}})
    before = process.rss_kib()
    bomb = gzip.compress(b"{}\n" * (20 << 20))
    connection = connect(to=process)
    begin(connection, "POST", target, kind, "Content-Encoding: gzip")
    connection.send(chunk(bomb[: 128 << 10]))
    eventually(lambda: server.bytes > 0)
    # Meanwhile the rest of the world is served.
    begun = time.monotonic()
    with http1.Connection(process.address()) as other:
        assert other.request("GET", "/nowhere").status == 404 and time.monotonic() - begun < 2
    time.sleep(1.5)
    grown = process.rss_kib() - before
    assert process.alive and grown < 64 << 10, grown  # of which most is AddressSanitizer's quarantine
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()
    eventually(lambda: server.resets == 1, timeout=5)
    server.listener.close()


@pytest.mark.parametrize("keep", [1, 12, -9, -1])
@pytest.mark.parametrize("target", ["/echo", "/upload", "/raw"])
def test_truncated_gzip_is_refused(connect, keep, target):
    body = gzip.compress(b'{"stringValue": "abc"}' if target == "/echo" else b'{"text": "abc"}')[:keep]
    response = connect().request("POST", target, body, ["Content-Type: application/json", "Content-Encoding: gzip"])
    assert response.status == 400 and "gzip" in response.json()["message"]


def test_gzip_in_pieces_of_one_byte_is_whole(connect):
    connection = connect()
    begin(connection, "POST", "/upload", NDJSON, "Content-Encoding: gzip")
    for byte in gzip.compress((line(text="a") * 3).encode()):
        connection.send(chunk(bytes([byte])))
    connection.send(b"0\r\n\r\n")
    assert connection.read_response().json() == {"count": 3, "text": "aaa"}


@pytest.mark.parametrize("version", [1, 2])
def test_a_big_answer_compressed_is_the_same_answer(connect, connect2, version):
    if version == 1:
        response = connect().request("GET", "/blob/2000000", headers=["Accept-Encoding: gzip"])
        fields = dict(response.headers)
        assert int(fields["content-length"]) == len(response.body)
    else:
        response = connect2().request("GET", "/blob/2000000", headers=[("accept-encoding", "gzip")])
        fields = response.headers
    assert fields["content-encoding"] == "gzip" and "accept-encoding" in fields["vary"].lower()
    assert len(response.body) < 100_000
    assert json.loads(gzip.decompress(response.body))["size"] == "2000000"


def test_answers_compressed_one_after_another_do_not_depend_on_each_other(connect):
    connection = connect()
    for size in (2000, 500_000, 3000):
        response = connection.request("GET", f"/blob/{size}", headers=["Accept-Encoding: gzip"])
        assert json.loads(zlib.decompress(response.body, 31))["size"] == str(size)


# ---- no body ----


def test_head_has_the_length_and_no_body(connect):
    connection = connect()
    get, head = connection.request("GET", "/blob/5000"), connection.request("HEAD", "/blob/5000")
    assert head.status == 200 and head.body == b"" and head.header("content-length") == get.header("content-length")
    assert connection.request("HEAD", "/raw/fetch?size=100").header("content-length") == "100"
    assert connection.request("HEAD", "/count/3").status == 200
    assert connection.request("GET", "/echo").status == 200, "something stands between the answers"


def test_head_over_http2_has_no_body(connect2):
    connection = connect2()
    for target in ("/blob/5000", "/count/3", "/raw/fetch?size=100", "/nowhere"):
        assert connection.request("HEAD", target).body == b""
    assert connection.request("GET", "/echo").status == 200


def test_options_has_no_body(connect):
    connection = connect()
    response = connection.request("OPTIONS", "/blob/1")
    assert response.status == 204 and response.header("content-length") is None and "GET" in response.header("allow")
    assert connection.request("GET", "/echo").status == 200


# ---- the end of the process ----


@pytest.mark.parametrize("version", [1, 2])
def test_an_upload_in_flight_outlives_sigterm(fresh, services, version):
    process, key = fresh(), uuid.uuid4().hex
    first = line(text="a", key=key)
    if version == 1:
        connection = http1.Connection(process.address())
        begin(connection, "POST", "/upload", NDJSON)
        connection.send(chunk(first))
    else:
        connection = http2.Connection(process.address())
        stream = connection.start("POST", "/upload", first.encode(), [("content-type", "application/x-ndjson")], end=False)
    eventually(lambda: services.stats(key)["started"] == 1)
    process.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    if version == 1:
        connection.send(chunk(line(text="b")) + b"0\r\n\r\n")
        response = connection.read_response()
    else:
        connection.send(stream, line(text="b").encode(), end=True)
        response = connection.wait(stream)
    assert response.status == 200 and response.json() == {"count": 2, "text": "ab"}
    connection.close()
    assert process.wait() == 0


def test_an_upload_beyond_the_drain_timeout_is_cut_and_cancelled(fresh):
    server = Watch()
    process = fresh(
        drain_timeout="300ms", upstreams={"test": {"target": f"127.0.0.1:{server.listener.port}", "plaintext": True}}
    )
    with http1.Connection(process.address()) as connection:
        begin(connection, "POST", "/upload", NDJSON)
        connection.send(chunk(line(text="a")))
        eventually(lambda: server.frames)
        begun = time.monotonic()
        process.process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert time.monotonic() - begun < 5
    assert server.ended == 0
    server.listener.close()
