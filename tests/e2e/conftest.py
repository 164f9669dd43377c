"""A stack, the exchange simulator, and freqtrade between them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._demo.exchange_simulator.exchange import Behaviour
from testbed.stack import LiveStack
from tests.support import freqtrade
from tests.support.simulator import Simulator, running_simulator


@pytest.fixture(scope="session")
def environment() -> Path:
    """Where freqtrade and botobs are installed."""
    return freqtrade.folder()


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    """A running stack without the demo."""
    with LiveStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def simulator(live: LiveStack) -> Iterator[Simulator]:
    """The exchange simulator, in the stack's loop."""
    stack = contextlib.AsyncExitStack()
    yield live.call(stack.enter_async_context(running_simulator(Behaviour(symbols=freqtrade.PAIRS))))
    live.call(stack.aclose())


@pytest.fixture(scope="module")
def bot(
    environment: Path, live: LiveStack, simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[freqtrade.Freqtrade]:
    """freqtrade, trading on paper; its environment is there before anything else starts."""
    folder = tmp_path_factory.mktemp("freqtrade")
    with freqtrade.Freqtrade(environment, folder, simulator.url, live.home.path) as running:
        yield running
