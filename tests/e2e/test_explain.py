"""`sidespan explain`: what a request would become; nobody is called."""

import re

import pytest
import yaml

from harness.process import E2E, free_port, run_sidespan

PACKAGE = "sidespan.test.v1."


@pytest.fixture(scope="session")
def explain(tmp_path_factory, make_config):
    """explain(HTTP method, path, …): (exit code, [(label, text), …]). Before an upstream that is not there."""
    path = tmp_path_factory.mktemp("explain") / "sidespan.yaml"
    upstream = {"target": f"127.0.0.1:{free_port()}", "plaintext": True}
    path.write_text(yaml.safe_dump(make_config(upstreams={"test": upstream})))

    def run(*arguments):
        done = run_sidespan("explain", "--config", path, *arguments)
        assert not done.stderr
        lines = [(line[:10].strip(), line[10:]) for line in done.stdout.splitlines()]
        return done.returncode, lines

    return run


def value(lines, label):
    [found] = [text for name, text in lines if name == label]
    return found


def position(selector, pattern):
    """file:line:column of a pattern's key in routes.yaml."""
    seen = False
    for number, line in enumerate((E2E / "routes.yaml").read_text().splitlines(), 1):
        seen = seen or line.strip() == f"- selector: {PACKAGE}{selector}"
        if seen and line.strip().removeprefix("- ") == pattern:
            return f"{E2E / 'routes.yaml'}:{number}:{re.search('[a-z]', line).start() + 1}"
    raise AssertionError(f"no {pattern}")


def test_the_rule_its_place_its_method_and_its_upstream_are_named(explain):
    code, lines = explain("POST", "/echo", '{"stringValue":"x"}')
    assert code == 0
    assert value(lines, "rule") == "POST /echo"
    assert value(lines, "at") == position("Echo.Unary", "post: /echo")
    assert value(lines, "selector") == f"{PACKAGE}Echo.Unary (unary)"
    assert re.fullmatch(r"test \(127\.0\.0\.1:\d+, plaintext\)", value(lines, "upstream"))
    assert value(lines, "body") == f"* -> the whole request ({PACKAGE}Everything)"
    assert value(lines, "response") == f"{PACKAGE}Everything"
    assert value(lines, "request") == '{"string_value":"x"}'


def test_variables_bind_to_fields(explain):
    code, lines = explain("get", "/v1/nested/a%20b/of/c")
    assert code == 0
    assert [text for name, text in lines if name == "path"] == [
        'nested.name -> nested.name (string) = "a b"',
        'nested.child.name -> nested.child.name (string) = "c"',
    ]
    assert value(lines, "request") == '{"nested":{"name":"a b","child":{"name":"c"}}}'


def test_parameters_bind_to_fields_of_every_kind(explain):
    query = "stringMap[k]=v&nested.number=7&color=red&int32List=1&int32List=2&timestamp=2020-01-02T03:04:05Z&$alt=json"
    code, lines = explain("GET", f"/echo?{query}")
    assert code == 0
    assert [text for name, text in lines if name == "query"] == [
        'stringMap[k] -> string_map[k] (string) = "v"',
        'nested.number -> nested.number (int32) = "7"',
        f'color -> color ({PACKAGE}Color) = "red"',
        'int32List -> int32_list (repeated int32) = "1"',
        'int32List -> int32_list (repeated int32) = "2"',
        'timestamp -> timestamp (google.protobuf.Timestamp) = "2020-01-02T03:04:05Z"',
        '$alt = "json": is a system parameter',
    ]
    assert '"color":"RED"' in value(lines, "request") and '"int32_list":[1,2]' in value(lines, "request")


def test_a_body_of_a_field_and_a_response_body_are_named(explain):
    code, lines = explain("POST", "/echo/list", '[{"name":"a"}]')
    assert code == 0
    assert value(lines, "body") == f"nested_list -> nested_list (repeated {PACKAGE}Nested)"
    assert value(lines, "response") == f"nested_list of {PACKAGE}Everything (repeated {PACKAGE}Nested)"
    assert value(lines, "request") == '{"nested_list":[{"name":"a"}]}'


def test_a_url_is_a_path_too(explain):
    code, lines = explain("GET", "http://127.0.0.1:8080/v1/things/7?pageSize=3#top")
    assert code == 0 and value(lines, "request") == '{"id":"7","page_size":3}'


def test_head_is_get_and_options_is_answered(explain):
    code, lines = explain("HEAD", "/echo")
    assert code == 0 and value(lines, "rule") == "GET /echo"
    code, lines = explain("OPTIONS", "/echo")
    assert code == 0 and "Allow: GET, HEAD, OPTIONS, POST" in value(lines, "answered")


def test_404_comes_with_the_nearest_templates(explain):
    code, lines = explain("GET", "/v1/thing/7")
    assert code == 3 and value(lines, "refused").startswith("404 NOT_FOUND: ")
    assert "/v1/things/{id}" in value(lines, "nearest") and "routes.yaml:" in value(lines, "nearest")
    code, lines = explain("GET", "/nothing/like/any/of/them/at/all")
    assert code == 3 and value(lines, "refused").startswith("404 ")


def test_405_comes_with_what_is_allowed(explain):
    code, lines = explain("DELETE", "/echo")
    assert code == 3 and value(lines, "refused").startswith("405 UNIMPLEMENTED: ")
    assert value(lines, "allowed") == "GET, HEAD, OPTIONS, POST"
    rules = [text for name, text in lines if name == ""]
    assert len(rules) == 2 and rules[0].startswith(f"GET /echo  {PACKAGE}Echo.Unary  (")


def test_400_comes_with_every_violation(explain):
    code, lines = explain("GET", "/echo?int32Value=x&nope=1&color=mauve")
    assert code == 3 and value(lines, "refused").startswith("400 INVALID_ARGUMENT: ")
    violations = [text for name, text in lines if name == ""]
    assert [text.split(":")[0] for text in violations] == ["int32Value", "nope", "color"]
    assert any(text.startswith('nope = "1": names no field of ') for name, text in lines if name == "query")


def test_violations_of_body_and_query_come_together(explain):
    code, lines = explain("POST", "/v1/things/7?x=1", '{"bok":1}')
    assert code == 3
    assert [text.split(":")[0] for name, text in lines if name == ""] == ["bok", "x"]


def test_a_body_where_none_is_taken_is_refused(explain):
    code, lines = explain("GET", "/echo", '{"stringValue":"x"}')
    assert code == 3 and value(lines, "body") == "none is taken" and "takes no body" in value(lines, "refused")
    assert explain("GET", "/echo", " {} ")[0] == 0


def test_a_bad_escape_is_400(explain):
    code, lines = explain("GET", "/v1/things/%zz")
    assert code == 3 and value(lines, "refused").startswith("400 INVALID_ARGUMENT: ")


@pytest.mark.parametrize(
    "kind, body, text, more",
    [
        ("json", '[{"text":"a"},{"text":"b"},{}]', '{"text":"a","key":"k"}', ["and 2 more, of the body alone"]),
        ("x-ndjson", '{"text":"a"}\n{"text":"b"}\n', '{"text":"a","key":"k"}', ["and 1 more, of the body alone"]),
        ("json", '{"text":"a"}', '{"text":"a","key":"k"}', []),
        ("json", "[]", "no message: path and query go nowhere", []),
    ],
)
def test_the_messages_of_a_client_stream_are_elements_or_lines(explain, kind, body, text, more):
    code, lines = explain("-H", f"content-type: application/{kind}", "POST", "/upload/k", body)
    assert code == 0
    at = [label for label, _ in lines].index("request")
    assert lines[at][1] == text and [each for _, each in lines[at + 1 :]] == more


def test_a_bad_message_of_a_client_stream_is_refused(explain):
    code, lines = explain("POST", "/upload/k", '[{"text":"a"},{"nope":1}]')
    assert code == 3 and "nope: unknown field" in dict(lines)["refused"]


def test_a_stream_says_that_it_is_one(explain):
    code, lines = explain("GET", "/count/3")
    assert code == 0 and value(lines, "selector") == f"{PACKAGE}Streams.Count (server stream)"


def test_headers_decide_what_a_body_is_and_go_up_as_metadata(explain):
    code, lines = explain(
        *("-H", "content-type: application/x-www-form-urlencoded", "-H", "Authorization: Bearer x", "-H", "X-Tag:a"),
        *("POST", "/echo", "stringValue=a+b&nested.number=7"),
    )
    assert code == 0 and value(lines, "request") == '{"string_value":"a b","nested":{"number":7}}'
    assert [text for name, text in lines if name == "metadata"] == ['authorization = "Bearer x"', 'x-tag = "a"']
    code, lines = explain("-H", "content-type: text/csv", "POST", "/echo", "a,b")
    assert code == 3 and value(lines, "refused").startswith("415 INVALID_ARGUMENT: ")


def test_a_body_may_be_a_file_s(explain, tmp_path):
    (tmp_path / "body.json").write_text('{"stringValue":"x"}')
    code, lines = explain("POST", "/echo", f"@{tmp_path}/body.json")
    assert code == 0 and value(lines, "request") == '{"string_value":"x"}'


def test_a_body_that_is_not_there_is_an_error(tmp_path, make_config):
    (tmp_path / "sidespan.yaml").write_text(yaml.safe_dump(make_config()))
    done = run_sidespan("explain", "--config", tmp_path / "sidespan.yaml", "POST", "/echo", f"@{tmp_path}/none")
    assert done.returncode == 1 and done.stderr == "sidespan: the body cannot be read\n" and not done.stdout


def test_white_space_within_braces_is_an_empty_body(explain):
    """(reported 41)"""
    assert explain("GET", "/echo", "{ }")[0] == 0
