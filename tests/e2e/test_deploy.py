"""What is deployed where no test can go: at least well formed, and its configuration valid."""

import shutil
import subprocess

import pytest
import yaml

from harness.process import ROOT, run_sidespan

K8S = ROOT / "deploy/k8s"
MANIFESTS = sorted(K8S.rglob("*.yaml"))


@pytest.mark.parametrize("path", MANIFESTS, ids=[str(path.relative_to(K8S)) for path in MANIFESTS])
def test_a_manifest_is_yaml(path):
    documents = list(yaml.safe_load_all(path.read_text()))
    assert documents and all(isinstance(document, dict) for document in documents)


@pytest.mark.parametrize("folder", sorted({path.parent for path in K8S.rglob("kustomization.yaml")}), ids=str)
def test_every_file_of_a_kustomization_is_there(folder):
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    names = kustomization.get("resources", []) + kustomization.get("components", [])
    names += [patch["path"] for patch in kustomization.get("patches", [])]
    names += [file for each in kustomization.get("configMapGenerator", []) for file in each["files"]]
    assert names and all((folder / name).exists() for name in names)


def test_the_sidecar_runs_without_rights():
    pod = yaml.safe_load((K8S / "base/sidecar.yaml").read_text())["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    security = container["securityContext"]
    assert security["runAsNonRoot"] and security["readOnlyRootFilesystem"] and not security["allowPrivilegeEscalation"]
    assert {"livenessProbe", "readinessProbe", "resources"} <= set(container)
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
def test_the_overlay_builds():
    built = subprocess.run(["kubectl", "kustomize", K8S / "overlays/dify"], capture_output=True, check=True, text=True)
    containers = {
        document["metadata"]["name"]: [each["name"] for each in document["spec"]["template"]["spec"]["containers"]]
        for document in yaml.safe_load_all(built.stdout)
        if document["kind"] == "Deployment"
    }
    assert set(containers) == {"dify-api", "dify-worker"}
    assert all("sidespan" in names for names in containers.values())


def test_the_sidecars_configuration_is_good(tmp_path, certs):
    config = yaml.safe_load((K8S / "base/sidespan.yaml").read_text())
    config["descriptors"] = [str(ROOT / "build/demo.pb")]
    config["upstreams"]["legal"]["tls"] = {
        "ca": f"{certs}/ca.crt", "certificate": f"{certs}/client.crt", "private_key": f"{certs}/client.key"
    }
    (tmp_path / "routes.yaml").write_text((K8S / "base/routes.yaml").read_text())
    (tmp_path / "sidespan.yaml").write_text(yaml.safe_dump(config))
    done = run_sidespan("check", "--config", tmp_path / "sidespan.yaml")
    assert done.returncode == 0, done.stderr


def test_its_routes_are_the_projects():
    assert (K8S / "base/routes.yaml").read_text() == (ROOT / "routes/legal.yaml").read_text()
