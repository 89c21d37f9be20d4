"""`sidespan explain` says of every case of cases/*.yaml what then happens to it: the message and metadata that the service
receives, or the refusal's status, code, message and violations (reported 41).

Both are the optimised binary: what is compared is what they say, and there are hundreds of cases."""

import base64
import concurrent.futures
import json
import re
import subprocess
import sys

import pytest
from google.protobuf import json_format

from harness.clients import CLIENTS, body_of, headers_of
from harness.process import E2E, RELEASE, ROOT, Sidespan
from test_cases import FILES, clients_of, values

CODES = (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED "
    "FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
).split()
# sidespan's own, which explain leaves out where the client has not given them.
OURS = {
    *("te", "content-type", "user-agent", "grpc-timeout", "x-request-id", "traceparent"),
    *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "grpc-accept-encoding"),
}


@pytest.fixture(scope="module")
def protos():
    sys.path.insert(0, str(ROOT / "demo"))
    from protos import Protos

    return Protos([ROOT / "proto", E2E / "proto"], [f"sidespan/test/v1/{name}.proto" for name in ("test", "cases")])


def explain(sidespan, case):
    """(exit code, [(label, text), …]) of `explain` for the case."""
    method, target = case["request"].split(" ", 1)
    body, kind = body_of(case)
    command = [RELEASE, "explain", "--config", sidespan.path]
    for name, value in headers_of(case, kind):
        command += ["-H", f"{name}: {value}"]
    if case.get("chunked"):
        command += ["-H", "Transfer-Encoding: chunked"]
    command += ["--", method, target, *(["-"] if body is not None else [])]
    done = subprocess.run(command, input=body or b"", capture_output=True, timeout=60)
    assert not done.stderr, (case["name"], done.stderr)
    lines = done.stdout.decode(errors="replace").splitlines()
    return done.returncode, [(line[:10].strip(), line[10:]) for line in lines]


def visible(text):
    return "".join("?" if ord(c) < 0x20 or ord(c) == 0x7F else c for c in text)


def check_refusal(lines, answer, method):
    [(at, text)] = [(i, text) for i, (label, text) in enumerate(lines) if label == "refused"]
    assert text.split(" ", 1)[0] == str(answer.status)
    if method == "HEAD":
        return
    error = json.loads(answer.body)
    name = CODES[error["code"]] if error["code"] < len(CODES) else ""
    assert text == f"{answer.status} {name}: {visible(error['message'])}"
    violations = [
        f"{each['field']}: {each['description']}" if each.get("field") else each["description"]
        for detail in error.get("details", [])
        if detail["@type"].endswith("/google.rpc.BadRequest")
        for each in detail["fieldViolations"]
    ]
    assert [text for label, text in lines[at + 1 : at + 1 + len(violations)] if label == ""] == [visible(v) for v in violations]


def bytes_of(name, value):
    """A binary value as the hexadecimal digits that the services keep."""
    return base64.b64decode(value + "=" * (-len(value) % 4)).hex() if name.endswith("-bin") else value


def cuts_bytes(case, method):
    """Whether the bytes of a body are the messages of a stream, in the pieces in which a socket gives them."""
    fields = [field.message_type for field in method.input_type.fields if field.message_type]
    return "multipart" in case or "google.api.HttpBody" in [kind.full_name for kind in [method.input_type, *fields]]


def check_request(case, lines, call, protos):
    said = {}
    for label, text in lines:
        if label == "metadata":
            name, value = text.split(" = ", 1)
            said.setdefault(name, []).append(bytes_of(name, json.loads(value)))
    received = {name: each for name, each in call["metadata"].items() if name in said or name not in OURS}
    assert said == received
    at = [label for label, _ in lines].index("request")
    more = [text for _, text in lines[at + 1 :]]
    count = len(call["wire"])
    if count == 0:
        assert lines[at][1] == "no message: path and query go nowhere"
        return
    service, name = call["method"][1:].split("/")
    method = protos.pool.FindServiceByName(service).methods_by_name[name]
    kind = protos.message(method.input_type.full_name)
    if count > 1 and cuts_bytes(case, method):
        assert re.fullmatch(r"and \d+ more, of the body alone", *more)
        return
    assert more == ([f"and {count - 1} more, of the body alone"] if count > 1 else [])
    expected = kind.FromString(base64.b64decode(call["wire"][0]))
    told = json.loads(lines[at][1], parse_int=lambda text: -0.0 if text == "-0" else int(text))
    found = json_format.ParseDict(told, kind(), descriptor_pool=protos.pool)
    assert found.SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True), lines[at][1]


def check(case, explained, client, services, protos):
    code, lines = explained
    method, target = case["request"].split(" ", 1)
    answer = client.send(case, method, target)
    request_id = values(answer.headers)["x-request-id"]
    call = services.received(request_id)
    labels = [label for label, _ in lines]
    if code == 3:
        assert answer.status >= 400, lines
        check_refusal(lines, answer, method)
    elif "answered" in labels:
        assert answer.status < 400 and call is None, lines
    elif call is None:
        # Nobody is there to receive it, grpcio has no such method, or the services cannot be asked for such an id.
        assert answer.status == 503 or b"Method not found!" in answer.body or " " in request_id, (answer, lines)
    else:
        check_request(case, lines, call, protos)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_case_is_explained_as_it_is_served(tmp_path, make_config, services, protos, file):
    assert RELEASE.exists(), f"{RELEASE} is not there: make"
    routes = tmp_path / "routes.yaml"
    routes.write_text(json.dumps(FILES[file]["service"], indent=1))
    config = {"routes": [str(routes)], **FILES[file]["config"]}
    sidespan = Sidespan(tmp_path, make_config(**config), binary=RELEASE).wait_ready()
    client = CLIENTS["http1"](sidespan)
    wrong = []
    # explain takes a method in any case, HTTP does not.
    cases = [case for case in FILES[file]["cases"] if "http1" in clients_of(case) and not case["request"][0].islower()]
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            explained = list(pool.map(lambda case: explain(sidespan, case), cases))
        for case, each in zip(cases, explained):
            try:
                check(case, each, client, services, protos)
            except AssertionError as error:
                wrong.append(f"{case['name']}: {error}")
                client.close()
    finally:
        client.close()
        sidespan.finish()
    assert not wrong, "\n\n".join(wrong)
