"""How soon a deadline that has passed is answered."""

import time

from harness.process import PATIENCE


def test_504_comes_within_5_ms_of_expiry(connect):
    """The best of some: what the machine adds is not ours."""
    connection, late = connect(), []
    for _ in range(20):
        begin = time.monotonic()
        response = connection.request("GET", "/slow/4000", headers=["Grpc-Timeout: 50m"])
        late.append(time.monotonic() - begin - 0.05)
        assert response.status == 504 and response.json()["code"] == 4
        assert late[-1] > -0.001, "before its time"
    assert min(late) < 0.005, late


def test_a_deadline_of_microseconds_has_passed(connect):
    begin = time.monotonic()
    response = connect().request("GET", "/slow/4000", headers=["Grpc-Timeout: 10u"])
    assert response.status == 504 and time.monotonic() - begin < PATIENCE / 2


def test_the_service_is_told_to_stop(connect, services):
    response = connect().request("GET", "/slow/15000?key=deadline-stop", headers=["Grpc-Timeout: 100m"])
    assert response.status == 504
    begin = time.monotonic()
    while services.stats("deadline-stop")["cancelled"] + services.stats("deadline-stop")["finished"] < 1:
        assert time.monotonic() - begin < 5, services.stats("deadline-stop")
        time.sleep(0.02)
