"""What becomes of descriptors and rules when they are loaded: which services are served, and what is left out and said."""

import re
import subprocess

import httpx
import pytest
import yaml
from google.protobuf import descriptor_pb2

from harness import cost
from harness.process import BINARY, ROOT, Child, eventually, free_port, run_sidespan

HTTP = 'import "google/api/annotations.proto";\n'
IMPORTED = (
    'syntax = "proto3"; package lib.v1; ' + HTTP + "message Name { string name = 1; }\n"
    "service Imported { rpc Delete(Name) returns (Name) { option (google.api.http) = { delete: \"/v1/{name=operations/**}\" }; } }\n"
)
MINE = (
    'syntax = "proto3"; package a.v1; import "lib.proto"; ' + HTTP + "\n"
    "service Mine { rpc Get(lib.v1.Name) returns (lib.v1.Name) { option (google.api.http) = { get: \"/v1/{name=things/*}\" }; } }\n"
)


def protos(folder, **texts):
    for name, text in texts.items():
        (folder / f"{name}.proto").write_text(text)


def compile_set(folder, out, *names, flags=()):
    files = [f"{name}.proto" for name in names]
    command = ["protoc", f"-I{folder}", f"-I{ROOT}/proto", "--include_imports", f"--descriptor_set_out={folder}/{out}", *flags, *files]
    subprocess.run(command, check=True)
    return out


class Dumper(yaml.SafeDumper):
    """What is used twice is written twice."""

    def ignore_aliases(self, data):
        return True


def configuration(folder, descriptors, rules=None, document=None, upstreams=None, **keys):
    """sidespan.yaml with one upstream in plaintext; document: more keys of the route document, rules: its rules."""
    config = {"descriptors": descriptors, "upstreams": upstreams or {"u": {"target": "localhost:1", "plaintext": True}}, **keys}
    if rules is not None or document:
        service = {"type": "google.api.Service", "config_version": 3, **(document or {}), "http": {"rules": rules or []}}
        (folder / "routes.yaml").write_text(yaml.safe_dump(service, sort_keys=False))
        config["routes"] = ["routes.yaml"]
    (folder / "sidespan.yaml").write_text(yaml.dump(config, Dumper=Dumper, sort_keys=False))
    return folder / "sidespan.yaml"


def routes(*arguments):
    """[(HTTP method, path, gRPC method)] and what was said beside them."""
    done = run_sidespan("routes", *arguments)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split()[:3]) for line in done.stdout.splitlines()[1:]], done.stderr


MY_ROUTE = ("GET", "/v1/{name=things/*}", "a.v1.Mine.Get")
IMPORTED_ROUTE = ("DELETE", "/v1/{name=operations/**}", "lib.v1.Imported.Delete")


@pytest.mark.parametrize("form", ["pb", "proto", "--proto", "--descriptor"])
def test_a_service_that_is_only_imported_has_no_route(tmp_path, form):
    """(reported 12) And what is left out is said, with what would serve it."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    if form.startswith("--"):
        file = tmp_path / ("a.proto" if form == "--proto" else "a.pb")
        found, said = routes("--upstream", "localhost:1", form, file)
    else:
        found, said = routes("--config", configuration(tmp_path, ["a.pb"] if form == "pb" else [{"proto": "a.proto"}]))
    assert found == [MY_ROUTE]
    assert re.search(r"info: .*lib\.v1\.Imported .*lib\.proto.*only imported", said), said


def test_a_service_that_is_only_imported_is_not_mapped_either(tmp_path):
    """(reported 12)"""
    protos(tmp_path, lib=IMPORTED.replace(" { option (google.api.http) = { delete: \"/v1/{name=operations/**}\" }; }", ";"), a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    found, said = routes("--config", configuration(tmp_path, ["a.pb"], auto_mapping=True))
    assert found == [MY_ROUTE] and "lib.v1.Imported" in said


def test_files_that_are_given_are_served_though_others_import_them(tmp_path):
    """(reported 12) Both files under --proto; both sets; both files of one package in one set."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    compile_set(tmp_path, "lib.pb", "lib")
    for arguments in (
        ["--upstream", "localhost:1", "--proto", tmp_path / "lib.proto", "--proto", tmp_path / "a.proto"],
        ["--upstream", "localhost:1", "--descriptor", tmp_path / "a.pb", "--proto", tmp_path / "lib.proto"],
        ["--config", configuration(tmp_path, ["a.pb", "lib.pb"])],
    ):
        found, said = routes(*arguments)
        assert set(found) == {MY_ROUTE, IMPORTED_ROUTE} and "only imported" not in said
    protos(tmp_path, lib=IMPORTED.replace("lib.v1", "a.v1"), a=MINE.replace("lib.v1", "a.v1"))
    compile_set(tmp_path, "one.pb", "lib", "a")
    found, said = routes("--config", configuration(tmp_path, ["one.pb"]))
    assert len(found) == 2 and not said


def test_services_of_an_upstream_name_what_is_served(tmp_path):
    """(reported 12) In either direction: more than what is given, and less."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    for services, expected in (
        (["lib.v1.Imported"], {IMPORTED_ROUTE}),
        (["a.v1.Mine"], {MY_ROUTE}),
        (["a.v1.Mine", "lib.v1.Imported"], {MY_ROUTE, IMPORTED_ROUTE}),
    ):
        upstream = {"target": "localhost:1", "plaintext": True, "services": services}
        found, _ = routes("--config", configuration(tmp_path, ["a.pb"], upstreams={"u": upstream}))
        assert set(found) == expected
    upstream["services"] = ["lib.v1.Importd"]
    done = run_sidespan("check", "--config", configuration(tmp_path, ["a.pb"], upstreams={"u": upstream}))
    assert done.returncode == 1 and re.search(r'sidespan\.yaml:\d+:\d+: .*"lib\.v1\.Importd".*"lib\.v1\.Imported"', done.stderr), done.stderr


def test_services_are_shared_out_between_upstreams(tmp_path):
    """(reported 12) What none names goes to the only upstream without the key; a service has one upstream."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    compile_set(tmp_path, "lib.pb", "lib")
    plain = {"target": "localhost:1", "plaintext": True}
    upstreams = {"u": plain, "operations": {**plain, "services": ["lib.v1.Imported"]}}
    found, _ = routes("--config", configuration(tmp_path, ["a.pb", "lib.pb"], upstreams=upstreams))
    assert set(found) == {MY_ROUTE, IMPORTED_ROUTE}
    explained = run_sidespan("explain", "--config", tmp_path / "sidespan.yaml", "DELETE", "/v1/operations/1")
    assert re.search(r"upstream +operations ", explained.stdout), explained.stdout
    explained = run_sidespan("explain", "--config", tmp_path / "sidespan.yaml", "GET", "/v1/things/1")
    assert re.search(r"upstream +u ", explained.stdout), explained.stdout
    upstreams["u"] = upstreams["operations"]
    done = run_sidespan("check", "--config", configuration(tmp_path, ["a.pb", "lib.pb"], upstreams=upstreams))
    assert done.returncode == 1 and "another upstream" in done.stderr


def test_apis_of_a_document_name_what_is_served(tmp_path):
    """(reported 12) The rest is not; but a rule routes the method that it names."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "both.pb", "lib", "a")
    compile_set(tmp_path, "lib.pb", "lib")
    found, _ = routes("--config", configuration(tmp_path, ["both.pb", "lib.pb"], document={"apis": [{"name": "a.v1.Mine"}]}))
    assert found == [MY_ROUTE]
    found, _ = routes("--config", configuration(tmp_path, ["both.pb"], document={"apis": [{"name": "lib.v1.Imported"}]}))
    assert found == [IMPORTED_ROUTE]
    rule = {"selector": "lib.v1.Imported.Delete", "post": "/v1/cancel", "body": "*"}
    found, _ = routes("--config", configuration(tmp_path, ["both.pb"], [rule], document={"apis": [{"name": "a.v1.Mine"}]}))
    assert set(found) == {MY_ROUTE, ("POST", "/v1/cancel", "lib.v1.Imported.Delete")}


def test_an_image_of_buf_says_itself_what_is_an_import(tmp_path):
    """(reported 12) Field 8042 of a file, and field 1 in it."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "both.pb", "lib", "a")
    for imports, expected in ((["a.proto"], [IMPORTED_ROUTE]), ([], [IMPORTED_ROUTE, MY_ROUTE])):
        image = b""
        for file in descriptor_pb2.FileDescriptorSet.FromString((tmp_path / "both.pb").read_bytes()).file:
            is_import = file.name in imports or file.name.startswith("google/")
            # 8042 << 3 | 2 as a varint, then a length and is_import
            one = file.SerializeToString() + bytes([0xD2, 0xF6, 0x03, 2, 8, is_import])
            image += b"\x0a" + varint(len(one)) + one
        (tmp_path / "image.pb").write_bytes(image)
        found, _ = routes("--config", configuration(tmp_path, ["image.pb"]))
        assert found == expected


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


ODD = HTTP + """package odd.v1;
message M { string id = 1; string uuid = 2; M nested = 3; }
service First { rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/{id}" }; } }
service Odd {
  rpc Tie(M) returns (M) { option (google.api.http) = { get: "/v1/{uuid}" additional_bindings { get: "/v2/{uuid}" } }; }
  rpc Behind(M) returns (M) { option (google.api.http) = { get: "/v1/{id=a/**}/{uuid}" additional_bindings { get: "/behind" } }; }
  rpc Verbs(M) returns (M) { option (google.api.http) = { post: "/v1/{uuid}:custom:custom" additional_bindings { get: "/verbs" } }; }
  rpc Body(M) returns (M) { option (google.api.http) = { post: "/v1/body" body: "nested.id" additional_bindings { get: "/body" } }; }
  rpc Twice(M) returns (M) { option (google.api.http) = { get: "/v1/{id}/{id}" additional_bindings { get: "/twice" } }; }
  rpc NoField(M) returns (M) { option (google.api.http) = { get: "/v1/x/{nope}" additional_bindings { get: "/nofield" } }; }
  rpc Kind(M) returns (M) { option (google.api.http) = { custom { kind: "a b" path: "/kind" } additional_bindings { get: "/kind" } }; }
  rpc Nests(M) returns (M) { option (google.api.http) = { get: "/nests" additional_bindings { get: "/nests2" additional_bindings { get: "/n" } } }; }
  rpc Empty(M) returns (M) { option (google.api.http) = { body: "*" additional_bindings { get: "/empty" } }; }
}
"""
LEFT = {
    "Tie": "/v1/{id} of odd.v1.First.Get",
    "Behind": "only literals may follow",
    "Verbs": "holds no ':'",
    "Body": "must be the name of one field",
    "Twice": "bound twice",
    "NoField": 'no field "nope"',
    "Kind": "no HTTP method",
    "Nests": "do not nest",
    "Empty": "no pattern",
}


def test_an_annotation_that_cannot_be_served_is_left_out_and_nothing_else(tmp_path):
    """(reported 14) One line each: where, which file and method, why, and what to do."""
    protos(tmp_path, odd='syntax = "proto3"; ' + ODD)
    compile_set(tmp_path, "odd.pb", "odd")
    config = configuration(tmp_path, ["odd.pb"])
    done = run_sidespan("check", "--config", config)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == len(LEFT) and f"{len(LEFT)} warnings" in done.stdout, done.stderr
    for method, why in LEFT.items():
        (line,) = [line for line in lines if f"odd.v1.Odd.{method}:" in line]
        assert re.match(r"warning: .*sidespan\.yaml:2:3: odd\.proto: ", line), line
        assert why in line and "left out" in line and "route document" in line, line
    found, _ = routes("--config", config)
    assert {path for _, path, _ in found} == {
        "/v1/{id}", "/v2/{uuid}", "/behind", "/verbs", "/body", "/twice", "/nofield", "/kind", "/nests", "/nests2", "/empty",
    }


def test_strict_makes_errors_of_warnings(tmp_path):
    """(reported 14)"""
    protos(tmp_path, odd='syntax = "proto3"; ' + ODD, good=MINE.replace("lib.v1.Name", "Name") + "message Name { string name = 1; }", lib=IMPORTED)
    compile_set(tmp_path, "odd.pb", "odd")
    compile_set(tmp_path, "good.pb", "good")
    done = run_sidespan("check", "--strict", "--config", configuration(tmp_path, ["odd.pb"]))
    assert done.returncode == 1 and "odd.v1.Odd.Tie" in done.stderr and not done.stdout
    assert run_sidespan("check", "--config", tmp_path / "sidespan.yaml", env={"SIDESPAN_STRICT": "1"}).returncode == 1
    assert run_sidespan("check", "--strict", "--config", configuration(tmp_path, ["good.pb"])).returncode == 0


def test_a_method_whose_annotation_is_left_out_is_still_mapped(tmp_path):
    """(reported 14) `auto_mapping` is for methods that have no route."""
    protos(tmp_path, odd='syntax = "proto3"; ' + re.sub(r" additional_bindings \{ get: \"/behind\" \}", "", ODD))
    compile_set(tmp_path, "odd.pb", "odd")
    found, _ = routes("--config", configuration(tmp_path, ["odd.pb"], auto_mapping=True))
    assert ("POST", "/odd.v1.Odd/Behind", "odd.v1.Odd.Behind") in found
    assert not [path for _, path, method in found if method == "odd.v1.Odd.Tie" and path.startswith("/odd")]


def test_a_document_wins_over_an_annotation_for_the_same_path(tmp_path):
    """(reported 14) Whoever wrote the rule chose it: no warning, but it is said. Rules of documents stay errors."""
    protos(tmp_path, odd='syntax = "proto3"; ' + ODD.split("service Odd")[0] + "service Other { rpc Get(M) returns (M); rpc Again(M) returns (M); }")
    compile_set(tmp_path, "odd.pb", "odd")
    rule = {"selector": "odd.v1.Other.Get", "get": "/v1/{uuid}"}
    config = configuration(tmp_path, ["odd.pb"], [rule])
    found, said = routes("--config", config)
    assert found == [("GET", "/v1/{uuid}", "odd.v1.Other.Get")]
    assert re.search(r"info: .*odd\.v1\.First\.Get.*routes\.yaml:\d+:\d+", said), said
    assert run_sidespan("check", "--strict", "--config", config).returncode == 0
    again = {"selector": "odd.v1.Other.Again", "get": "/v1/{id}"}
    done = run_sidespan("check", "--config", configuration(tmp_path, ["odd.pb"], [rule, again]))
    assert done.returncode == 1 and done.stderr.count("routes.yaml:") == 2


def test_of_two_rules_for_one_selector_the_last_counts(tmp_path):
    """(reported 47) As google.api.Service says, and check says so; errors of the first are shown all the same."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    rules = [{"selector": "a.v1.Mine.Get", "get": "/first/{name}"}, {"selector": "a.v1.Mine.Get", "get": "/last/{name}"}]
    config = configuration(tmp_path, ["a.pb"], rules)
    found, said = routes("--config", config)
    assert found == [("GET", "/last/{name}", "a.v1.Mine.Get")]
    assert re.search(r"warning: .*routes\.yaml:5:\d+: .*a\.v1\.Mine\.Get.* at .*routes\.yaml:7:\d+ ", said), said
    assert run_sidespan("check", "--strict", "--config", config).returncode == 1
    rules[0]["get"] = "/first/{nope}"
    done = run_sidespan("check", "--config", configuration(tmp_path, ["a.pb"], rules))
    assert done.returncode == 1 and "nope" in done.stderr


def test_the_same_selector_before_two_upstreams_is_two_rules(tmp_path):
    """(reported 47) Each document is a google.api.Service; those of one upstream count as one."""
    protos(tmp_path, lib=IMPORTED, a=MINE)
    compile_set(tmp_path, "a.pb", "a")
    plain = {"target": "localhost:1", "plaintext": True}
    for name in "uv":
        document = {"type": "google.api.Service", "upstream": name, "http": {"rules": [{"selector": "a.v1.Mine.Get", "get": f"/{name}/{{name}}"}]}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    config = configuration(tmp_path, ["a.pb"], upstreams={"u": plain, "v": plain}, routes=["u.yaml", "v.yaml"])
    found, said = routes("--config", config)
    assert [path for _, path, _ in found] == ["/u/{name}", "/v/{name}"] and "warning" not in said


PLAIN = 'syntax = "proto3"; package p.v1; message M { string id = 1; } service S { rpc Get(M) returns (M); }\n'
MAPPED = [("POST", "/p.v1.S/Get", "p.v1.S.Get")]


@pytest.mark.parametrize("place", ["top", "defaults", "upstream", "document"])
def test_auto_mapping_may_stand_wherever_people_put_it(tmp_path, place):
    """(reported 36)"""
    protos(tmp_path, p=PLAIN)
    compile_set(tmp_path, "p.pb", "p")
    upstream = {"target": "localhost:1", "plaintext": True}
    if place == "top":
        config = configuration(tmp_path, ["p.pb"], auto_mapping=True)
    elif place == "defaults":
        config = configuration(tmp_path, ["p.pb"], defaults={"auto_mapping": True})
    elif place == "upstream":
        config = configuration(tmp_path, ["p.pb"], upstreams={"u": {**upstream, "auto_mapping": True}})
    else:
        config = configuration(tmp_path, ["p.pb"], document={"auto_mapping": True})
    assert routes("--config", config)[0] == MAPPED


def test_the_nearest_auto_mapping_counts(tmp_path):
    """(reported 36) And without any the error says where it may stand."""
    protos(tmp_path, p=PLAIN)
    compile_set(tmp_path, "p.pb", "p")
    off = {"u": {"target": "localhost:1", "plaintext": True, "auto_mapping": False}}
    done = run_sidespan("check", "--config", configuration(tmp_path, ["p.pb"], upstreams=off, auto_mapping=True))
    assert done.returncode == 1 and re.search(r"no route: .*auto_mapping: true.* top of the configuration", done.stderr), done.stderr
    config = configuration(tmp_path, ["p.pb"], upstreams=off, document={"auto_mapping": True})
    assert routes("--config", config)[0] == MAPPED
    config = configuration(tmp_path, ["p.pb"], document={"auto_mapping": False}, auto_mapping=True)
    assert run_sidespan("check", "--config", config).returncode == 1


def test_google_imports_are_in_the_binary(tmp_path):
    """(reported 28) Under a protoc whose own folder has none of them."""
    names = sorted(path.relative_to(ROOT / "proto") for path in (ROOT / "proto/google").rglob("*.proto"))
    assert len(names) > 30
    text = 'syntax = "proto3"; package g.v1;\n' + "".join(f'import "{name}";\n' for name in names)
    text += 'import "google/protobuf/timestamp.proto"; import "google/protobuf/type.proto";\n'
    text += "message M { google.rpc.Status status = 1; google.api.MetricDescriptor metric = 2; google.protobuf.Timestamp at = 3; }\n"
    text += 'service S { option (google.api.default_host) = "x"; rpc Get(M) returns (M) { option (google.api.http) = { get: "/g" }; } }\n'
    protos(tmp_path, g=text)
    assert routes("--upstream", "localhost:1", "--proto", tmp_path / "g.proto")[0] == [("GET", "/g", "g.v1.S.Get")]
    assert routes("--config", configuration(tmp_path, ["g.proto"]))[0] == [("GET", "/g", "g.v1.S.Get")]
    # a set without its imports, as protoc writes it when --include_imports is forgotten
    subprocess.run(["protoc", f"-I{tmp_path}", f"-I{ROOT}/proto", f"--descriptor_set_out={tmp_path}/g.pb", "g.proto"], check=True)
    assert routes("--config", configuration(tmp_path, ["g.pb"]))[0] == [("GET", "/g", "g.v1.S.Get")]


def test_a_copy_of_the_users_counts_before_the_one_in_the_binary(tmp_path):
    """(reported 28)"""
    (tmp_path / "google/api").mkdir(parents=True)
    (tmp_path / "google/api/client.proto").write_text('syntax = "proto3"; package google.api; message OfTheUser { string id = 1; }')
    protos(tmp_path, g='syntax = "proto3"; package g.v1; import "google/api/client.proto"; service S { rpc Get(google.api.OfTheUser) returns (google.api.OfTheUser); }')
    assert len(routes("--upstream", "localhost:1", "--proto", tmp_path / "g.proto")[0]) == 1


def test_imports_are_found_in_folders_that_are_included(tmp_path):
    """(reported 28) --include, again and again, and by its variable; without it protoc's line is passed on."""
    for folder, text in (("one", IMPORTED), ("two", PLAIN)):
        (tmp_path / folder).mkdir()
        protos(tmp_path / folder, **({"lib": text} if folder == "one" else {"p": text}))
    protos(tmp_path, a=MINE.replace("package a.v1;", 'package a.v1; import "p.proto"; message Uses { p.v1.M m = 1; }'))
    one = ["--upstream", "localhost:1", "--proto", tmp_path / "a.proto"]
    assert routes(*one, "--include", tmp_path / "one", "--include", tmp_path / "two")[0] == [MY_ROUTE]
    done = run_sidespan("routes", *one, env={"SIDESPAN_INCLUDE": f"{tmp_path}/one:{tmp_path}/two"})
    assert done.returncode == 0 and "a.v1.Mine.Get" in done.stdout, done.stderr
    done = run_sidespan("routes", *one, "--include", tmp_path / "two")
    assert done.returncode == 1 and "lib.proto" in done.stderr
    done = run_sidespan("routes", *one[:2], env={"SIDESPAN_PROTO": f"{tmp_path}/one/lib.proto:{tmp_path}/two/p.proto"})
    assert done.returncode == 0 and "lib.v1.Imported.Delete" in done.stdout and "p.v1.S.Get" in done.stdout


@pytest.mark.parametrize(
    "name, content, words",
    [
        ("set.proto", None, ["set.proto", "FileDescriptorSet", "--descriptor"]),
        ("set.pb", None, ["set.pb", "FileDescriptorSet", "--descriptor"]),
        ("types.proto", b'syntax = "proto3"; message M { string id = 1; }', ["types.proto", "no service"]),
        ("new.proto", b'// A file.\n/* of\nto come */ edition = "2099"; message M { string id = 1; }', ["new.proto", '"2099"', "too old"]),
        ("imports.proto", b'syntax = "proto3"; import "sub/newer.proto"; service S { rpc A(N) returns (N); }', ["sub/newer.proto", '"2023"', "too old"]),
    ],
)
def test_what_proto_cannot_take_is_one_line(tmp_path, name, content, words):
    """(reported 28)"""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/newer.proto").write_text('edition = "2023"; message N { string id = 1; }')
    protos(tmp_path, p=PLAIN)
    (tmp_path / name).write_bytes(content or (tmp_path / compile_set(tmp_path, "p.pb", "p")).read_bytes())
    done = run_sidespan("check", "--upstream", "localhost:1", "--proto", tmp_path / name)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("--proto: ") and all(word in line for word in words), line


def test_serve_with_an_annotated_proto_and_nothing_else(services, tmp_path):
    """(reported 28) google/api/annotations.proto is nowhere but in the binary. (reported 12) Its import is not served."""
    proto = ROOT / "tests/e2e/proto/sidespan/test/v1/cases.proto"
    listen = free_port()
    upstream = f"127.0.0.1:{services.ports['plain']}"
    child = Child([BINARY, "serve", "--upstream", upstream, "--plaintext", "--proto", proto,
                   "--include", ROOT / "tests/e2e/proto", "--listen", f"127.0.0.1:{listen}", "--admin", "off"])  # fmt: skip

    def answer():
        assert child.alive, child.stderr
        try:
            return client.get("/annotated/5")
        except httpx.TransportError:
            return None

    with httpx.Client(base_url=f"http://127.0.0.1:{listen}", trust_env=False) as client:
        try:
            assert eventually(answer).json()["id"] == "5"
            assert client.post("/sidespan.test.v1.Echo/Unary", json={}).status_code == 404  # of test.proto, which is imported
        finally:
            assert child.stop() == 0


def test_two_sets_whose_files_have_one_name_are_both_loaded(tmp_path):
    """(reported 13) Each from its own service.proto."""
    for folder, text in (("one", PLAIN), ("two", PLAIN.replace("p.v1", "q.v1"))):
        (tmp_path / folder).mkdir()
        protos(tmp_path / folder, service=text)
        compile_set(tmp_path / folder, "set.pb", "service", flags=["--include_source_info"] if folder == "one" else [])
    for descriptors in (["one/set.pb", "two/set.pb"], ["one/service.proto", "two/service.proto"], ["two/set.pb", "one/service.proto"]):
        found, said = routes("--config", configuration(tmp_path, descriptors, auto_mapping=True))
        assert {method for _, _, method in found} == {"p.v1.S.Get", "q.v1.S.Get"} and not said


def test_types_that_are_vendored_twice_are_one_if_they_are_equal(tmp_path):
    """(reported 13) Else the error names both files."""
    common = 'syntax = "proto3"; package c.v1; message M { string some_id = 1; }\n'
    for folder, package in (("one", "p.v1"), ("two", "q.v1")):
        (tmp_path / folder).mkdir()
        name = f"{folder}_common"
        protos(tmp_path / folder, **{
            name: common,
            "service": f'syntax = "proto3"; package {package}; import "{name}.proto"; service S {{ rpc Get(c.v1.M) returns (c.v1.M); }}',
        })  # fmt: skip
        compile_set(tmp_path / folder, "set.pb", "service", flags=["--include_source_info"] if folder == "one" else [])
    config = configuration(tmp_path, ["one/set.pb", "two/set.pb"], auto_mapping=True)
    assert len(routes("--config", config)[0]) == 2
    protos(tmp_path / "two", two_common=common.replace("string some_id", "bytes some_id"))
    compile_set(tmp_path / "two", "set.pb", "service")
    done = run_sidespan("check", "--config", config)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert all(word in line for word in ("c.v1.M", "two/set.pb", "two_common.proto", "one/set.pb", "one_common.proto")), line


def one_of_many(files):
    """The bytes of a FileDescriptorProto such as google/cloud has 2,319 of, with 5 KB; p00000 is a part of its package."""
    name = "synthetic.p00000.v1"
    file = descriptor_pb2.FileDescriptorProto(name="synthetic/p00000.proto", package=name, syntax="proto3")
    file.dependency.extend(["google/api/annotations.proto", "google/protobuf/timestamp.proto"])
    for i in range(12):
        message = file.message_type.add(name=f"CreateSomethingRequest{i}")
        for k, kind in enumerate((9, 9, 8, 5, 11) if i % 2 else (9, 11)):
            field = message.field.add(name=f"resource_field_{k}", json_name=f"resourceField{k}", number=k + 1, type=kind, label=1 + 2 * (k == 4))
            if kind == 11:
                field.type_name = f".{name}.CreateSomethingRequest{i - 1}" if i else ".google.protobuf.Timestamp"
    for i in range(2):
        enum = file.enum_type.add(name=f"State{i}")
        for k in range(6):
            enum.value.add(name=f"STATE{i}_NUMBER_{k}", number=k)
    service = file.service.add(name="Things")
    for i in range(5):
        kind = f".{name}.CreateSomethingRequest{i}"
        method = service.method.add(name=f"CreateThing{i}", input_type=kind, output_type=kind)
        path = f"/v1/{{resource_field_0=p00000/*/locations/*}}/things{i}".encode()
        rule = b"\x12" + varint(len(path)) + path
        method.options.MergeFromString(varint(72295728 << 3 | 2) + varint(len(rule)) + rule)
    template = file.SerializeToString()
    return [template.replace(b"p00000", b"p%05d" % i) for i in range(files)]


def test_loading_takes_little_more_memory_than_what_stays(release, tmp_path):
    """(reported 10b) As many files as google/cloud has, and a few: at most 80 MiB, and half as much again as what stays."""
    files = one_of_many(2378)
    (tmp_path / "all.pb").write_bytes(b"".join(b"\x0a" + varint(len(file)) + file for file in files))
    size = (tmp_path / "all.pb").stat().st_size
    assert 8 << 20 < size < 16 << 20, size
    sidespan = release(descriptors=[str(tmp_path / "all.pb")], routes=None)
    peak, stays = cost.peak_kib(sidespan.pid), cost.resident_kib(sidespan.pid)
    assert peak < 80 << 10 and peak < 1.5 * stays, f"{size >> 10} KiB of descriptors: peak {peak} KiB, {stays} KiB stay"
    with httpx.Client(base_url=sidespan.url(), trust_env=False) as client:
        assert client.get("/v1/p02377/a/locations/b/things4", timeout=30).status_code in (501, 404)  # the service has no such method
