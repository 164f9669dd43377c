"""Faults against the real stack: `--drill-profile=short` as continuous integration runs them, `long` for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from testbed.stack import LiveStack
from tests.support.faults import FaultTable


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the profile, and how long a soak lasts."""
    parser.addoption(
        "--drill-profile", choices=["short", "long"], default="long", help="how long the drills last"
    )
    parser.addoption("--minutes", type=float, default=240.0, help="how long the soak lasts")


@pytest.fixture(scope="session")
def long_profile(request: pytest.FixtureRequest) -> bool:
    """Whether outages last as long, and kills are as many, as in the documentation's tables."""
    return bool(request.config.getoption("--drill-profile") == "long")


@pytest.fixture(scope="session")
def live() -> Iterator[LiveStack]:
    """A stack with Mimir, for drills after which it is as it was before."""
    with LiveStack(mimir=True) as stack:
        yield stack


@pytest.fixture
def fresh() -> Iterator[LiveStack]:
    """A stack of its own for a drill that breaks things, without the demo."""
    with LiveStack() as stack:
        yield stack


_FAULTS = pytest.StashKey[FaultTable]()


@pytest.fixture
def faults(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> FaultTable:
    """Collects what each fault cost; the table is printed at the end, and written down with the lane's run."""
    table = request.config.stash.setdefault(_FAULTS, FaultTable(record_property))
    table.record = record_property
    return table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of faults."""
    if (table := config.stash.get(_FAULTS, None)) is not None:
        terminalreporter.section("faults: items acknowledged, missing")
        for row in table.rows:
            terminalreporter.line(row)
