#!/usr/bin/python3
"""Loads published APIs one by one, and calls each of their routes once: tests/published/run.py [--all] [--list] [NAME...]

An echo of everything stands behind sidespan, which is started anew for each API with `serve --upstream` and nothing else. An API
passes when it loads, every method that it declares has a route, and each route reaches its method with the values of its path.
Without --all or names: all Python packages, and of Google's APIs those of SOME. The last line is "N passed, N failed"."""

import argparse
import http.client
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent import futures

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from descriptors import ProtoFiles, PythonPackages, Types  # noqa: E402

SOME = [
    *("google/cloud/aiplatform/v1", "google/cloud/bigquery/storage/v1", "google/cloud/bigquery/v2", "google/cloud/dialogflow/cx/v3"),
    *("google/cloud/discoveryengine/v1", "google/cloud/documentai/v1", "google/cloud/iap/v1", "google/cloud/language/v1"),
    *("google/cloud/language/v2", "google/cloud/secretmanager/v1", "google/cloud/speech/v1", "google/cloud/speech/v2"),
    *("google/cloud/tasks/v2", "google/cloud/texttospeech/v1", "google/cloud/translate/v3", "google/cloud/vision/v1"),
    *("google/devtools/build/v1", "google/firestore/v1", "google/iam/admin/v1", "google/iam/v1", "google/logging/v2"),
    *("google/longrunning", "google/monitoring/v3", "google/pubsub/v1", "google/spanner/v1", "google/storage/v2"),
]
VARIABLE = re.compile(r"\{([A-Za-z_][\w.]*)(?:=([^}]*))?\}")
NUMBERS = {1, 2, 3, 4, 5, 6, 7, 13, 15, 16, 17, 18}  # FieldDescriptorProto.Type
BOOL, STRING, BYTES, ENUM = 8, 9, 12, 14
PATIENCE = 30


class Echo(grpc.GenericRpcHandler):
    """Takes any method; answers one empty message, which every type can be. What came is kept by request id."""

    def __init__(self):
        self.calls = {}
        self.server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[self])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def service(self, details):
        ids = [value for name, value in details.invocation_metadata if name == "x-request-id"]

        def answer(requests, context):
            messages = list(requests)
            self.calls.setdefault(ids[0] if ids else "", []).append((details.method, b"".join(messages)))
            yield b""

        return grpc.stream_stream_rpc_method_handler(answer)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def fill(template, method, types):
    """(a path that the template matches, texts that the request must then hold)"""
    texts = []

    def variable(match):
        name, pattern = match.groups()
        value = stars(pattern or "*")
        field = types.field(method.input_type.lstrip("."), name)
        if field.type == STRING:
            texts.append(value)
            return value
        if field.type in NUMBERS:
            return "1"
        if field.type == BOOL:
            return "true"
        if field.type == BYTES:
            return "eDE="
        if field.type == ENUM:
            return types.enums[field.type_name.lstrip(".")].value[-1].name
        return {"Timestamp": "2024-01-01T00:00:00Z", "Duration": "1s"}.get(field.type_name.rpartition(".")[2], "1")

    filled = VARIABLE.sub(variable, template)
    return stars(filled), texts


def stars(pattern):
    return pattern.replace("**", "x1/x2").replace("*", "x1")


class Sidespan:
    def __init__(self, binary, descriptors, upstream):
        self.flags = ["--upstream", f"127.0.0.1:{upstream}", "--plaintext", "--descriptor", str(descriptors)]
        self.binary, self.port, self.process = binary, free_port(), None

    def routes(self):
        done = subprocess.run([self.binary, "routes", *self.flags], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode:
            raise ValueError(done.stderr.strip().splitlines()[0])
        return [line.split()[:3] for line in done.stdout.splitlines()[1:]], done.stderr.count("warning: ")

    def __enter__(self):
        command = [self.binary, "serve", *self.flags, "--listen", f"127.0.0.1:{self.port}", "--admin", "off", "--access-log", "off"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise ValueError("it does not serve") from None
                time.sleep(0.01)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)


def call(connection, echo, number, route, types):
    """None, or what is wrong with it."""
    http_method, template, name = route
    _, method = types.methods[name]
    path, texts = fill(template, method, types)
    if http_method == "*":
        http_method = "POST"
    connection.request(http_method, path, headers={"x-request-id": str(number), "content-type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    calls = echo.calls.pop(str(number), [])
    service, _, short = name.rpartition(".")
    if [method for method, _ in calls] != [f"/{service}/{short}"] or response.status != 200:
        return f"{http_method} {path} -> {response.status} {body[:200]}, called {[method for method, _ in calls]}, expected {name}"
    missing = [text for text in texts if text.encode() not in calls[0][1]]
    return f"{http_method} {path}: {missing} did not arrive in {calls[0][1][:200]}" if missing and not method.client_streaming else None


def check(binary, echo, source, name, folder):
    """(number of methods, of routes, of annotations left out); no method: there is no service; ValueError says what is wrong."""
    out = folder / "set.pb"
    own = source.set_of(name, out)
    types = Types(out)
    mine = {method for method, (file, _) in types.methods.items() if file in own}
    if not mine:
        return 0, 0, 0
    sidespan = Sidespan(binary, out, echo.port)
    routes, warnings = sidespan.routes()
    without = mine - {method for _, _, method in routes}
    if without:
        raise ValueError(f"no route for {', '.join(sorted(without)[:5])}")
    with sidespan:
        connection = http.client.HTTPConnection("127.0.0.1", sidespan.port, timeout=PATIENCE)
        wrong = [fault for number, route in enumerate(routes) if (fault := call(connection, echo, number, route, types))]
        connection.close()
    if wrong:
        raise ValueError(f"{len(wrong)} of {len(routes)} routes: {wrong[0]}")
    return len(mine), len(routes), warnings


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--all", action="store_true", help="all of Google's APIs; minutes")
    parser.add_argument("--list", action="store_true", help="print the names, and end")
    parser.add_argument("--folder", default=ROOT / "build/published", type=pathlib.Path)
    parser.add_argument("--binary", default=ROOT / "build/sidespan", type=pathlib.Path)
    options = parser.parse_args()
    python, google = PythonPackages(options.folder / "pypi"), ProtoFiles(options.folder / "google")
    everything = [(python, name) for name in python.names()] + [(google, name) for name in google.names()]
    if options.list:
        print("\n".join(name for _, name in everything))
        return 0
    wanted = set(options.names) or (None if options.all else {*python.names(), *SOME})
    chosen = [(source, name) for source, name in everything if wanted is None or name in wanted]
    missing = (wanted or set()) - {name for _, name in chosen}
    if missing:
        print(f"not there: {', '.join(sorted(missing))}", file=sys.stderr)
    passed, failed = 0, len(missing)
    echo = Echo()
    with tempfile.TemporaryDirectory() as folder:
        for source, name in chosen:
            try:
                methods, routes, warnings = check(options.binary, echo, source, name, pathlib.Path(folder))
            except (ValueError, OSError, http.client.HTTPException, KeyError) as e:
                failed += 1
                print(f"FAIL  {name}: {e if isinstance(e, ValueError) else repr(e)}", flush=True)
                continue
            if not methods:
                continue
            passed += 1
            left_out = f", {warnings} annotations left out" if warnings else ""
            print(f"ok    {name}: {methods} methods, {routes} routes{left_out}", flush=True)
    echo.server.stop(None)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
