"""The real backends, started once a session on free ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.fixtures import FixtureDef

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
    # Tests of one stack stand together where one process runs all, too: it ends behind the last of them.
    places = {group: place for place, group in enumerate(dict.fromkeys(map(_group, items)))}
    items.sort(key=lambda item: (_turn(item), places[_group(item)]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take off the group that pytest-xdist writes behind a test's name: without processes it has another name then."""
    # Only reports of other processes have it, and all of these tests have a group.
    if hasattr(report, "node"):
        report.nodeid = report.nodeid.rpartition("@")[0]


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End a shared stack behind its last test: its demo would go on trading beside the tests of others."""
    if nextitem is not None and _group(nextitem) == _group(item):
        return
    for definition in _shared(item):
        definition.finish(item._request)  # type: ignore[attr-defined]


def _turn(item: pytest.Item) -> int:
    if ": " in _group(item):
        return 0
    return 1 if item.get_closest_marker("slow") else 2


def _group(item: pytest.Item) -> str:
    """The stack that a test takes, or its file."""
    for definition in _shared(item):
        return f"{definition.baseid}: {definition.argname}"
    return item.path.name


def _shared(item: pytest.Item) -> list[FixtureDef[Any]]:
    """The stacks of several files that a test takes."""
    assert isinstance(item, pytest.Function)
    found = (definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values())
    return [each for each in found if each.argname in _STACKS and each.scope in ("session", "package")]


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
