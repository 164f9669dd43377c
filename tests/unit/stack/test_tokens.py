"""Bearer tokens: made, exchanged without a gap, revoked, and never shown by accident."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from botobs._ops.access import tokens
from botobs._ops.errors import StackError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokens.ensure_local(tmp_path)
    return tmp_path


def _lines(folder: Path) -> list[str]:
    return (folder / tokens.FILE).read_text(encoding="utf-8").splitlines()


def test_the_local_services_are_let_in(folder: Path) -> None:
    local = (folder / "service.token").read_text(encoding="utf-8").strip()
    assert [line.split()[0] for line in _lines(folder)] == [local]
    tokens.ensure_local(folder)
    assert len(_lines(folder)) == 1


def test_the_collector_finds_the_token_first_in_its_line(folder: Path) -> None:
    made = tokens.create(folder, "trading-engine")
    assert _lines(folder)[-1].split()[:2] == [made.value, "trading-engine"]


def test_two_tokens_of_a_service_are_valid_until_one_is_revoked(folder: Path) -> None:
    old, new = tokens.create(folder, "trading-engine"), tokens.create(folder, "trading-engine")
    assert {old, new} <= set(tokens.valid(folder))
    assert tokens.revoke(folder, old.id) == [old]
    assert [each for each in tokens.valid(folder) if each.service == "trading-engine"] == [new]


def test_a_service_is_revoked_with_all_its_tokens(folder: Path) -> None:
    other = tokens.create(folder, "pnl")
    for _ in range(2):
        tokens.create(folder, "trading-engine")
    assert len(tokens.revoke(folder, "trading-engine")) == 2
    assert [each.service for each in tokens.valid(folder)] == [tokens.LOCAL, other.service]


def test_the_local_token_is_exchanged_before_it_goes(folder: Path) -> None:
    (old,) = tokens.valid(folder)
    with pytest.raises(StackError, match="find by themselves"):
        tokens.revoke(folder, old.id)
    new = tokens.create(folder, tokens.LOCAL)
    assert (folder / "service.token").read_text(encoding="utf-8").strip() == new.value
    tokens.revoke(folder, old.id)
    assert tokens.valid(folder) == [new]


def test_who_is_not_there_cannot_be_revoked(folder: Path) -> None:
    with pytest.raises(StackError, match="no token of 'nobody'"):
        tokens.revoke(folder, "nobody")


@pytest.mark.parametrize("service", ["", "two words", "line\nbreak", "-x"])
def test_what_is_no_name_is_refused(folder: Path, service: str) -> None:
    with pytest.raises(StackError, match="no name of a service"):
        tokens.create(folder, service)


def test_an_id_gives_nothing_away(folder: Path) -> None:
    made = tokens.create(folder, "pnl")
    assert made.id not in made.value


def test_tokens_made_at_once_all_stay(folder: Path) -> None:
    threads = [threading.Thread(target=tokens.create, args=(folder, f"s{number}")) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.service for each in tokens.valid(folder)} == {tokens.LOCAL, *(f"s{n}" for n in range(8))}


def test_nobody_else_can_read_them(folder: Path) -> None:
    tokens.create(folder, "pnl")
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
