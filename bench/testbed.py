"""The release build before the services of the end-to-end tests, for benchmarks that need those: SIDESPAN_BIN names
another build. The harness of those tests is imported from here."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
os.environ.setdefault("SIDESPAN_BIN", str(ROOT / "build/sidespan"))
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.dont_write_bytecode = True
from harness import cost, http1, leaving, victims  # noqa: E402, F401
from harness.process import Services, Sidespan, compile_protos, configuration, eventually, write_routes  # noqa: E402, F401


def start(folder, rules):
    """(services, sidespan), ready; the second listener of sidespan is TLS. Both are for the caller to stop."""
    certs = folder / "certs"
    subprocess.run([ROOT / "certs/make-dev-certs.sh", certs], check=True, stdout=subprocess.DEVNULL)
    services = Services(certs)
    files = {"descriptors": [str(compile_protos(folder / "test.pb"))], "routes": [write_routes(folder, rules)]}
    config = configuration(certs, services.ports, access_log="off", **files)
    return services, Sidespan(folder, config).wait_ready()
