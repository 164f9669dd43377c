"""What botobs writes itself, after a loss of power at any moment: whole, readable, and no older than what was said."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from botobs._ops.access import audit, certificates, secrets, tokens
from botobs._ops.backup import restore
from botobs._ops.embedded.store import Store
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.settings import file as settings_file
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.unsettled_file import UnsettledFile
from botobs._sdk.orders import Unsettled
from botobs._sdk.settings import Settings
from tests.support.power.disk import Disk
from tests.support.power.recording import record, steps

PROGRAM = Path(__file__).parent / "programs" / "keeps.py"

#: Moments at which the power goes, at most.
MOMENTS = 100


@dataclass(frozen=True)
class Kept:
    """What is to be there at least: what the program had said before the loss, and all that it ever says."""

    said: list[object]
    ever: list[object]


def _content(folder: Path, kept: Kept) -> None:
    file = folder / "file"
    found = file.read_text() if file.exists() else ""
    assert (
        found in [f"content {number}" for number in kept.ever[max(0, len(kept.said) - 1) :]] or not kept.said
    )
    assert found in ["", *(f"content {number}" for number in kept.ever)]
    assert found or not file.exists()


def _tokens(folder: Path, kept: Kept) -> None:
    found = {token.value for token in tokens.valid(folder)}
    assert set(kept.said) <= found <= set(kept.ever)


def _settings(folder: Path, kept: Kept) -> None:
    found = settings_file.read(Home(folder)).get("BOTOBS_PROMETHEUS_RETENTION")
    allowed = [f"{number}d" for number in range(max(1, len(kept.said)), len(kept.ever) + 1)]
    assert found in allowed or (found is None and not kept.said)


def _certificates(folder: Path, kept: Kept) -> None:
    """Whatever is half made is made anew, by the authority that services trust already."""
    trusted = (folder / "ca.pem").read_bytes() if kept.said else b""
    secrets.ensure(folder)
    assert not trusted or (folder / "ca.pem").read_bytes() == trusted
    assert {one.days_left > 0 for one in certificates.found(folder)} == {True}


def _spool(folder: Path, kept: Kept) -> None:
    spool = Spool(folder, 2**20, 3600)
    found = []
    while (batch := spool.oldest("traces")) is not None:
        found.append(batch.body)
        spool.remove(batch)
    spool.close()
    expected = [f"batch {number}".encode() * 200 for number in kept.ever]
    assert expected[: len(kept.said)] == found[: len(kept.said)]
    assert found == expected[: len(found)]


def _unsettled(folder: Path, kept: Kept) -> None:
    orders = Unsettled()
    file = UnsettledFile(lambda: Settings(service_name="engine", state_dir=folder), orders)
    file.turn()
    found = [order.client_order_id for order in orders.all()]
    file.close()
    assert set(kept.said) <= set(found) <= set(kept.ever)


def _audit(folder: Path, kept: Kept) -> None:
    """A line that was cut does not take the next one with it."""
    if kept.said:
        audit.record(Home(folder), "try", "ada", number="after")
        lines = (folder / "logs" / audit.FILE).read_text(errors="replace").splitlines()
        found = [json.loads(line)["number"] for line in lines if line.startswith("{") and line.endswith("}")]
        assert found[: len(kept.said)] == kept.said
        assert found[-1] == "after"


def _store(folder: Path, kept: Kept) -> None:
    """The last requests may be missing (`Store._prepare`); what is there can be read, and more can be added."""
    store = Store(folder / "store.db")
    assert store.rows("PRAGMA integrity_check") == [("ok",)]
    numbers = [number for (number,) in store.rows("SELECT id FROM requests ORDER BY id")]
    assert [
        request.resource_spans[0].scope_spans[0].spans[0].trace_id[0] for request in store.requests(numbers)
    ] == [number + 1 for number in range(len(numbers))]
    store.close()


def _backup(folder: Path, kept: Kept) -> None:
    for name in kept.ever:
        try:
            restored = Home(folder / f"restored {name}")
            restore(folder / str(name), restored)
        except StackError:
            # It says that it is none, or is not whole.
            assert name not in kept.said
        else:
            assert (restored.data / "block").read_bytes() == b"block" * 1000


CHECKS: dict[str, Callable[[Path, Kept], None]] = {
    "secret": _content,
    "tokens": _tokens,
    "settings": _settings,
    "certificates": _certificates,
    "spool": _spool,
    "unsettled": _unsettled,
    "audit": _audit,
    "store": _store,
    "backup": _backup,
}


def failures(kind: str, check: Callable[[Path, Kept], None], tmp_path: Path) -> tuple[int, list[str]]:
    """How many states of the disk there were, and those in which what was promised does not hold."""
    folder, log = tmp_path / "folder", tmp_path / "strace"
    folder.mkdir(mode=0o700)
    said = tmp_path / "said"
    with said.open("wb") as output:
        environ = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[4])}
        command = [sys.executable, str(PROGRAM), kind, str(folder)]
        recorded = record(command, folder, log, environ, output)
        assert recorded.wait() == 0
    done = [json.loads(line) for line in said.read_text().splitlines()]
    count, wrong = 0, []
    found = steps(log, folder)
    chance = random.Random(1)
    moments = range(len(found) + 1) if len(found) < MOMENTS else chance.sample(range(len(found) + 1), MOMENTS)
    for state in Disk(folder).states(found, seed=1, at=moments):
        count += 1
        after = tmp_path / "after"
        state.write(after)
        kept = Kept([what for at, what in done if at < state.time], [what for _, what in done])
        try:
            check(after, kept)
        except Exception as error:
            wrong.append(f"{state.name} ({len(kept.said)} said): {error!r}")
    return count, wrong


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """What is backed up."""
    home = Home(tmp_path / "home")
    home.create()
    secrets.ensure(home.secrets)
    (home.data / "block").write_bytes(b"block" * 1000)
    return home


@pytest.mark.parametrize("kind", CHECKS)
def test_what_was_said_is_there(
    kind: str, home: Home, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    count, wrong = failures(kind, CHECKS[kind], tmp_path)
    record_property(f"{kind}: states of the disk", count)
    assert not wrong, f"{len(wrong)} of {count}, among them {wrong[:5]}"


def test_a_careless_program_is_seen(tmp_path: Path) -> None:
    """Rename without fsync: an empty file where the old or the new one should be, and news that is lost."""
    _, wrong = failures("carelessly", _content, tmp_path)
    assert wrong
