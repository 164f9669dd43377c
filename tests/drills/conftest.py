"""Faults against the real stack: `--drill-profile=short` as continuous integration runs them, `long` for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stack import LiveStack


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the profile."""
    parser.addoption("--drill-profile", choices=["short", "long"], default="long", help="how long the drills last")


@pytest.fixture(scope="session")
def long_profile(request: pytest.FixtureRequest) -> bool:
    """Whether outages last as long, and kills are as many, as in the documentation's tables."""
    return bool(request.config.getoption("--drill-profile") == "long")


@pytest.fixture
def fresh() -> Iterator[LiveStack]:
    """A stack of its own for a drill that breaks things, without the demo."""
    with LiveStack() as stack:
        yield stack
