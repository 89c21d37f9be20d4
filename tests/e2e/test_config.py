"""The command line, and what configuration errors say."""

import json
import re
import socket
import subprocess

import httpx
import pytest
import yaml

from harness.process import BINARY, E2E, ROOT, Child, eventually, free_port, run_sidespan


def test_version_prints_the_version():
    done = run_sidespan("version")
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("command", [[], ["serve"], ["check"], ["routes"], ["call"], ["explain"], ["version"]])
def test_help_is_to_be_had(command):
    done = run_sidespan("help", *command)
    assert done.returncode == 0 and "sidespan" in done.stdout
    assert all(word in done.stdout for word in command)


@pytest.mark.parametrize(
    "arguments",
    [[], ["no-such-command"], ["serve", "--no-such-flag"], ["check"], ["check", "--config"], ["help", "nothing"], ["version", "extra"]],
)
def test_bad_usage_is_exit_2(arguments):
    done = run_sidespan(*arguments)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_a_missing_file_is_exit_1_and_named(tmp_path):
    done = run_sidespan("check", "--config", tmp_path / "nowhere.yaml")
    assert done.returncode == 1 and "nowhere.yaml" in done.stderr


def write(folder, config, name="sidespan.yaml"):
    path = folder / name
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False))
    return path


def test_a_good_configuration_is_exit_0(tmp_path, make_config):
    done = run_sidespan("check", "--config", write(tmp_path, make_config()))
    assert done.returncode == 0, done.stderr


def test_every_flag_has_an_environment_variable(tmp_path, make_config):
    done = run_sidespan("check", env={"SIDESPAN_CONFIG": str(write(tmp_path, make_config()))})
    assert done.returncode == 0, done.stderr


def test_json_is_yaml_too(tmp_path, make_config):
    assert run_sidespan("check", "--config", write(tmp_path, json.dumps(make_config(), indent=1))).returncode == 0


def test_the_routes_are_listed(tmp_path, make_config):
    done = run_sidespan("routes", "--config", write(tmp_path, make_config()))
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if "/v1/things/{activated}:activate" in line]
    assert "GET" in line and "sidespan.test.v1.Echo.Place" in line.replace("/", ".")
    (line,) = [line for line in done.stdout.splitlines() if "/count/{count}" in line]
    assert "stream" in line


GOOD = """\
listeners:
- address: 127.0.0.1:8080
admin: {{address: 127.0.0.1:9901}}
descriptors: [{descriptors}]
routes: [{routes}]
upstreams:
  test:
    target: localhost:1
    plaintext: true
"""

BROKEN = [
    # what is replaced in GOOD, by what, line:column of the error, words of it
    ("listeners:", "listenres:", "1:1", ["listenres", "listeners"]),
    ("- address: 127.0.0.1:8080", "- adress: 127.0.0.1:8080", "2:3", ["adress", "address"]),
    ("    plaintext: true", "    plaintxt: true", "9:5", ["plaintxt", "plaintext"]),
    ("    plaintext: true", "    plaintext: perhaps", "9:16", []),
    ("    plaintext: true", "    plaintext: [true]", "9:16", []),
    ("    plaintext: true", "    plaintext: true\n    plaintext: true", "10:5", ["plaintext"]),
    ("127.0.0.1:8080", "127.0.0.1:99999", "2:12", []),
    ("127.0.0.1:8080", "nonsense", "2:12", []),
    ("admin: {{", "workers: many\nadmin: {{", "3:10", []),
    ("    target: localhost:1", "    target: localhost:1:2:3", "8:13", []),
    ("    plaintext: true", "    tls: {{ca: nowhere.crt}}", "9:", ["nowhere.crt"]),
    ("    plaintext: true", "    plaintext: true\n    tls: {{}}", "", ["tls", "plaintext"]),
    ("  test:", "  test: [", "", []),
    ("upstreams:", "\tupstreams:", "6:1", []),
    ("{descriptors}", "nowhere.pb", "4:15", ["nowhere.pb"]),
    ("{descriptors}", "{garbage}", "4:15", ["garbage.pb"]),
    ("{routes}", "nowhere.yaml", "5:10", ["nowhere.yaml"]),
]


@pytest.mark.parametrize("old, new, place, words", BROKEN, ids=[new.strip().replace("\n", " ") for _, new, _, _ in BROKEN])
def test_an_error_says_where_and_the_nearest_key(tmp_path, descriptors, old, new, place, words):
    garbage = tmp_path / "garbage.pb"
    garbage.write_bytes(b"\xff" * 40)
    assert old in GOOD
    text = GOOD.replace(old, new).format(descriptors=descriptors, routes=E2E / "routes.yaml", garbage=garbage)
    path = write(tmp_path, text)
    done = run_sidespan("check", "--config", path)
    assert done.returncode == 1
    line = next((line for line in done.stderr.splitlines() if f"sidespan.yaml:{place}" in line), None)
    assert line and re.search(r"sidespan\.yaml:\d+:\d+: ", line), done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_every_error_is_told_not_only_the_first(tmp_path, descriptors):
    text = GOOD.replace("listeners:", "listenres:").replace("plaintext:", "plaintxt:")
    done = run_sidespan("check", "--config", write(tmp_path, text.format(descriptors=descriptors, routes=E2E / "routes.yaml")))
    assert "listenres" in done.stderr and "plaintxt" in done.stderr


ROUTES = """\
type: google.api.Service
config_version: 3
upstream: test
http:
  rules:
  - selector: sidespan.test.v1.Echo.Place
    get: /a/{id}
"""

BROKEN_ROUTES = [
    ("sidespan.test.v1.Echo.Place", "sidespan.test.v1.Echo.Palce", "6:15", ["Palce"]),
    ("{id}", "{nope}", "7:", ["nope"]),
    ("{id}", "{id", "7:", []),
    ("{id}", "{nested}", "7:", ["nested"]),
    ("    get:", "    got:", "7:5", ["got", "get"]),
    ("upstream: test", "upstream: tset", "3:11", ["tset", "test"]),
    ("type: google.api.Service", "type: google.api.Sevrice", "1:7", []),
    ("    get: /a/{id}\n", "    get: /a/{id}\n    body: nope\n", "", ["nope"]),
    ("    get: /a/{id}\n", "    get: /a/{id}\n    timeout: soon\n", "8:14", []),
    ("    get: /a/{id}\n", "    get: /a/{id}\n    stream: xml\n", "8:13", []),
    ("    get: /a/{id}\n", "    get: /a/{id}\n    status_map: {UNAVAILBLE: 422}\n", "8:", ["UNAVAILBLE"]),
    ("    get: /a/{id}\n", "    get: /a/{id}\n    additional_bindings: [{get: '/a/{book}'}]\n", "", ["/a/{"]),
]


@pytest.mark.parametrize("old, new, place, words", BROKEN_ROUTES, ids=[new.strip().replace("\n", " ") for _, new, _, _ in BROKEN_ROUTES])
def test_an_error_in_a_route_says_where(tmp_path, make_config, old, new, place, words):
    assert old in ROUTES
    routes = write(tmp_path, ROUTES.replace(old, new), "routes.yaml")
    done = run_sidespan("check", "--config", write(tmp_path, make_config(routes=[str(routes)])))
    assert done.returncode == 1
    line = next((line for line in done.stderr.splitlines() if f"routes.yaml:{place}" in line), None)
    assert line and re.search(r"routes\.yaml:\d+:\d+: ", line), done.stderr
    assert all(word in done.stderr for word in words), done.stderr


def test_two_rules_for_one_path_are_an_error_that_names_both(tmp_path, make_config):
    more = "  - selector: sidespan.test.v1.Echo.Unary\n    get: /a/{string_value}\n"
    routes = write(tmp_path, ROUTES + more, "routes.yaml")
    done = run_sidespan("check", "--config", write(tmp_path, make_config(routes=[str(routes)])))
    assert done.returncode == 1 and done.stderr.count("routes.yaml:") >= 2


def test_serve_refuses_a_bad_configuration(tmp_path):
    done = run_sidespan("serve", "--config", write(tmp_path, "listenres: []\n"))
    assert done.returncode == 1 and "sidespan.yaml:1:1" in done.stderr


def test_serve_says_when_an_address_is_taken(tmp_path, make_config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = make_config(listeners=[{"address": f"127.0.0.1:{taken.getsockname()[1]}"}])
        done = run_sidespan("serve", "--config", write(tmp_path, config))
    assert done.returncode == 1 and "address" in done.stderr.lower()


def test_relative_paths_are_relative_to_the_file_that_names_them(tmp_path, descriptors, make_config):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/d.pb").write_bytes(descriptors.read_bytes())
    (tmp_path / "sub/routes").mkdir()
    (tmp_path / "sub/routes/r.yaml").write_text((E2E / "routes.yaml").read_text())
    path = write(tmp_path / "sub", make_config(descriptors=["d.pb"], routes=["routes/"]))
    assert run_sidespan("check", "--config", path).returncode == 0


def test_a_proto_file_is_compiled(tmp_path, make_config):
    proto = E2E / "proto/sidespan/test/v1/test.proto"
    done = run_sidespan("check", "--config", write(tmp_path, make_config(descriptors=[str(proto)])))
    assert done.returncode == 0, done.stderr


def test_annotations_in_the_proto_are_routes_and_rules_win(tmp_path, make_config):
    (tmp_path / "a.proto").write_text(
        'syntax = "proto3"; package a.v1; import "google/api/annotations.proto";\n'
        'message M { string id = 1; }\n'
        'service S { rpc One(M) returns (M) { option (google.api.http) = { get: "/one/{id}" }; }\n'
        '  rpc Two(M) returns (M) { option (google.api.http) = { get: "/two/{id}" additional_bindings { get: "/too/{id}" } }; } }\n'
    )
    subprocess.run(
        ["protoc", f"-I{tmp_path}", f"-I{ROOT}/proto", "--include_imports", f"--descriptor_set_out={tmp_path}/a.pb", "a.proto"],
        check=True,
    )
    routes = write(
        tmp_path,
        "type: google.api.Service\nconfig_version: 3\nupstream: test\nhttp:\n  rules:\n  - selector: a.v1.S.One\n    get: /mine/{id}\n",
        "routes.yaml",
    )
    path = write(tmp_path, make_config(descriptors=[str(tmp_path / "a.pb")], routes=[str(routes)]))
    done = run_sidespan("routes", "--config", path)
    assert done.returncode == 0, done.stderr
    for there in ("/mine/{id}", "/two/{id}", "/too/{id}"):
        assert there in done.stdout
    assert "/one/{id}" not in done.stdout


def test_serve_with_flags_only(services, descriptors):
    listen, admin = free_port(), free_port()
    child = Child(
        [
            BINARY, "serve", "--upstream", f"127.0.0.1:{services.ports['plain']}", "--plaintext",
            "--descriptor", descriptors, "--listen", f"127.0.0.1:{listen}", "--admin", f"127.0.0.1:{admin}",
        ]
    )

    def answer():
        assert child.alive, child.stderr
        try:
            return httpx.post(f"http://127.0.0.1:{listen}/sidespan.test.v1.Echo/Unary", json={"int32Value": 4}, trust_env=False)
        except httpx.TransportError:
            return None

    try:
        assert eventually(answer).json()["int32Value"] == 4
    finally:
        assert child.stop() == 0


def test_a_unix_listener(start, tmp_path):
    path = tmp_path / "rest.sock"
    start(listeners=[{"address": f"unix:{path}"}])
    done = subprocess.run(["curl", "-sS", "--unix-socket", path, "http://localhost/echo"], capture_output=True, timeout=30)
    assert json.loads(done.stdout)["int32Value"] == 0


def test_logs_are_json_when_asked_for(start):
    process = start(env={"SIDESPAN_LOG_FORMAT": "json"})
    process.stop()
    lines = process.stderr.splitlines()
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)
