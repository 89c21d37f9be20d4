"""What the tests of this folder measure with (harness/cost.py) sees what a process does."""

from harness import cost, http1


def test_the_peak_of_a_process_can_be_measured_again(release):
    sidespan = release(limits={"max_request_bytes": 32 << 20, "max_message_bytes": 32 << 20})
    before = cost.peak_kib(sidespan.pid)
    with http1.Connection(sidespan.address()) as connection:
        text = '{"stringValue":"' + "x" * (16 << 20) + '"}'
        assert connection.request("POST", "/echo", text.encode(), ["Content-Type: application/json"]).status == 200
    assert cost.peak_kib(sidespan.pid) > before + (16 << 10)
    cost.forget_peak(sidespan.pid)
    assert cost.peak_kib(sidespan.pid) <= cost.resident_kib(sidespan.pid) + 1024
    assert cost.ticks(sidespan.pid) > 0
