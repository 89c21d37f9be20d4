"""`sidespan call`: a service called from the command line, through no route."""

import json
import os
import signal
import subprocess
import time

import pytest
import yaml

from harness.process import BINARY, E2E, PATIENCE, ROOT, SANITIZER, free_port

PACKAGE = "sidespan.test.v1."


def call(*arguments, stdin="", timeout=60):
    """The finished process; nothing that a sanitizer says is let through."""
    command = [BINARY, "call", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=timeout)
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


@pytest.fixture(scope="session")
def config(tmp_path_factory, make_config):
    path = tmp_path_factory.mktemp("call") / "sidespan.yaml"
    path.write_text(yaml.safe_dump(make_config()))
    return path


def answers(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def status(done):
    """The google.rpc.Status of a call that failed."""
    assert done.returncode == 3, (done.returncode, done.stderr)
    return json.loads(done.stderr.splitlines()[-1])


def test_a_message_goes_there_and_back(config):
    done = call("--config", config, PACKAGE + "Echo.Unary", '{"stringValue":"žluť","int64Value":"5"}')
    [answer] = answers(done)
    assert answer["stringValue"] == "žluť" and answer["int64Value"] == "5" and not done.stderr


def test_slashes_name_a_method_as_grpc_does(config):
    [answer] = answers(call("--config", config, f"{PACKAGE}Echo/Unary", '{"stringValue":"x"}'))
    assert answer["stringValue"] == "x"


@pytest.mark.parametrize("argument", [[], ["-"]])
def test_the_message_may_come_from_stdin(config, argument):
    done = call("--config", config, PACKAGE + "Echo.Unary", *argument, stdin='{\n  "stringValue": "x"\n}\n')
    assert answers(done)[0]["stringValue"] == "x"


def test_an_empty_input_is_the_empty_message(config):
    assert answers(call("--config", config, PACKAGE + "Echo.Unary"))[0]["stringValue"] == ""


def test_no_file_is_needed(services, descriptors):
    target = f"127.0.0.1:{services.ports['plain']}"
    for schema in (["--descriptor", descriptors], ["--proto", E2E / "proto/sidespan/test/v1/test.proto"]):
        done = call("--upstream", target, "--plaintext", *schema, PACKAGE + "Echo.Place", '{"id":"7"}')
        assert answers(done)[0]["id"] == "7"


def test_tls_is_verified(tmp_path, make_config, services, certs):
    tls = {"target": f"localhost:{services.ports['tls']}", "tls": {"ca": f"{certs}/ca.crt"}}
    for upstream, good in ((tls, True), ({"target": tls["target"]}, False)):
        path = tmp_path / "c.yaml"
        path.write_text(yaml.safe_dump(make_config(upstreams={"test": upstream})))
        done = call("--config", path, PACKAGE + "Echo.Unary", "{}")
        assert (done.returncode == 0) == good, done.stderr
        if not good:
            assert status(done)["code"] == 14 and "certificate" in done.stderr


def test_headers_become_metadata(config):
    flags = ["-H", "X-Tenant: acme ", "-H", "authorization:Bearer x:y", "-H", "Grpc-Metadata-Foo: 1", "-H", "a-bin: AQI="]
    [answer] = answers(call("--config", config, *flags, PACKAGE + "Echo.Metadata", "{}"))
    entries = {entry["name"]: entry["value"] for entry in answer["entries"]}
    assert entries["x-tenant"] == "acme" and entries["authorization"] == "Bearer x:y"
    assert entries["foo"] == "1" and entries["a-bin"] == "0102"


@pytest.mark.parametrize("header", ["host: x", "te: trailers", "a b: x", "grpc-timeout: 1S", "x: \x7f", "x-bin: *"])
def test_headers_that_never_go_up_are_bad_usage(config, header):
    done = call("--config", config, "-H", header, PACKAGE + "Echo.Unary", "{}")
    assert done.returncode == 2 and header.split(":")[0] in done.stderr and not done.stdout


def test_the_deadline_is_the_routes_or_the_flags(config):
    for flags, least, most in (([], 55, 60), (["--timeout", "5s"], 3, 5)):
        [answer] = answers(call("--config", config, *flags, PACKAGE + "Echo.Metadata", "{}"))
        assert least < answer["secondsLeft"] <= most
    begun = time.monotonic()
    done = call("--config", config, "--timeout", "300ms", PACKAGE + "Echo.Slow", '{"ms":20000}')
    assert status(done)["code"] == 4 and time.monotonic() - begun < 10


def test_a_stream_comes_line_by_line_as_it_arrives(config):
    command = [BINARY, "call", "--config", config, PACKAGE + "Streams.Count", '{"count":3,"delayMs":700}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        times = []
        for number in range(3):
            assert json.loads(child.stdout.readline())["number"] == number
            times.append(time.monotonic())
        assert child.wait(PATIENCE) == 0
        assert times[1] - times[0] > 0.3 and times[2] - times[1] > 0.3


def test_a_long_stream_is_whole_and_in_order(config):
    done = call("--config", config, PACKAGE + "Streams.Count", '{"count":3000,"size":1000}')
    assert [answer["number"] for answer in answers(done)] == list(range(3000))


def test_a_stream_that_fails_says_what_came_and_then_why(config):
    done = call("--config", config, PACKAGE + "Streams.Count", '{"count":9,"failAfter":2,"code":8}')
    assert [json.loads(line)["number"] for line in done.stdout.splitlines()] == [0, 1]
    assert status(done) == {"code": 8, "message": "failed after 2", "details": []}


def test_client_streaming_takes_a_message_a_line(config):
    lines = '{"text":"a"}\n\n  {"text":"b"}\r\n{"text":"c"}'
    assert answers(call("--config", config, PACKAGE + "Streams.Upload", stdin=lines)) == [{"count": 3, "text": "abc"}]
    assert answers(call("--config", config, PACKAGE + "Streams.Upload", lines)) == [{"count": 3, "text": "abc"}]
    assert answers(call("--config", config, PACKAGE + "Streams.Upload")) == [{"count": 0, "text": ""}]


def test_a_large_upload_does_not_wait_for_its_end(config):
    lines = "".join(json.dumps({"text": "x" * 1000}) + "\n" for _ in range(3000))
    assert answers(call("--config", config, PACKAGE + "Streams.Upload", stdin=lines))[0]["count"] == 3000


def test_both_directions_flow_at_once(config):
    command = [BINARY, "call", "--config", config, PACKAGE + "Streams.Chat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        for text in ("one", "two", "three"):
            child.stdin.write(json.dumps({"text": text}) + "\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["text"] == text
        child.stdin.close()
        assert child.wait(PATIENCE) == 0


def test_a_call_that_ends_does_not_wait_for_the_terminal(config):
    command = [BINARY, "call", "--config", config, "--timeout", "300ms", PACKAGE + "Streams.Upload"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.wait(PATIENCE) == 3
        assert json.loads(child.stderr.read().splitlines()[-1])["code"] == 4


def test_a_bad_line_is_named(config):
    lines = '{"text":"a"}\n{"txt":"b"}\n{"text":"c"}\n'
    found = status(call("--config", config, PACKAGE + "Streams.Upload", stdin=lines))
    assert found["code"] == 3 and found["message"].startswith("message 2: txt: ")


def test_what_a_service_says_is_a_status_with_its_details(config):
    done = call("--config", config, PACKAGE + "Echo.Fail", '{"code":9,"message":"no","details":true}')
    found = status(done)
    assert found["code"] == 9 and found["message"] == "no" and not done.stdout
    assert found["details"][0]["reason"] == "TESTING"


def test_bad_json_is_refused_before_anybody_is_called(config):
    found = status(call("--config", config, PACKAGE + "Echo.Unary", '{"stringVal":1}'))
    assert found["code"] == 3 and found["details"][0]["fieldViolations"][0]["field"] == "stringVal"


def test_a_service_that_is_not_there_is_unavailable_and_the_log_says_why(tmp_path, make_config):
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(make_config(upstreams={"test": {"target": f"127.0.0.1:{free_port()}", "plaintext": True}})))
    done = call("--config", path, PACKAGE + "Echo.Unary", "{}")
    assert status(done)["code"] == 14 and "refused" in done.stderr


def test_a_method_that_nobody_implements_is_the_services_word(config):
    assert status(call("--config", config, PACKAGE + "Missing.Call", "{}"))["code"] == 12


def test_an_unknown_method_is_exit_1_and_names_the_nearest(config):
    done = call("--config", config, PACKAGE + "Echo.Unari", "{}")
    assert done.returncode == 1 and f'did you mean "{PACKAGE}Echo.Unary"' in done.stderr and not done.stdout


def test_which_of_several_upstreams_must_be_known(tmp_path, make_config, services):
    upstreams = {name: {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True} for name in ("test", "other")}
    path, routes = tmp_path / "c.yaml", tmp_path / "r.yaml"
    proto = str(E2E / "proto/sidespan/test/v1/test.proto")
    path.write_text(yaml.safe_dump(make_config(upstreams=upstreams, routes=[str(routes)], descriptors=[proto])))

    def route(method):
        rules = [{"selector": PACKAGE + method, "get": "/x"}]
        routes.write_text(yaml.safe_dump({"type": "google.api.Service", "upstream": "test", "http": {"rules": rules}}))

    route("Streams.Count")  # another method of the service
    assert answers(call("--config", path, PACKAGE + "Streams.Upload"))[0]["count"] == 0
    route("Echo.Unary")
    done = call("--config", path, PACKAGE + "Streams.Upload")
    assert done.returncode == 1 and "which upstream" in done.stderr


def test_ctrl_c_ends_it(config):
    command = [BINARY, "call", "--config", config, PACKAGE + "Echo.Slow", '{"ms":20000,"key":"call-ctrl-c"}']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        time.sleep(1)
        os.kill(child.pid, signal.SIGINT)
        assert child.wait(PATIENCE) == -signal.SIGINT


def test_the_demo_can_be_called_over_mutual_tls(tmp_path, demo, certs):
    config = yaml.safe_load((ROOT / "demo/sidespan.yaml").read_text())
    config["descriptors"] = [str(ROOT / "build/demo.pb")]
    config["routes"] = [str(ROOT / "routes/legal.yaml")]
    config["upstreams"]["legal"] = {
        "target": f"dns:///localhost:{demo.port}",
        "tls": {"ca": f"{certs}/ca.crt", "certificate": f"{certs}/client.crt", "private_key": f"{certs}/client.key"},
    }
    path = tmp_path / "demo.yaml"
    path.write_text(yaml.safe_dump(config))
    [answer] = answers(call("--config", path, "legal.v1.VectorSearch.Search", '{"query":"notice"}'))
    assert "hits" in answer
