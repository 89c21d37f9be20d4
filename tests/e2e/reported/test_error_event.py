"""A service's own event named `error` is not the one that ends a stream that failed."""

import json

import httpx

from harness.process import write_routes

COUNT = "sidespan.test.v1.Streams.Count"


def events(text):
    """[{field: value}] of an event stream; data of several lines joined."""
    found = []
    for block in text.split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            name, colon, value = line.partition(": ")
            if colon and name:
                fields[name] = fields[name] + "\n" + value if name in fields else value
        if fields:
            found.append(fields)
    return found


def test_a_message_cannot_pass_for_the_end_of_a_stream(start, tmp_path):
    """(reported 49)"""
    rules = [{"selector": COUNT, "post": "/events", "body": "*", "stream": "sse", "sse": {"event": "text"}}]
    url = start(routes=[write_routes(tmp_path, rules)]).url() + "/events"

    def ask(**fields):
        return events(httpx.post(url, json=fields, trust_env=False, timeout=20).text)

    good = ask(count=2, text="error")
    assert [event["event"] for event in good] == ["error_", "error_"]
    assert json.loads(good[1]["data"])["text"] == "error"  # only its name has changed
    bad = ask(count=2, text="error", failAfter=1, code=9)
    assert [event["event"] for event in bad] == ["error_", "error"]
    assert json.loads(bad[1]["data"])["code"] == 9
    assert [event["event"] for event in ask(count=1, text="error_")] == ["error__"]
    assert [event["event"] for event in ask(count=1, text="errors")] == ["errors"]
