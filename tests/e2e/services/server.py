"""The services of the tests, on grpcio: plaintext, TLS, and TLS that wants a client certificate.

Prints one line of JSON with its ports when it is ready. The stats port answers a line with a key by a line with what is
counted under that key, beside gRPC, so that a test can look while sidespan is busy; and "received ID" by the call that
came with that x-request-id: its method, its metadata and its messages as protobuf itself reads and prints them."""

import argparse
import asyncio
import base64
import collections
import json
import pathlib
import signal
import sys
import time

import grpc
from google.protobuf import json_format

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "demo"))
from protos import Protos  # noqa: E402

PROTOS = Protos(
    [ROOT / "proto", ROOT / "tests/e2e/proto"],
    [
        "sidespan/test/v1/test.proto",
        "sidespan/test/v1/cases.proto",
        "google/rpc/status.proto",
        "google/rpc/error_details.proto",
    ],
)
MESSAGE = "sidespan.test.v1."
MAX_BYTES = 64 << 20
MAX_RECORDS, MAX_RECORDED = 1000, 1 << 18

stats = collections.defaultdict(collections.Counter)
records = collections.OrderedDict()


def message(name):
    return PROTOS.message(name if "." in name else MESSAGE + name)


def status_code(number):
    return next(code for code in grpc.StatusCode if code.value[0] == number)


def pairs(lines):
    """("name: value", ...) as metadata; -bin values are hexadecimal."""
    for line in lines:
        name, _, value = line.partition(":")
        value = value.strip()
        yield name, bytes.fromhex(value) if name.endswith("-bin") else value


class counted:
    """Counts a call under its key: started, and how it ended."""

    def __init__(self, key):
        self.counter = stats[key]

    def __enter__(self):
        self.counter["started"] += 1
        return self.counter

    def __exit__(self, kind, error, trace):
        cancelled = kind is asyncio.CancelledError or kind is GeneratorExit
        self.counter["cancelled" if cancelled else "failed" if kind else "finished"] += 1
        if cancelled:
            self.counter["cancelled_at"] = time.monotonic()


class Recorder(grpc.aio.ServerInterceptor):
    """Keeps every call that has an x-request-id, the newest MAX_RECORDS of them."""

    async def intercept_service(self, continuation, details):
        handler = await continuation(details)
        metadata = collections.defaultdict(list)
        for name, value in details.invocation_metadata:
            metadata[name].append(value.hex() if isinstance(value, bytes) else value)
        if handler is None or "x-request-id" not in metadata:
            return handler
        record = {"calls": 0, "messages": [], "wire": []}
        record = records.setdefault(metadata["x-request-id"][0], record)
        record.update(method=details.method, metadata=metadata, calls=record["calls"] + 1)
        while len(records) > MAX_RECORDS:
            records.popitem(last=False)
        read = handler.request_deserializer

        def deserialize(wire):
            request = read(wire)
            if len(wire) > MAX_RECORDED:
                return request
            record["messages"].append(json_format.MessageToDict(request, descriptor_pool=PROTOS.pool))
            record["wire"].append(base64.b64encode(wire).decode())
            return request

        return handler._replace(request_deserializer=deserialize)


class Echo:
    async def Unary(self, request, context):
        return request

    async def Place(self, request, context):
        return request

    async def Metadata(self, request, context):
        reply = message("MetadataReply")(peer=context.peer())
        for name, value in context.invocation_metadata():
            reply.entries.add(name=name, value=value.hex() if isinstance(value, bytes) else value)
        left = context.time_remaining()
        if left is not None and left < 1e9:
            reply.seconds_left = left
        if request.initial:
            await context.send_initial_metadata(tuple(pairs(request.initial)))
        context.set_trailing_metadata(tuple(pairs(request.trailing)))
        return reply

    async def Fail(self, request, context):
        if request.crash:
            raise RuntimeError("the service has crashed")
        if request.initial:
            await context.send_initial_metadata(tuple(pairs(request.initial)))
        trailing = tuple(pairs(request.trailing))
        if request.details or request.retry_delay:
            trailing += (("grpc-status-details-bin", self.details(request).SerializeToString()),)
        await context.abort(status_code(request.code), request.message, trailing)

    @staticmethod
    def details(request):
        status = message("google.rpc.Status")(code=request.code, message=request.message)
        if request.details:
            info = message("google.rpc.ErrorInfo")(reason="TESTING", domain="test.example", metadata={"k": "v"})
            status.details.add().Pack(info)
            bad = message("google.rpc.BadRequest")()
            bad.field_violations.add(field="a.b", description="is wrong")
            status.details.add().Pack(bad)
            status.details.add(type_url="type.googleapis.com/test.Unheard", value=b"\x08\x01")
        if request.retry_delay:
            retry = message("google.rpc.RetryInfo")()
            retry.retry_delay.FromJsonString(request.retry_delay)
            status.details.add().Pack(retry)
        return status

    async def Slow(self, request, context):
        with counted(request.key):
            await asyncio.sleep(request.ms / 1000)
        return message("SlowReply")(ms=request.ms)

    async def Blob(self, request, context):
        if request.data:
            return message("BlobReply")(size=len(request.data))
        return message("BlobReply")(size=request.size, data=b"x" * request.size)


class Streams:
    async def Count(self, request, context):
        if request.fail_at_once:
            await context.abort(status_code(request.code), "failed at once")
        padding = "p" * request.size
        with counted(request.key) as counter:
            await asyncio.sleep(request.first_delay_ms / 1000)
            for number in range(request.count):
                if request.fail_after and number == request.fail_after:
                    await context.abort(status_code(request.code), f"failed after {number}")
                if request.delay_ms and number:
                    await asyncio.sleep(request.delay_ms / 1000)
                yield message("CountReply")(number=number, padding=padding, text=request.text)
                counter["sent"] += 1

    async def Upload(self, requests, context):
        texts, key = [], ""
        try:
            async for chunk in requests:
                key = chunk.key or key
                with counted(key):
                    texts.append(chunk.text)
                    await asyncio.sleep(chunk.sleep_ms / 1000)
            await asyncio.sleep(0.02)  # a cancelled stream first looks like one that has ended
        except asyncio.CancelledError:
            with counted(key):
                raise
        return message("UploadReply")(count=len(texts), text="".join(texts))

    async def Chat(self, requests, context):
        key = ""
        try:
            async for chunk in requests:
                key = chunk.key or key
                await asyncio.sleep(chunk.sleep_ms / 1000)
                yield chunk
            await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            with counted(key):
                raise


class Cases:
    async def Update(self, request, context):
        return request

    async def Store(self, request, context):
        return request

    async def Raw(self, request, context):
        return request

    async def Empty(self, request, context):
        return request

    @staticmethod
    def chunks(request):
        return list(request.chunks) or [b"x" * request.size]

    async def Fetch(self, request, context):
        if request.initial:
            await context.send_initial_metadata(tuple(pairs(request.initial)))
        if request.code:
            await context.abort(status_code(request.code), "not fetched")
        return message("google.api.HttpBody")(
            content_type=request.content_type, data=b"".join(self.chunks(request))
        )

    async def Wrapped(self, request, context):
        return message("StoreRequest")(name="wrapped", file=await self.Fetch(request, context))

    async def Download(self, request, context):
        if request.initial:
            await context.send_initial_metadata(tuple(pairs(request.initial)))
        for number, data in enumerate(self.chunks(request)):
            content_type = "" if number else request.content_type
            yield message("google.api.HttpBody")(content_type=content_type, data=data)
        if request.code:
            await context.abort(status_code(request.code), "not downloaded")

    async def Upload(self, requests, context):
        reply = message("Summary")()
        async for body in requests:
            reply.messages += 1
            reply.bytes += len(body.data)
            reply.content_type = reply.content_type or body.content_type
        return reply

    async def StoreAll(self, requests, context):
        reply = message("Summary")()
        async for part in requests:
            reply.messages += 1
            reply.bytes += len(part.data) + len(part.file.data)
            reply.content_type = reply.content_type or part.file.content_type
            reply.name = reply.name or part.name
        return reply


class Annotated:
    async def Get(self, request, context):
        return request

    Replaced = Silent = Get


async def answer_stats(reader, writer):
    while line := await reader.readline():
        key = line.decode().strip()
        answer = records.get(key.split()[1]) if key.startswith("received ") else stats[key]
        writer.write(json.dumps(answer).encode() + b"\n")
    writer.close()


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--certs", type=pathlib.Path, required=True)
    options.add_argument("--port", type=int, default=0, help="of plaintext; 0 picks one")
    args = options.parse_args()

    server = grpc.aio.server(
        interceptors=[Recorder()],
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_send_message_length", MAX_BYTES),
            ("grpc.max_receive_message_length", MAX_BYTES),
        ]
    )
    server.add_generic_rpc_handlers(
        [
            PROTOS.handlers(grpc, MESSAGE + type(servicer).__name__, servicer)
            for servicer in (Echo(), Streams(), Cases(), Annotated())
        ]
    )
    pair = [((args.certs / "server.key").read_bytes(), (args.certs / "server.crt").read_bytes())]
    ca = (args.certs / "ca.crt").read_bytes()
    ports = {
        "plain": server.add_insecure_port(f"127.0.0.1:{args.port}"),
        "tls": server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair)),
        "mtls": server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(pair, ca, True)),
    }
    await server.start()
    listener = await asyncio.start_server(answer_stats, "127.0.0.1", 0)
    ports["stats"] = listener.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
