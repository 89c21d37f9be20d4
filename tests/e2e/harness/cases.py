"""Reads cases/*.yaml: files of requests and of what must come of them. cases/README.md says how they are written."""

import base64
import re

import yaml

FILE_KEYS = {"about", "service", "rules", "config", "cases"}
REQUEST_KEYS = {
    *("headers", "json", "body", "form", "multipart", "gzip", "chunked", "over"),
}
ANSWER_KEYS = {
    *("status", "answer", "answer_has", "answer_lines", "answer_text", "answer_headers", "answer_trailers"),
    *("code", "message", "violation", "took"),
}
RECEIVED_KEYS = {"method", "received", "received_has", "metadata", "echoed", "called"}
CASE_KEYS = {"name", "request", *REQUEST_KEYS, *ANSWER_KEYS, *RECEIVED_KEYS}


class Re:
    """Equals every text in which the expression is found."""

    def __init__(self, pattern):
        self.pattern = pattern

    def __eq__(self, other):
        return isinstance(other, str) and re.search(self.pattern, other, re.DOTALL) is not None

    def __repr__(self):
        return f"!re {self.pattern!r}"


class Between:
    """Equals every number from low to high."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def __eq__(self, other):
        return isinstance(other, (int, float)) and self.low <= other <= self.high

    def __repr__(self):
        return f"!between [{self.low}, {self.high}]"


class Anything:
    def __eq__(self, other):
        return True

    def __repr__(self):
        return "!any"


class Loader(yaml.SafeLoader):
    """YAML whose plain scalars are JSON's, so that a timestamp or `no` is text; a key given twice is an error."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} twice"
        return super().construct_mapping(node, deep)


for tag, pattern, first in (
    ("null", r"null|", ["n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", list("-0123456789")),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^({pattern})$"), first)
Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))
Loader.add_constructor("!re", lambda loader, node: Re(loader.construct_scalar(node)))
Loader.add_constructor("!between", lambda loader, node: Between(*loader.construct_sequence(node)))
Loader.add_constructor("!any", lambda loader, node: Anything())
Loader.add_constructor("!hex", lambda loader, node: bytes.fromhex(loader.construct_scalar(node)))
Loader.add_constructor("!base64", lambda loader, node: base64.b64decode(loader.construct_scalar(node)))


def repeat(loader, node):
    """!repeat [what, times, before, after]: text too long to be written out."""
    what, times, before, after = (loader.construct_sequence(node) + ["", ""])[:4]
    return before + what * times + after


Loader.add_constructor("!repeat", repeat)


def load(path):
    """The file: about, config, service (the whole google.api.Service document) and cases."""
    file = yaml.load(path.read_text(), Loader)
    unknown = set(file) - FILE_KEYS
    assert not unknown, f"{path}: unknown keys {unknown}"
    document = {"type": "google.api.Service", "config_version": 3, "upstream": "test", **file.get("service", {})}
    document["http"] = {**document.get("http", {}), "rules": file.get("rules", [])}
    cases = file["cases"]
    for case in cases:
        unknown = set(case) - CASE_KEYS
        assert not unknown, f"{path}: {case['name']}: unknown keys {unknown}"
    names = [case["name"] for case in cases]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"{path}: {twice} twice"
    return {"config": file.get("config", {}), "service": document, "cases": cases}


def has(expected, actual):
    """Whether what is expected is there: of objects the members named, of everything else the whole."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(name in actual and has(value, actual[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(has, expected, actual))
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
