"""The how-tos for files of one's own, done word by word in an empty home."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.components import ports
from botobs._ops.components.table import COMPONENTS
from botobs._ops.home.home import cache_folder
from testbed.otlp_receiver import OtlpReceiver
from tests.support.howto import Reader
from tests.support.waiting import eventually

PAGES = Path(__file__).parents[3] / "docs" / "how-to"


@pytest.fixture
def reader() -> Iterator[Reader]:
    """A user with an empty home, whose stack listens on free ports."""
    folder = Path(tempfile.mkdtemp(prefix="botobs-howto-"))
    variables = [port for component in COMPONENTS for port in component.ports]
    free = ports.free_ports(len(variables))
    moved = {port.variable: str(number) for port, number in zip(variables, free, strict=True)}
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("BOTOBS_", "XDG_"))}
    environ |= moved | {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(cache_folder().parent),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    }
    instead = {f":{port.default}/": f":{moved[port.variable]}/" for port in variables}
    yield Reader(folder, environ, instead)
    subprocess.run(["botobs", "down"], env=environ, capture_output=True, check=False)
    shutil.rmtree(folder)


@pytest.mark.parametrize("page", ["add-metric-and-alert", "route-a-team", "dashboards"])
def test_a_page(reader: Reader, page: str) -> None:
    reader.follow(PAGES / f"{page}.md")


def test_logs_reach_the_store(reader: Reader) -> None:
    with contextlib.closing(OtlpReceiver()) as store:
        reader.instead = {**reader.instead, "https://logs.example:4318": store.endpoint}
        reader.follow(PAGES / "export-logs.md")
        eventually(lambda: any(b"the spread is" in each.body for each in store.requests))
