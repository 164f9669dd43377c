"""The how-tos for files of one's own and for backups, done word by word in an empty home."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from botobs._ops.components.table import COMPONENTS
from testbed.otlp_receiver import OtlpReceiver
from tests.integration.operation.conftest import User
from tests.support.howto import Reader
from tests.support.waiting import eventually

PAGES = Path(__file__).parents[3] / "docs" / "how-to"


@pytest.fixture
def reader(user: User) -> Reader:
    """The user, who reads."""
    known = {port.variable: port.default for component in COMPONENTS for port in component.ports}
    return Reader(
        user.folder,
        user.environ,
        {f":{known[variable]}/": f":{number}/" for variable, number in user.ports.items()},
    )


@pytest.mark.parametrize(
    "page", ["add-metric-and-alert", "route-a-team", "dashboards", "back-up-and-move", "open-prometheus"]
)
def test_a_page(reader: Reader, page: str) -> None:
    reader.follow(PAGES / f"{page}.md")


def test_logs_reach_the_store(reader: Reader) -> None:
    with contextlib.closing(OtlpReceiver()) as store:
        reader.instead = {**reader.instead, "https://logs.example:4318": store.endpoint}
        reader.follow(PAGES / "export-logs.md")
        eventually(lambda: any(b"the spread is" in each.body for each in store.requests))
