"""What comes in, in each form, against the memory and the work that it makes: at most 16 times the bytes and 1 MiB, and work that
grows as the bytes do. The shapes are the worst that are known of each form. The table is build/amplification.json.

Memory is the peak of the optimised binary's resident set above what it was after a first request. Work is instructions of its own
code, at a size and at four times that size: they must not be more than five times as many (a square would be sixteen). Bytes of
headers are counted as RFC 9113 §6.5.2 counts them, before HPACK makes one byte of a field. Of a message that becomes JSON,
what came is max_message_bytes, which is what the cap of JSON follows: the message is nearly as large."""

import base64
import contextlib
import dataclasses
import json
import typing

import pytest

from harness import cost, http1, http2
from harness.clients import BOUNDARY
from harness.faults import grpc_frame, h2_service
from harness.process import RELEASE, ROOT, Sidespan, write_routes
from harness.websocket import CLOSE, TEXT, WebSocket, frame

KIB, MIB = 1 << 10, 1 << 20
STREAMS = 8
JSON = ["Content-Type: application/json"]
FORM = ["Content-Type: application/x-www-form-urlencoded"]
MULTIPART = [f"Content-Type: multipart/form-data; boundary={BOUNDARY}"]
RULES = [
    {
        "selector": "sidespan.test.v1.Echo.Unary",
        "post": "/all",
        "body": "*",
        "additional_bindings": [{"get": "/all"}],
    },
    {"selector": "sidespan.test.v1.Streams.Upload", "post": "/upload", "body": "*"},
    {"selector": "sidespan.test.v1.Streams.Count", "get": "/stream"},
]


# ---- the service ----


class Service:
    """Takes everything, and answers as `answer(server, stream)` does."""

    def __init__(self):
        self.answer = self.empty
        self.listener = h2_service(lambda server, stream, path: self.answer(server, stream))

    @staticmethod
    def empty(server, stream):
        server.answer(stream)


def send_all(server, stream, data):
    """data, as fast as its windows are opened."""
    while data:
        n = min(server.h2.local_flow_control_window(stream), server.h2.max_outbound_frame_size, len(data))
        if n <= 0:
            server.h2.receive_data(server.socket.recv(65536))
            server.flush()
            continue
        server.data(stream, data[:n])
        data = data[n:]


def answer_bytes(frames):
    def answer(server, stream):
        server.head(stream)
        send_all(server, stream, frames)
        server.trailers(stream, ("grpc-status", "0"))

    return answer


# ---- shapes: each a function of a size, which sends and returns how many bytes came ----


def request(sidespan, method, target, body=None, headers=(), statuses=(200,)):
    """The answer is read as fast as it comes, and dropped."""
    with http1.Connection(sidespan.address()) as connection:
        connection.send_request(method, target, body, ["Connection: close", *headers])
        begin = connection.socket.recv(65536)
        assert int(begin.split(b" ", 2)[1]) in statuses, begin[:500]
        while connection.socket.recv(1 << 20):
            pass


def repeated(before, unit, after, n):
    """before, as many units as n bytes hold, after. "#" in a unit is its number; what separates units is not behind the last."""
    separator = unit[-1:] if unit[-1:] in b",&" else b""
    unit = unit.removesuffix(separator)
    if b"#" not in unit:
        return before + separator.join([unit] * (n // len(unit + separator))) + after
    units, left = [], n
    while left > 0:
        units.append(unit.replace(b"#", b"%d" % len(units)))
        left -= len(units[-1] + separator)
    return before + separator.join(units) + after


def body(headers, before, unit, after, statuses=(200,)):
    def send(sidespan, service, n):
        text = repeated(before, unit, after, n)
        request(sidespan, "POST", "/all", text, headers, statuses)
        return len(text)

    return send


def part(name, content, filename=b""):
    file = b'; filename="%s"' % filename if filename else b""
    return b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (BOUNDARY.encode(), name, file, content)


def parts(sidespan, service, n):
    text = part(b"int32List", b"1") * min(n // len(part(b"int32List", b"1")), 1000) + b"--%s--\r\n" % BOUNDARY.encode()
    request(sidespan, "POST", "/all", text, MULTIPART)
    return len(text)


def file_part(sidespan, service, n):
    text = part(b"bytesValue", b"\xff" * n, b"f") + b"--%s--\r\n" % BOUNDARY.encode()
    request(sidespan, "POST", "/all", text, MULTIPART)
    return len(text)


def text_part(sidespan, service, n):
    text = part(b"stringValue", b"\x01" * n) + b"--%s--\r\n" % BOUNDARY.encode()
    request(sidespan, "POST", "/all", text, MULTIPART)
    return len(text)


def query(unit, statuses=(200,)):
    def send(sidespan, service, n):
        target = repeated(b"/all?", unit, b"", n).decode()
        request(sidespan, "GET", target, statuses=statuses)
        return len(target)

    return send


def headers(name, count):
    def send(sidespan, service, n):
        fields = [f"{name}: {'v' * (n // count)}" for _ in range(count)]
        request(sidespan, "GET", "/all", headers=fields)
        return sum(len(field) for field in fields)

    return send


def binary_values(sidespan, service, n):
    value = "AA," * (n // 3) + "AA"
    request(sidespan, "GET", "/all", headers=[f"a-bin: {value}"], statuses=(200, 431))
    return len(value)


def indexed_headers(name, count):
    """The same field again and again in a head, on many streams at once: HPACK makes one byte of each but the first."""

    def send(sidespan, service, n):
        fields = [(name, "v" * (n // count))] * count
        with http2.Connection(sidespan.address()) as connection:
            streams = [connection.start("GET", "/all", None, fields) for _ in range(STREAMS)]
            for stream in streams:
                connection.wait(stream, lambda state: state.ended)
                assert connection.streams[stream].status == 200
        return STREAMS * count * (len(name) + n // count + 32)

    return send


def websocket(piece):
    def send(sidespan, service, n):
        frames = piece(n)
        socket = WebSocket(sidespan.address(), "/upload").open()
        socket.connection.send(frames + frame(TEXT, b""))
        assert socket.connection.socket.recv(65536)
        socket.connection.send(frame(CLOSE, b"\x03\xe8"))  # it waits for that
        while socket.connection.socket.recv(65536):
            pass
        socket.connection.close()
        return len(frames)

    return send


def tiny_frames(n):
    return frame(TEXT, b"{}") * (n // 8)


def fragments(n):
    """One message of one byte a fragment."""
    text = b'{"text":"' + b"x" * (n // 7) + b'"}'
    middle = b"".join(frame(0, text[i : i + 1], fin=False) for i in range(1, len(text) - 1))
    return frame(TEXT, text[:1], fin=False) + middle + frame(0, text[-1:])


def answer(unit, target="/all", headers=()):
    """One message of the service's, made of these bytes."""

    def send(sidespan, service, n):
        payload = unit * (n // len(unit))
        service.answer = answer_bytes(grpc_frame(payload))
        request(sidespan, "GET", target, headers=headers, statuses=(200, 500))
        return len(payload)

    return send



def stream_of(payload):
    def send(sidespan, service, n):
        frames = grpc_frame(payload) * (n // len(grpc_frame(payload)))
        service.answer = answer_bytes(frames)
        request(sidespan, "GET", "/stream")
        return len(frames)

    return send


def varint(value):
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def details(unit):
    def send(sidespan, service, n):
        text = base64.b64encode(unit * (n // len(unit) * 3 // 4)).decode().rstrip("=")

        def fail(server, stream):
            fields = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "3"), ("grpc-status-details-bin", text)]
            server.h2.send_headers(stream, fields, end_stream=True)
            server.flush()

        service.answer = fail
        request(sidespan, "GET", "/all", statuses=(400,))
        return len(text)

    return send


def metadata(count):
    def send(sidespan, service, n):
        fields = [(f"x-{i}", "v" * (n // count)) for i in range(count)]

        def meet(server, stream):
            server.head(stream, *fields)
            server.data(stream, grpc_frame(b""))
            server.trailers(stream, ("grpc-status", "0"))

        service.answer = meet
        request(sidespan, "GET", "/all")
        return sum(len(name) + len(value) + 32 for name, value in fields)

    return send


@dataclasses.dataclass
class Row:
    form: str
    shape: str
    send: typing.Callable
    size: int = 3 * MIB  # for the memory
    small: int = 32 * KIB  # for the work, and four times that
    message: bool = False  # what came is max_message_bytes, nearly the size


ANY = field(1, b"type.googleapis.com/google.rpc.RetryInfo")
ROWS = [
    Row("JSON", "empty messages", body(JSON, b'{"nestedList":[', b"{},", b"]}")),
    Row("JSON", "numbers", body(JSON, b'{"int32List":[', b"1,", b"]}")),
    Row("JSON", "keys of a map", body(JSON, b'{"stringMap":{', b'"#":"",', b"}}")),
    Row("JSON", "empty arrays of a Value", body(JSON, b'{"value":[', b"[],", b"]}")),
    Row("JSON", "members of a Struct", body(JSON, b'{"struct":{', b'"#":{},', b"}}")),
    Row("JSON", "escapes", body(JSON, b'{"stringValue":"', rb"\u00e9", b'"}')),
    Row("JSON", "unknown fields", body(JSON, b"{", b'"u#":0,', b"}", (400,)), small=128 * KIB),
    Row("form", "elements of a list", body(FORM, b"", b"int32List=1&", b"")),
    Row("form", "keys of a map", body(FORM, b"", b"stringMap[#]=&", b"")),
    Row("form", "unknown parameters", body(FORM, b"", b"u#&", b"", (400,))),
    Row("form", "escapes", body(FORM, b"stringValue=", b"%01", b"")),
    Row("multipart", "parts", parts, 80 * KIB, 20 * KIB),
    Row("multipart", "a file", file_part),
    Row("multipart", "a text", text_part),
    Row("query", "elements of a list", query(b"int32List=1&"), 60 * KIB, 15 * KIB),
    Row("query", "keys of a map", query(b"stringMap[#]=&"), 60 * KIB, 15 * KIB),
    Row("query", "unknown parameters", query(b"u#&", (400,)), 60 * KIB, 15 * KIB),
    Row("headers", "x-forwarded-for, HTTP/1.1", headers("x-forwarded-for", 90), 60 * KIB, 14 * KIB),
    Row("headers", "-bin of many values, HTTP/1.1", binary_values, 60 * KIB, 14 * KIB),
    Row("headers", "x-forwarded-for, HTTP/2", indexed_headers("x-forwarded-for", 90), 54 * KIB, 12 * KIB),
    Row("headers", "other names, HTTP/2", indexed_headers("x-tag", 90), 54 * KIB, 12 * KIB),
    Row("WebSocket", "empty messages", websocket(tiny_frames), small=8 * KIB),
    Row("WebSocket", "fragments of a byte", websocket(fragments), small=8 * KIB),
    Row("answer", "empty values of a list", answer(field(65, b"\x0a\x00")), 1 * MIB, 8 * KIB, True),
    Row("answer", "empty messages", answer(b"\x82\x02\x00"), 1 * MIB, 4 * KIB, True),
    Row("answer", "control characters", answer(field(31, b"\x01" * 100)), 2 * MIB, 16 * KIB, True),
    Row("answer", "empty messages of a stream", stream_of(b"")),
    # (reported 9)
    Row("details", "RetryInfo", details(field(3, ANY)), 40 * KIB, 10 * KIB),
    Row("details", "empty details", details(field(3, b"")), 40 * KIB, 4 * KIB),
    Row("metadata", "fields", metadata(90), 54 * KIB, 12 * KIB),
]
IDS = [f"{row.form}: {row.shape}" for row in ROWS]


@pytest.fixture(scope="module")
def table():
    """The table's rows by name, printed and written at the end."""
    rows = {name: {"form": row.form, "shape": row.shape} for name, row in zip(IDS, ROWS)}
    yield rows
    (ROOT / "build/amplification.json").write_text(json.dumps(list(rows.values()), indent=1))
    print(f"\n{'form':10} {'shape':32} {'bytes in':>10} {'peak KiB':>9} {'times':>6} {'instr./byte':>11} {'at 4 times':>10}")
    for row in rows.values():
        cells = (row.get("bytes", 0), row.get("peak_kib", 0), row.get("times", 0), row.get("per_byte", 0), row.get("growth", 0))
        print("{:10} {:32} {:>10} {:>9} {:>6.1f} {:>11.0f} {:>10.2f}".format(row["form"], row["shape"], *cells))


@pytest.fixture
def service():
    one = Service()
    with contextlib.closing(one.listener):
        yield one


def config(folder, service, **limits):
    return {
        "routes": [write_routes(folder, RULES)],
        "upstreams": {"test": {"target": f"127.0.0.1:{service.listener.port}", "plaintext": True}},
        "limits": limits,
        "access_log": "off",
    }


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_memory_is_within_16_times_of_what_comes(release, service, table, tmp_path, row):
    limits = {"max_message_bytes": row.size} if row.message else {}
    sidespan = release(**config(tmp_path, service, **limits))
    request(sidespan, "GET", "/all")
    before = cost.resident_kib(sidespan.pid)
    cost.forget_peak(sidespan.pid)
    came = row.send(sidespan, service, row.size)
    assert came > row.size / 2
    peak = cost.peak_kib(sidespan.pid) - before
    came = row.size if row.message else came
    name = f"{row.form}: {row.shape}"
    table[name] |= {"bytes": came, "peak_kib": peak, "times": round(max(peak - KIB, 0) * KIB / came, 2)}
    assert peak * KIB <= 16 * came + MIB


@pytest.fixture(scope="module")
def counted(tmp_path_factory, make_config):
    """(sidespan under callgrind, its service, count()): one for all rows, for it starts slowly."""
    folder = tmp_path_factory.mktemp("counted")
    counter, service = cost.Counted(folder, RELEASE), Service()
    sidespan = Sidespan(folder, make_config(**config(folder, service)), binary=counter.binary).wait_ready()
    yield sidespan, service, lambda: counter.count(sidespan.pid)
    sidespan.finish()
    service.listener.close()


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_work_grows_as_what_comes(counted, table, row):
    sidespan, service, count = counted
    service.answer = service.empty
    row.send(sidespan, service, row.small)  # what is made once is made
    took = []
    for size in (row.small, 4 * row.small):
        count()
        came = row.send(sidespan, service, size)
        took.append(count())
    growth = took[1] / took[0]
    table[f"{row.form}: {row.shape}"] |= {"per_byte": round(took[1] / came), "growth": round(growth, 2)}
    assert growth <= 5
