"""Orders in flight at a `kill -9` are found in Tempo by the runbook's query, within seconds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.stack import LiveStack
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
RUNBOOK = ROOT / "docs" / "runbooks" / "OrdersLeftBehind.md"
#: Seconds after the death within which they are there.
SOON = 10.0
PROGRAM = Path(__file__).parent / "programs" / "orders_in_flight.py"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where programs of the user of this module leave what outlives them."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def quiet(state: Path) -> Iterator[LiveStack]:
    """A stack that looks for what services of this user have left; nobody else does."""
    with LiveStack() as stack:
        yield stack


def queries(instance: str) -> list[str]:
    """The runbook's, with the ids added to what they show: all that were sent, and what was left behind."""
    found = re.findall(r"```traceql\n(.+?)\n```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    return [f"{one.replace('$instance', instance)} | select(span.exchange.order.client_id)" for one in found]


def ids(stack: LiveStack, query: str) -> list[str]:
    return sorted(
        attribute["value"]["stringValue"]
        for trace in stack.search(query)
        for spans in trace["spanSets"]
        for span in spans["spans"]
        for attribute in span["attributes"]
        if attribute["key"] == "exchange.order.client_id"
    )


@pytest.mark.parametrize("engine", ["fast", "stock"])
@pytest.mark.parametrize("way", ["sent before", "left behind", "left in spool_dir"])
def test_the_runbooks_query_finds_them(
    way: str, engine: str, quiet: LiveStack, state: Path, tmp_path: Path
) -> None:
    """What had been sent while the process lived, and what it left: traces that are not sampled are not sent."""
    variables = {
        "sent before": {},
        "left behind": {"BOTOBS_SAMPLING_RATIO": "0"},
        "left in spool_dir": {"BOTOBS_SAMPLING_RATIO": "0", "BOTOBS_SPOOL_DIR": str(tmp_path / "volume")},
    }[way]
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), engine],
        env=os.environ | {"BOTOBS_HOME": str(quiet.home.path), "PYTHONPATH": str(ROOT)} | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    mine = sorted(f"mine-{number}" for number in range(10))
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        instance = process.stdout.readline().strip()
        sent, left = queries(instance)
        if way == "sent before":
            eventually(lambda: ids(quiet, sent) == ["answered"])
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "sent\n"
        if way == "sent before":
            eventually(lambda: ids(quiet, sent) == ["answered", *mine])
        assert ids(quiet, left) == []
    finally:
        process.kill()
        process.communicate()
    begin = time.monotonic()
    eventually(lambda: ids(quiet, left) == mine, within=SOON, every=0.1)
    print(f"{way}, {engine}: found {time.monotonic() - begin:.1f} s after the end")
    assert set(ids(quiet, sent)) >= set(mine)
    journals = state / "botobs" / "botobs-orders"
    eventually(lambda: not [folder for folder in journals.iterdir() if folder.is_dir()])
