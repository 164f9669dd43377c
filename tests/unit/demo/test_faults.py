from __future__ import annotations

import asyncio
import random

import pytest

from botobs._demo.exchange_simulator.faults import Fault, Faults


class Clock:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[Faults, Clock]:
    clock = Clock()
    return Faults(random.Random(1), clock), clock


def test_a_fault_ends_by_itself() -> None:
    faults, clock = make()
    faults.set(Fault.SILENCE, seconds=5)
    clock.now = 4.9
    assert faults.active(Fault.SILENCE)
    clock.now = 5.0
    assert not faults.active(Fault.SILENCE)


def test_a_fault_without_an_end_stays_until_it_is_cleared() -> None:
    faults, clock = make()
    faults.set(Fault.DROP)
    faults.set(Fault.SILENCE)
    clock.now = 1e9
    faults.clear(Fault.DROP)
    assert (faults.active(Fault.DROP), faults.active(Fault.SILENCE)) == (False, True)
    faults.clear()
    assert not faults.active(Fault.SILENCE)


def test_a_fault_is_replaced_when_it_is_set_again() -> None:
    faults, clock = make()
    faults.set(Fault.LATENCY, seconds=1, value=3)
    faults.set(Fault.LATENCY, seconds=10)
    clock.now = 5
    setting = faults.setting(Fault.LATENCY)
    assert setting is not None
    assert setting.value == 1.0


def test_a_share_lets_a_fault_strike_sometimes() -> None:
    faults, _ = make()
    faults.set(Fault.SERVER_ERROR, share=0.3)
    strikes = sum(faults.strikes(Fault.SERVER_ERROR) is not None for _ in range(1_000))
    assert 250 < strikes < 350


def test_a_fault_without_a_share_always_strikes() -> None:
    faults, _ = make()
    assert faults.strikes(Fault.SERVER_ERROR) is None
    faults.set(Fault.SERVER_ERROR)
    assert all(faults.strikes(Fault.SERVER_ERROR) for _ in range(100))


def test_faults_describe_themselves() -> None:
    faults, clock = make()
    faults.set(Fault.CLOCK_SKEW, seconds=8, value=2.5)
    clock.now = 3
    assert faults.describe() == {"clock_skew": {"seconds": 5.0, "share": None, "value": 2.5}}


@pytest.mark.asyncio
async def test_the_end_of_a_fault_can_be_waited_for() -> None:
    faults = Faults(random.Random(1))
    await faults.over(Fault.HALF_OPEN)
    faults.set(Fault.HALF_OPEN, seconds=0.05)
    await faults.over(Fault.HALF_OPEN)
    assert not faults.active(Fault.HALF_OPEN)
    faults.set(Fault.HALF_OPEN)
    waiting = asyncio.create_task(faults.over(Fault.HALF_OPEN))
    await asyncio.sleep(0)
    assert not waiting.done()
    faults.clear()
    await waiting
