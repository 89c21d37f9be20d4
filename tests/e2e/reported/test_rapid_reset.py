"""Clients that open streams, reset them and connect again take a worker from nobody (reported 0). How long others wait is measured
by `make bench-floods`."""

import signal
import time

import pytest

from harness import cost, flood
from harness.victims import watch

FLOODS = {
    "each reset at once": {"streams": 700},
    "until they are cut off": {"streams": 5000, "stay": True},
    "with bodies to come": {"streams": 700, "body": True},
}


@pytest.mark.parametrize("how", FLOODS)
def test_clients_that_reset_and_reconnect_take_nothing_from_others(release, how):
    sidespan = release(access_log="off")
    report = watch(sidespan, path="/echo", connections=80, seconds=3, **FLOODS[how])
    assert report.client.lost == [] and report.client.asked >= 20
    assert report.health.lost == [] and report.health.asked >= 20
    assert report.floods > 160  # they did reconnect
    assert cost.peak_kib(sidespan.pid) < 32 << 10
    began = time.monotonic()
    sidespan.process.send_signal(signal.SIGTERM)
    assert sidespan.wait() == 0
    assert time.monotonic() - began < 1  # what is asked of it is a second, not a speed


@pytest.mark.parametrize("form", flood.FORMS)
def test_clients_that_send_much_that_is_small_wait_for_those_who_do_not(release, form):
    """(reported 0) Each of 64 KiB costs a worker milliseconds: read whole, a turn took a second and more."""
    sidespan = release(access_log="off")
    report = watch(sidespan, connections=80, seconds=2, form=form)
    assert report.client.lost == [] and report.client.asked >= 15
    assert report.health.lost == [] and report.health.asked >= 15
    sidespan.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert sidespan.wait() == 0
    assert time.monotonic() - began < 1


def test_a_flood_is_no_danger_to_memory_and_threads(sidespan):
    report = watch(sidespan, path="/echo", connections=20, seconds=1, streams=600)
    assert report.client.lost == [] and report.health.lost == []


def test_a_call_that_goes_before_it_was_written_never_reaches_the_service(start, services):
    """The streams of one read are reset in the same read: the service hears of none of them."""
    sidespan = start()
    before = services.stats("never-written")["started"]
    watch(sidespan, path="/slow/300?key=never-written", connections=10, seconds=1, streams=30)
    assert services.stats("never-written")["started"] == before
