"""Secrets are in their files and nowhere else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from testbed.stack import LiveStack

#: Shorter words would be found everywhere.
_SHORTEST = 20


def _secrets(live: LiveStack) -> dict[str, bytes]:
    """Every secret word of every file, by where it is: lines of keys, tokens, passwords."""
    found = {}
    for file in live.home.secrets.rglob("*"):
        # Certificates are for everybody to see, and so are the names in web.yml; the hashes in it are not.
        if file.is_file() and file.suffix != ".pem":
            for word in re.findall(rb"[A-Za-z0-9_+/=$.-]+", file.read_bytes()):
                if len(word) >= _SHORTEST:
                    found[f"{file.name}:{word[:4].decode()}"] = word
    return found


def _leaks(live: LiveStack, text: bytes) -> list[str]:
    return [where for where, word in _secrets(live).items() if word in text]


def _processes(live: LiveStack) -> Iterator[psutil.Process]:
    for status in live.supervisor.status.values():
        process = psutil.Process(status.pid)
        yield from (process, *process.children(recursive=True))


def test_there_are_secrets_to_look_for(live: LiveStack) -> None:
    """The other tests would pass without any."""
    names = {where.split(":")[0] for where in _secrets(live)}
    assert names >= {
        "service.token",
        "ingest.tokens",
        "operator.password",
        "collector.authorization",
        "ca.key",
    }


def test_none_is_on_a_command_line(live: LiveStack) -> None:
    """Every user of the machine sees those, of every process."""
    for process in psutil.process_iter():
        try:
            words = "\0".join(process.cmdline()).encode()
        except psutil.NoSuchProcess:
            continue
        assert _leaks(live, words) == [], process.name()


def test_none_is_in_the_environment_of_a_part(live: LiveStack) -> None:
    parts = [process for process in _processes(live) if "demo" not in " ".join(process.cmdline())]
    assert parts
    looked_at = 0
    for process in parts:
        # PostgreSQL's own workers come and go.
        with contextlib.suppress(psutil.NoSuchProcess):
            assert _leaks(live, repr(process.environ()).encode()) == [], process.pid
            looked_at += 1
    assert looked_at >= 5


@pytest.mark.parametrize("folder", ["logs", "config"])
def test_none_is_in_logs_or_configuration(live: LiveStack, folder: str) -> None:
    files = [file for file in (live.home.path / folder).rglob("*") if file.is_file()]
    assert files
    assert {file.name: leaks for file in files if (leaks := _leaks(live, file.read_bytes()))} == {}


def test_none_is_in_the_file_by_which_services_find_the_stack(live: LiveStack) -> None:
    assert _leaks(live, live.home.state.read_bytes()) == []


def test_only_their_owner_reads_them(live: LiveStack) -> None:
    open_ones = [file for file in _everything(live.home.secrets) if file.stat().st_mode & 0o077]
    assert open_ones == []


def _everything(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]
