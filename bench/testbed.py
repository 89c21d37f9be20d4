"""The release build before the services of the end-to-end tests, for benchmarks that need those: SIDESPAN_BIN names
another build. The harness of those tests is imported from here."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SIDESPAN_BIN", str(ROOT / "build/sidespan"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.dont_write_bytecode = True
from harness import http1, leaving  # noqa: E402, F401
from harness.process import E2E, Services, Sidespan, eventually, free_port  # noqa: E402, F401


def start(folder, rules):
    """(services, sidespan), ready; the second listener of sidespan is TLS. Both are for the caller to stop."""
    certs = folder / "certs"
    subprocess.run([ROOT / "certs/make-dev-certs.sh", certs], check=True, stdout=subprocess.DEVNULL)
    descriptors, routes = folder / "test.pb", folder / "routes.yaml"
    proto = E2E / "proto"
    files = [str(file) for file in proto.rglob("*.proto")]
    command = ["protoc", f"-I{proto}", f"-I{ROOT / 'proto'}", "--include_imports", f"--descriptor_set_out={descriptors}"]
    subprocess.run([*command, *files], check=True)
    document = {"type": "google.api.Service", "config_version": 3, "upstream": "test", "http": {"rules": rules}}
    routes.write_text(json.dumps(document))
    services = Services(certs)
    config = {
        "listeners": [
            {"address": f"127.0.0.1:{free_port()}"},
            {
                "address": f"127.0.0.1:{free_port()}",
                "tls": {"certificate": f"{certs}/server.crt", "private_key": f"{certs}/server.key"},
            },
        ],
        "admin": {"address": f"127.0.0.1:{free_port()}"},
        "workers": 1,
        "access_log": "off",
        "descriptors": [str(descriptors)],
        "routes": [str(routes)],
        "upstreams": {"test": {"target": f"127.0.0.1:{services.ports['plain']}", "plaintext": True}},
    }
    return services, Sidespan(folder, config).wait_ready()
