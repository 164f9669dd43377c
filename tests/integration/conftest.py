"""The real backends, started once a session on free ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from botobs._demo.services import Load
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import pins
from testbed.stack import LiveStack

#: Fixtures that start a stack for several files.
_STACKS = ("live", "cluster", "secured")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a stack in one process, and those of one file as well, when several processes run them.

    Those that share a stack come first, then the files that take long, so that no long one is left for the end. A test
    that needs neither a stack nor its file's neighbours names a group of its own.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if ": " in _group(item):
        return 0
    return 1 if item.get_closest_marker("slow") else 2


def _group(item: pytest.Item) -> str:
    """The stack that a test takes, or its file."""
    assert isinstance(item, pytest.Function)
    for name, definitions in item._fixtureinfo.name2fixturedefs.items():
        if definitions[-1].scope in ("session", "package") and name in _STACKS:
            return f"{definitions[-1].baseid}: {name}"
    return item.path.name


@pytest.fixture(scope="session")
def binaries() -> Mapping[str, Path]:
    """Path of every program of the stack, by name; built first where they are missing."""
    found = Binaries()
    parts = [name for name, pin in pins().items() if not pin.optional]
    found.require(parts, Silent())
    return {program: found[program] for name in parts for program in pins()[name].packages}


@pytest.fixture(scope="session")
def live() -> Iterator[LiveStack]:
    """A running stack with the demo trading on it; tests only read from it, or write under names of their own."""
    with LiveStack(demo=Load(bots=8, rate=4)) as stack:
        yield stack
