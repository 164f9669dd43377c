"""Every metric export of a process carries a number of its own, so that a lost one leaves a gap."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

import botobs
from botobs._sdk.orders import UNSETTLED, UnsettledOrder
from testbed.otlp_receiver import OtlpReceiver, Reply, value_of

Init = Callable[..., botobs.Handle]


def _numbers(receiver: OtlpReceiver) -> list[int]:
    return [value_of(point) for _, _, point in receiver.points("botobs.sdk.metric.exports")]


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_the_numbers_are_without_a_gap(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    for _ in range(3):
        assert handle.flush()
    handle.shutdown()
    assert _numbers(receiver) == list(range(1, len(_numbers(receiver)) + 1))
    assert len(_numbers(receiver)) >= 4


def test_an_export_that_is_sent_again_keeps_its_number(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    assert handle.flush()
    receiver.reply = Reply(503)
    assert not handle.flush(1.0)
    receiver.reply = Reply()
    assert handle.flush()
    assert _numbers(receiver) == list(range(1, len(_numbers(receiver)) + 1))


def test_a_forked_child_counts_from_one(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    for _ in range(3):
        assert handle.flush()
    child = os.fork()
    if not child:
        os._exit(0 if handle.flush() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    by_process: dict[str, list[int]] = {}
    for resource, _, point in receiver.points("botobs.sdk.metric.exports"):
        by_process.setdefault(resource["service.instance.id"], []).append(value_of(point))
    assert len(by_process) == 2
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_process.values())


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_an_order_of_unknown_outcome_does_not_wait_for_the_interval(
    init: Init, receiver: OtlpReceiver
) -> None:
    handle = init(metric_interval=3600)
    assert handle.flush()
    before = len(_numbers(receiver))
    for number in range(500):
        UNSETTLED.doubt(UnsettledOrder("binance", client_order_id=f"soon-{number}"))
    receiver.wait_for(lambda: len(receiver.points("botobs.order.unknown.timestamp")) >= 500)
    settled = UNSETTLED.settle("binance", "accepted", client_order_id="soon-7")
    assert settled
    receiver.wait_for(lambda: receiver.points("botobs.order.settled.timestamp"))
    # A second lies between two exports, however many orders there were.
    assert len(_numbers(receiver)) - before <= 1 + len(_seconds(receiver))


def _seconds(receiver: OtlpReceiver) -> set[int]:
    exports = receiver.points("botobs.sdk.metric.exports")
    return {point.time_unix_nano // 10**9 for _, _, point in exports}
