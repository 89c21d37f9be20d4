"""google-cloud-translate's own client makes its calls over REST (reported 19): unary, pages, PATCH, operations, query parameters,
and with each of them `$alt=json;enum-encoding=int`. `make clients` fetches it from PyPI."""

import json
import subprocess

import pytest

from harness.process import E2E, ROOT

pytestmark = pytest.mark.clients
PYTHON = ROOT / "build/clients/venv/bin/python"
PROGRAM = E2E / "clients/translate.py"
PARENT = "projects/p/locations/global"
GLOSSARY = f"{PARENT}/glossaries/law"


@pytest.fixture(scope="module")
def environment():
    subprocess.run([E2E / "clients/venv.sh"], check=True)


@pytest.fixture(scope="module")
def behind(environment, tmp_path_factory):
    """(folder of descriptors and routes, port) of the service."""
    folder = tmp_path_factory.mktemp("translate")
    service = subprocess.Popen([PYTHON, PROGRAM, "service", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    line = service.stdout.readline()
    assert line.strip().isdigit(), f"the service did not start: {line}"
    yield folder, int(line)
    service.communicate(timeout=20)
    assert service.returncode == 0


def test_the_client_s_calls_are_answered(start, behind):
    folder, port = behind
    sidespan = start(
        descriptors=[str(folder / "translate.pb")],
        routes=[str(folder / "routes.yaml")],
        upstreams={"translate": {"target": f"127.0.0.1:{port}", "plaintext": True}},
    )
    host, port = sidespan.address()
    done = subprocess.run([PYTHON, PROGRAM, "calls", f"{host}:{port}"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    came = json.loads(done.stdout)
    assert came["translate_text"] == ["[fr] Vertrag", "[fr] § 5 & 合同"]
    assert came["second_binding"] == ["[fr] x"]
    assert came["detect_language"] == 0.75
    assert came["supported"] == ["de", "nmt + x"]
    assert came["document"] == b"\x00\xff abc"[::-1].hex()
    assert came["pages"] == [f"{PARENT}/glossaries/{i}" for i in range(7)]
    assert came["patch_operation"] == ["Recht", 1]
    assert came["patch"] == [f"{GLOSSARY}/glossaryEntries/1", "Recht", "d"]
    assert came["operation"] == ["RUNNING", 3]
    assert came["deleted"] is None
    assert came["not_found"] == ["NotFound", 5, f"no entry {GLOSSARY}/glossaryEntries/2"]
    assert came["invalid"] == ["BadRequest", 3, "target_language_code is missing"]
