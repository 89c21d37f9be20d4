"""What a service may send and JSON has no form for: a field mask that it cannot spell, and an Any of a type that nobody
knows. Strictly the answer fails, and says which field; leniently both come as they are (reported 34)."""

import contextlib

import pytest

from harness import faults, http1, http2


def field(number, content):
    """A length-delimited field; content shorter than 128 bytes."""
    tag = number << 3 | 2
    head = bytes([tag]) if tag < 128 else bytes([tag & 127 | 128, tag >> 7])
    return head + bytes([len(content)]) + content


UNHEARD = field(1, b"type.googleapis.com/acme.Unheard") + field(2, b"\x08\x01")
MASK, ANY = field(62, field(1, b"custom_label_0") + field(1, b"display_name")), field(66, UNHEARD)
NESTED = field(66, field(1, b"a/google.protobuf.Any") + field(2, UNHEARD))
PARTLY = {"@type": "type.googleapis.com/acme.Unheard", "value": "CAE="}


@pytest.fixture(scope="module")
def before(routed):
    """before(payload, lenient): a sidespan before a service that answers so."""
    with contextlib.ExitStack() as opened:

        def make(payload, lenient):
            service = faults.h2_service(lambda server, stream, path: server.answer(stream, payload))
            opened.enter_context(contextlib.closing(service))
            bindings = [{"get": "/mask", "response_body": "field_mask"}, {"get": "/any", "response_body": "any"}]
            rule = {"selector": "sidespan.test.v1.Echo.Unary", "get": "/whole", "lenient": lenient}
            upstream = {"target": f"127.0.0.1:{service.port}", "plaintext": True}
            return routed([{**rule, "additional_bindings": bindings}], upstreams={"test": upstream})

        yield make


def get(sidespan, path):
    answers = []
    for transport in (http1, http2):
        with transport.Connection(sidespan.address()) as connection:
            answer = connection.request("GET", path)
            answers.append((answer.status, answer.json()))
    assert answers[0] == answers[1]
    return answers[0]


@pytest.mark.parametrize(
    "payload, name, whole, printed",
    [
        (MASK, "field_mask", "fieldMask", "custom_label_0,displayName"),
        (ANY, "any", "any", PARTLY),
        (NESTED, "any", "any", {"@type": "a/google.protobuf.Any", "value": PARTLY}),
    ],
    ids=["mask", "any", "any in an any of a known type"],
)
def test_it_fails_strictly_and_comes_as_it_is_leniently(before, payload, name, whole, printed):
    sidespan, short = before(payload, lenient=False), "/mask" if name == "field_mask" else "/any"
    for path in ("/whole", short):
        status, answer = get(sidespan, path)
        assert (status, answer["code"]) == (500, 13)
        assert f": {name}" in answer["message"]
    sidespan = before(payload, lenient=True)
    status, answer = get(sidespan, "/whole")
    assert (status, answer[whole]) == (200, printed)
    assert get(sidespan, short) == (200, printed)
