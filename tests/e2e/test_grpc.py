"""Native gRPC on a REST listener: a grpcio client, the service, and sidespan between them without a word."""

import queue
import sys

import grpc
import pytest

from harness.process import E2E, PATIENCE, ROOT, eventually


@pytest.fixture(scope="module")
def protos():
    sys.path.insert(0, str(ROOT / "demo"))
    from protos import Protos

    return Protos([ROOT / "proto", E2E / "proto"], ["sidespan/test/v1/test.proto", "sidespan/test/v1/cases.proto"])


class Stub:
    """Methods by name: stub("Echo.Unary", {"int32_value": 5})."""

    def __init__(self, channel, protos):
        self.channel, self.protos = channel, protos

    def method(self, name):
        service, _, method = name.partition(".")
        descriptor = self.protos.service(f"sidespan.test.v1.{service}").methods_by_name[method]
        self.input = self.protos.message(descriptor.input_type.full_name)
        output = self.protos.message(descriptor.output_type.full_name)
        shape = {"Count": "unary_stream", "Upload": "stream_unary", "Chat": "stream_stream"}.get(method, "unary_unary")
        path = f"/sidespan.test.v1.{service}/{method}"
        call = getattr(self.channel, shape)
        return call(path, request_serializer=self.input.SerializeToString, response_deserializer=output.FromString)

    def message(self, type_name, **fields):
        return self.protos.message(f"sidespan.test.v1.{type_name}")(**fields)


@pytest.fixture(params=["cleartext", "TLS"])
def stub(request, sidespan, certs, protos):
    if request.param == "TLS":
        credentials = grpc.ssl_channel_credentials((certs / "ca.crt").read_bytes())
        port = sidespan.address(1)[1]
        channel = grpc.secure_channel(f"localhost:{port}", credentials)
    else:
        channel = grpc.insecure_channel("%s:%d" % sidespan.address())
    with channel:
        yield Stub(channel, protos)


def metadata_of(reply):
    return {entry.name: entry.value for entry in reply.entries}


def test_a_unary_call(stub):
    request = stub.message("Everything", int32_value=-5, string_value="ž", nested={"name": "n"}, int32_list=[1, 2])
    assert stub.method("Echo.Unary")(request, timeout=PATIENCE) == request


def test_fields_that_nobody_knows_pass_through(stub, protos):
    raw = b"\x08\x01\xba\x7d\x03abc"
    call = stub.channel.unary_unary("/sidespan.test.v1.Echo/Unary")
    assert b"\xba\x7d\x03abc" in call(raw, timeout=PATIENCE)


def test_a_large_message_passes_both_ways(stub):
    request = stub.message("Everything", bytes_value=bytes(3_000_000))
    assert stub.method("Echo.Unary")(request, timeout=PATIENCE) == request


def test_a_status_with_its_details(stub, protos):
    with pytest.raises(grpc.RpcError) as failed:
        stub.method("Echo.Fail")(stub.message("FailRequest", code=9, message="žádný", details=True), timeout=PATIENCE)
    error = failed.value
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION and error.details() == "žádný"
    trailers = dict(error.trailing_metadata())
    assert b"google.rpc.ErrorInfo" in trailers["grpc-status-details-bin"]


def test_metadata_pass_both_ways(stub):
    request = stub.message("MetadataRequest", initial=["x-initial: i", "x-data-bin: 00ff"], trailing=["x-late: l", "x-late-bin: 01"])
    sent = (("x-custom", "c"), ("x-custom-bin", b"\x00\x01"), ("user-agent-x", "u"))
    reply, call = stub.method("Echo.Metadata").with_call(request, metadata=sent, timeout=PATIENCE)
    got = metadata_of(reply)
    assert got["x-custom"] == "c" and got["x-custom-bin"] == "0001"
    initial, trailing = dict(call.initial_metadata()), dict(call.trailing_metadata())
    assert initial["x-initial"] == "i" and initial["x-data-bin"] == b"\x00\xff"
    assert trailing["x-late"] == "l" and trailing["x-late-bin"] == b"\x01"


def test_the_deadline_passes(stub):
    reply = stub.method("Echo.Metadata")(stub.message("MetadataRequest"), timeout=7)
    assert 4 < reply.seconds_left < 7.1  # grpcio rounds up


def test_a_deadline_that_passes_is_the_clients(stub):
    with pytest.raises(grpc.RpcError) as failed:
        stub.method("Echo.Slow")(stub.message("SlowRequest", ms=5000), timeout=0.3)
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_server_stream(stub):
    replies = stub.method("Streams.Count")(stub.message("CountRequest", count=50, text="t"), timeout=PATIENCE)
    assert [(reply.number, reply.text) for reply in replies] == [(number, "t") for number in range(50)]


def test_a_server_stream_that_fails_late(stub):
    replies = stub.method("Streams.Count")(stub.message("CountRequest", count=5, fail_after=2, code=8), timeout=PATIENCE)
    got = []
    with pytest.raises(grpc.RpcError) as failed:
        for reply in replies:
            got.append(reply.number)
    assert got == [0, 1] and failed.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_client_stream(stub):
    chunks = (stub.message("Chunk", text=f"{number},") for number in range(100))
    reply = stub.method("Streams.Upload")(chunks, timeout=PATIENCE)
    assert reply.count == 100 and reply.text.startswith("0,1,2,") and reply.text.endswith("99,")


def test_a_client_stream_of_nothing(stub):
    assert stub.method("Streams.Upload")(iter(()), timeout=PATIENCE).count == 0


def test_both_ways_in_turn(stub):
    outgoing = queue.Queue()
    replies = stub.method("Streams.Chat")(iter(outgoing.get, None), timeout=PATIENCE)
    for text in ("a", "b", "c"):
        outgoing.put(stub.message("Chunk", text=text))
        assert next(replies).text == text
    outgoing.put(None)
    assert list(replies) == []


def test_a_cancelled_call_is_cancelled_at_the_service(stub, services, request):
    key = f"cancel {request.node.name}".replace(" ", "-")
    call = stub.method("Echo.Slow").future(stub.message("SlowRequest", ms=60_000, key=key), timeout=PATIENCE)
    eventually(lambda: services.stats(key)["started"] == 1)
    call.cancel()
    eventually(lambda: services.stats(key)["cancelled"] == 1)


def test_a_method_that_nobody_has(stub):
    with pytest.raises(grpc.RpcError) as failed:
        stub.channel.unary_unary("/sidespan.test.v1.Missing/Call")(b"", timeout=PATIENCE)
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_service_that_nobody_knows(stub):
    with pytest.raises(grpc.RpcError) as failed:
        stub.channel.unary_unary("/no.such.Service/Call")(b"", timeout=PATIENCE)
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_method_without_a_route_is_unimplemented(stub):
    with pytest.raises(grpc.RpcError) as failed:
        stub.method("Cases.Store")(stub.message("StoreRequest", name="n"), timeout=PATIENCE)
    assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_compressed_messages_pass(stub):
    request = stub.message("Everything", string_value="x" * 10_000)
    call = stub.method("Echo.Unary")
    assert call(request, timeout=PATIENCE, compression=grpc.Compression.Gzip) == request


def test_many_calls_at_once(stub):
    call = stub.method("Echo.Unary")
    futures = [call.future(stub.message("Everything", int32_value=n), timeout=PATIENCE) for n in range(200)]
    assert [future.result().int32_value for future in futures] == list(range(200))
