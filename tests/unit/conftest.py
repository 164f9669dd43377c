"""What holds for every unit test."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from botobs._sdk.engine.faults import FAULTS
from botobs._sdk.orders import UNSETTLED
from botobs._sdk.orders.known import KNOWN
from botobs.testing import Capture, capture
from botobs.trading import session
from testbed.otlp_receiver import OtlpReceiver, receiving
from tests.support.order_desk import OrderDesk, order_desk


@pytest.fixture(scope="session", autouse=True)
def _distributions_read_once() -> Iterator[None]:
    """What is installed stays so while tests run; to read it takes longer than most tests that watch libraries."""
    read = cache(entry_points)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botobs._sdk.instrument.registry.entry_points", read)
        yield


@pytest.fixture(autouse=True)
def _no_losses_of_others() -> Iterator[None]:
    """Losses are counted for the process: those of a test would show in the export of the next."""
    yield
    FAULTS.forget()


@pytest.fixture(autouse=True)
def _no_orders_of_others() -> Iterator[None]:
    """Bots, orders, and what nobody knows of an order are remembered for the process."""
    yield
    session.current().forget()
    KNOWN.forget()
    UNSETTLED.forget()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No stack of the person who runs the tests is found, nor changed; the working directory is empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("BOTOBS_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    """A receiver of OTLP on loopback, in the collector's place."""
    with receiving() as listening:
        yield listening


@pytest.fixture(scope="module")
def desk() -> Iterator[OrderDesk]:
    """An exchange that takes, refuses or loses orders as the tests of a module tell it."""
    with order_desk() as listening:
        yield listening


@pytest.fixture
def captured() -> Iterator[Capture]:
    """What is reported, with the instrumentations of libraries."""
    with capture() as captured:
        yield captured
