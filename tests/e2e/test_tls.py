"""TLS on both sides: who is trusted, and what is said when nobody is."""

import ssl

import httpx
import pytest

from harness import faults, http1
from harness.process import eventually


def get(process, path="/echo", index=0, **options):
    return httpx.get(process.url(index) + path, trust_env=False, timeout=20, **options)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_clients_may_speak_tls_1_2_and_1_3(sidespan, client_tls, version):
    with http1.Connection(sidespan.address(1), tls=client_tls(version=version)) as connection:
        assert connection.request("GET", "/echo").status == 200
        assert connection.socket.version() == version.name.replace("_", ".")


def test_older_versions_are_refused(sidespan, client_tls):
    context = client_tls()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        http1.Connection(sidespan.address(1), tls=context)


def test_cleartext_on_a_tls_listener_harms_nobody(sidespan, certs):
    with http1.Connection(sidespan.address(1)) as connection:
        connection.send("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(http1.Closed):
            while True:
                connection._fill()
    assert get(sidespan, index=1, verify=str(certs / "ca.crt")).status_code == 200


@pytest.fixture
def mutual(start, make_config, certs):
    """A listener that wants a client certificate."""
    (listener, *_) = make_config()["listeners"]
    tls = {"certificate": f"{certs}/server.crt", "private_key": f"{certs}/server.key", "client_ca": f"{certs}/ca.crt"}
    return start(listeners=[{**listener, "tls": tls}])


def test_a_client_with_the_right_certificate_is_let_in(mutual, client_tls):
    with http1.Connection(mutual.address(), tls=client_tls("client")) as connection:
        assert connection.request("GET", "/echo").status == 200


@pytest.mark.parametrize("certificate", [None, "another-client"])
def test_a_client_without_the_right_certificate_is_not(mutual, client_tls, certificate):
    # In TLS 1.3 the refusal comes with the first read.
    with pytest.raises((ssl.SSLError, ConnectionError, http1.Closed)):
        with http1.Connection(mutual.address(), tls=client_tls(certificate)) as connection:
            connection.request("GET", "/echo")


def upstream(services, kind, certs, target="127.0.0.1", **tls):
    return {"test": {"target": f"{target}:{services.ports[kind]}", "tls": {"ca": f"{certs}/ca.crt", **tls}}}


@pytest.mark.parametrize("target", ["127.0.0.1", "localhost", "dns:///localhost", "ipv4:127.0.0.1"])
def test_an_upstream_is_verified(start, services, certs, target):
    assert get(start(upstreams=upstream(services, "tls", certs, target))).status_code == 200


def test_an_upstream_may_want_a_certificate_of_ours(start, services, certs):
    ours = {"certificate": f"{certs}/client.crt", "private_key": f"{certs}/client.key"}
    assert get(start(upstreams=upstream(services, "mtls", certs, **ours))).status_code == 200


def assert_unavailable(process):
    response = get(process)
    assert response.status_code == 503 and response.json()["code"] == 14
    assert "127.0.0.1" not in response.text, "an internal address in an answer"


def test_an_upstream_that_refuses_our_certificate_is_unavailable(start, services, certs):
    assert_unavailable(start(upstreams=upstream(services, "mtls", certs)))


def test_an_upstream_of_another_ca_is_unavailable_and_the_log_says_why(start, services, certs):
    process = start(upstreams=upstream(services, "tls", certs, ca=f"{certs}/another-ca.crt"))
    assert_unavailable(process)
    eventually(lambda: "certificate verify failed" in process.stderr)


@pytest.fixture
def tls_service(certs):
    """tls_service(certificate, alpn): an HTTP/2 service with it; its port."""
    opened = []

    def make(certificate="server", alpn=("h2",)):
        context = faults.server_tls(certs / f"{certificate}.crt", certs / f"{certificate}.key", alpn=alpn)
        opened.append(faults.h2_service(lambda server, stream, path: server.answer(stream), tls=context))
        return opened[-1].port

    yield make
    for each in opened:
        each.close()


@pytest.mark.parametrize("certificate", ["expired-server", "wrong-name-server", "another-server"])
def test_an_upstream_with_a_bad_certificate_is_unavailable(start, certs, tls_service, certificate):
    target = f"localhost:{tls_service(certificate)}"
    assert_unavailable(start(upstreams={"test": {"target": target, "tls": {"ca": f"{certs}/ca.crt"}}}))


def test_server_name_says_which_name_is_verified(start, certs, tls_service):
    tls = {"ca": f"{certs}/ca.crt", "server_name": "wrong.example"}
    target = f"localhost:{tls_service('wrong-name-server')}"
    assert get(start(upstreams={"test": {"target": target, "tls": tls}})).status_code == 200


def test_an_upstream_without_alpn_h2_is_unavailable(start, certs, tls_service):
    for alpn in ((), ("http/1.1",)):
        target = f"localhost:{tls_service(alpn=alpn)}"
        assert_unavailable(start(upstreams={"test": {"target": target, "tls": {"ca": f"{certs}/ca.crt"}}}))


def test_a_plaintext_service_behind_tls_is_unavailable(start, services, certs):
    assert_unavailable(start(upstreams=upstream(services, "plain", certs)))


def test_a_tls_service_behind_plaintext_is_unavailable(start, services):
    assert_unavailable(start(upstreams={"test": {"target": f"127.0.0.1:{services.ports['tls']}", "plaintext": True}}))


@pytest.mark.threads
def test_tls_both_ways_on_several_workers(start, services, certs):
    import concurrent.futures

    process = start(workers=4, upstreams=upstream(services, "tls", certs))

    def call(_):
        return get(process, index=1, verify=str(certs / "ca.crt")).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(call, range(64))) == {200}
