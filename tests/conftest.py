"""What holds for every test."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the long form: the lane `fuzz`."""
    parser.addoption("--long", action="store_true", help="many more examples and repetitions")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether repetitions are to be many."""
    return bool(request.config.getoption("--long"))


def pytest_configure(config: pytest.Config) -> None:
    """Listen to signals again that whoever started us ignores, as `nohup` and a shell's background do.

    Programs that the tests start and end by a signal would inherit that, and never end.
    """
    # A machine that does something else meanwhile is no failure: no example has a limit of time.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("long", settings.get_profile("any machine"), max_examples=3000)
    settings.load_profile("long" if config.getoption("--long") else "any machine")
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Windows has no SIGHUP.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
