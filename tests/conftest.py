"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

_ENDS = ("SIGTERM", "SIGHUP")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the long form: the lane `fuzz`."""
    parser.addoption("--long", action="store_true", help="many more examples and repetitions")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether repetitions are to be many."""
    return bool(request.config.getoption("--long"))


def pytest_configure(config: pytest.Config) -> None:
    """Prepare Hypothesis, and what signals do."""
    # A machine that does something else meanwhile is no failure: no example has a limit of time.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("long", settings.get_profile("any machine"), max_examples=3000)
    settings.load_profile("long" if config.getoption("--long") else "any machine")
    _listen_to_signals()


def pytest_collection_finish() -> None:
    """Keep what was imported out of the garbage collector's sight: a million objects that stay."""
    gc.collect()
    gc.freeze()


def _listen_to_signals() -> None:
    """End as at Ctrl-C when we are told to, so that fixtures stop what they started and remove their folders.

    Whoever started us may ignore signals, as `nohup` and a shell's background do. Programs that the tests start and end
    by a signal would inherit that, and never end; a handler they do not inherit.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in _ENDS:
        # Windows has no SIGHUP.
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, _end_once)
    if hasattr(os, "register_at_fork"):
        # What a test forks off ends by them as any program does.
        os.register_at_fork(after_in_child=_by_default)


def _end_once(number: int, frame: FrameType | None) -> None:
    # It may come twice: to us, and to all of our group. The second would break off what the first has begun.
    for name in _ENDS:
        signal.signal(getattr(signal, name, number), lambda *_: None)
    raise KeyboardInterrupt


def _by_default() -> None:
    for name in _ENDS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _end_once:
            signal.signal(number, signal.SIG_DFL)
