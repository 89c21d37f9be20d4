"""A service's message may become hundreds of times its size as JSON. That has a cap of its own, which ends the answer as a
Status, in every form and over both versions of HTTP; what waits for a slow reader waits as it came (reported 2)."""

import asyncio
import contextlib
import subprocess
import time

import pytest

from harness import cost, faults, http1, http2
from harness.faults import grpc_frame
from harness.process import eventually, write_routes
from harness.websocket import WebSocket

FIELDS = 40
# What an empty Part is as JSON, and the array around it.
PART = "{" + ",".join(f'"aFieldWithALongName{n:02}":""' for n in range(FIELDS)) + "}"
PROTO = f"""syntax = "proto3";
package wide;
message Part {{ {" ".join(f"string a_field_with_a_long_name_{n:02} = {n + 1};" for n in range(FIELDS))} }}
message Parts {{ repeated Part parts = 1; }}
message Ask {{}}
service Wide {{
  rpc One(Ask) returns (Parts);
  rpc Many(Ask) returns (stream Parts);
}}
"""
RULES = [
    {"selector": "wide.Wide.One", "get": "/one", "additional_bindings": [{"get": "/parts", "response_body": "parts"}]},
    {"selector": "wide.Wide.Many", "get": "/many"},
]
KIB, MIB = 1024, 1024 * 1024


class Wide:
    """A service whose answer is messages of so many empty parts each."""

    def __init__(self):
        self.parts, self.messages, self.chunks = 1, 1, []
        self.service = faults.h2_service(self.answer)

    def answer(self, server, stream, path):
        server.head(stream)
        frame = grpc_frame(b"\x0a\x00" * self.parts)
        self.chunks = [frame] * self.messages
        self.go_on(server, stream)

    def go_on(self, server, stream):
        """Sends what sidespan's windows let it, reading what opens them."""
        rest = b"".join(self.chunks)
        while rest:
            room = min(server.h2.local_flow_control_window(stream), server.h2.max_outbound_frame_size, len(rest))
            if room:
                server.h2.send_data(stream, rest[:room])
                rest = rest[room:]
                server.flush()
            else:
                data = server.socket.recv(65536)
                if not data:
                    return
                events = server.h2.receive_data(data)
                server.flush()
                if any(type(event).__name__ == "StreamReset" for event in events):
                    return
        server.trailers(stream, ("grpc-status", "0"))


@pytest.fixture
def wide(release, tmp_path):
    (tmp_path / "wide.proto").write_text(PROTO)
    out = tmp_path / "wide.pb"
    subprocess.run(["protoc", f"-I{tmp_path}", f"--descriptor_set_out={out}", "wide.proto"], check=True)
    service = Wide()

    def start(**keys):
        return release(
            descriptors=[str(out)],
            routes=[write_routes(tmp_path, RULES)],
            upstreams={"test": {"target": f"127.0.0.1:{service.service.port}", "plaintext": True}},
            workers=1,
            **keys,
        )

    with contextlib.closing(service.service):
        yield service, start


def ask(transport, sidespan, path, method="GET"):
    with transport.Connection(sidespan.address()) as connection:
        return connection.request(method, path)


def fetch(sidespan, path, http_2):
    """Status and body, by curl: our own clients are for small answers."""
    version = "--http2-prior-knowledge" if http_2 else "--http1.1"
    done = subprocess.run(
        ["curl", "-sS", version, "-w", "%{stderr}%{http_code}", "--max-time", "30", sidespan.url() + path],
        capture_output=True,
        check=True,
    )
    return done.stderr.decode(), done.stdout


def access_lines(sidespan, path):
    return [line for line in sidespan.stderr.splitlines() if " access " in line and f'"{path}"' in line]


FORMS = ["/one", "/parts", "/one?$prettyPrint", "/many?$alt=ndjson", "/many?$alt=array", "/many?$alt=sse", "/many?$alt=object"]


@pytest.mark.parametrize("transport", [http1, http2])
def test_past_the_cap_an_answer_is_a_status_whatever_its_form(wide, transport):
    service, start = wide
    service.parts = 200_000  # 400 KB, and as JSON 250 MB
    sidespan = start()
    before = cost.resident_kib(sidespan.pid)
    for form in FORMS:
        cost.forget_peak(sidespan.pid)
        answer = ask(transport, sidespan, form)
        assert (answer.status, answer.json()["code"]) == (500, 8), form
        assert "max_json_bytes" in answer.json()["message"]
        assert cost.peak_kib(sidespan.pid) - before < 64 * KIB + 24 * KIB, form
    assert ask(transport, sidespan, "/one", "HEAD").status == 500
    for path, count in {"/one": 3, "/parts": 1, "/many": 4}.items():
        lines = eventually(lambda: (found := access_lines(sidespan, path)) and len(found) == count and found)
        assert all(" 500 grpc=8 " in line for line in lines), lines


def test_past_the_cap_a_websocket_closes_with_the_code(wide):
    service, start = wide
    service.parts = 200_000
    sidespan = start()
    before = cost.resident_kib(sidespan.pid)
    cost.forget_peak(sidespan.pid)
    socket = WebSocket(sidespan.address(), "/many").open()
    code, reason = socket.read_close()
    assert code == 4008 and "max_json_bytes" in reason
    assert cost.peak_kib(sidespan.pid) - before < 64 * KIB + 24 * KIB
    socket.connection.close()


@pytest.mark.parametrize("transport, mib", [(http1, 64), (http2, 8)])
def test_up_to_the_cap_an_answer_comes_whole(wide, transport, mib):
    service, start = wide
    service.parts = (mib * MIB - len('{"parts":[]}')) // (len(PART) + 1)
    sidespan = start(**({} if mib == 64 else {"limits": {"max_json_bytes": f"{mib}MiB"}}))
    before = cost.resident_kib(sidespan.pid)
    cost.forget_peak(sidespan.pid)
    status, body = fetch(sidespan, "/one", transport is http2)
    assert status == "200"
    assert body == b'{"parts":[' + b",".join([PART.encode()] * service.parts) + b"]}"
    assert cost.peak_kib(sidespan.pid) - before < mib * KIB + 24 * KIB
    service.parts += 1
    assert ask(transport, sidespan, "/one").status == 500


def test_the_cap_follows_the_messages_or_what_is_said(wide):
    service, start = wide
    service.parts = 1000
    size = len('{"parts":[]}') + 1000 * (len(PART) + 1) - 1
    for limits, status in [
        ({"max_message_bytes": size // 16 + 1}, 200),
        ({"max_message_bytes": size // 16 - 1}, 500),
        ({"max_json_bytes": size}, 200),
        ({"max_json_bytes": size - 1}, 500),
    ]:
        assert ask(http1, start(limits=limits), "/one").status == status, limits


@pytest.mark.parametrize("transport", [http1, http2])
def test_what_waits_for_a_slow_reader_is_small(wide, transport):
    service, start = wide
    service.parts, service.messages = 1000, 60  # 2 KB each, all within one window, and 1.2 MB as JSON
    sidespan = start()
    before = cost.resident_kib(sidespan.pid)
    options = {"receive_buffer": 4096} if transport is http1 else {"window": 16384}
    with transport.Connection(sidespan.address(), **options) as connection:
        if transport is http1:
            connection.send_request("GET", "/many")
        else:
            stream = connection.start("GET", "/many")
        time.sleep(0.5)
        peak = cost.peak_kib(sidespan.pid) - before
        assert peak < 8 * KIB
    status, body = fetch(sidespan, "/many", transport is http2)
    lines = body.splitlines()
    assert (status, len(lines), len(set(lines))) == ("200", 60, 1)
    assert cost.peak_kib(sidespan.pid) - before < 16 * KIB
