"""The real backends, started once a session on free ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from botobs._demo.services import Load
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import pins
from tests.support.stack import LiveStack


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
