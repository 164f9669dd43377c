"""What commands change of a stack is written down, with who did it, and without the secret itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from botobs._ops.access import audit, secrets, tokens
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from tests.support.hostile_names import NAMES


def _lines(home: Path) -> list[dict[str, object]]:
    text = (home / "logs" / audit.FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_token_comes_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("SUDO_USER", "somebody")
    assert main(["token", "create", "engine", "--home", str(home)]) == 0
    value = capsys.readouterr().out.strip()
    assert main(["token", "revoke", "engine", "--home", str(home)]) == 0
    created, revoked = _lines(home)
    assert (created["action"], created["service"], created["service_names"]) == (
        "token create", "engine", ["engine"],
    )  # fmt: skip
    assert (revoked["action"], revoked["ids"]) == ("token revoke", [created["id"]])
    assert "was somebody" in str(created["user"])
    assert value not in (home / "logs" / audit.FILE).read_text(encoding="utf-8")
    assert (home / "logs" / audit.FILE).stat().st_mode & 0o077 == 0


def _a_file(logs: Path) -> None:
    logs.rmdir()
    logs.touch(0o600)


@pytest.mark.parametrize(
    "spoil",
    [
        _a_file,
        lambda logs: (logs / audit.FILE).mkdir(),
        lambda logs: os.mkfifo(logs / audit.FILE),
        lambda logs: (logs / audit.FILE).symlink_to("/none/x"),
    ],
    ids=["no folder", "a folder", "a pipe", "a dangling link"],
)
def test_what_cannot_be_written_down_is_not_done(
    tmp_path: Path, spoil: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(tmp_path / "home")
    home.create()
    secrets.ensure(home.secrets)
    spoil(home.logs)
    before = {file: file.read_bytes() for file in home.secrets.iterdir() if file.is_file()}
    for words in (["token", "create", "x"], ["certs", "renew"], ["user", "add", "ann"]):
        assert main([*words, "--home", str(home.path)]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert str(home.logs) in said.err
    after = {file: file.read_bytes() for file in home.secrets.iterdir() if file in before}
    assert after == before


def test_certificates(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert main(["certs", "add-host", "a.example.com", "--home", str(home)]) == 0
    assert main(["certs", "renew", "--home", str(home)]) == 0
    assert main(["certs", "issue", "pnl", "--output", str(tmp_path / "pnl"), "--home", str(home)]) == 0
    assert [line["action"] for line in _lines(home)] == ["certs add-host", "certs renew", "certs issue"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_one_field_of_one_line(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    audit.record(home, "test", name=name)
    assert [line["name"] for line in _lines(tmp_path)] == [name]


def test_tokens_of_before_are_valid_and_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    assert main(["token", "create", "bound", "--home", str(home)]) == 0
    secrets = home / "secrets"
    assert tokens.warnings(secrets) == []
    with (secrets / tokens.FILE).open("a", encoding="utf-8") as file:
        file.write("an-old-token-of-an-earlier-version engine 2026-01-31\n")
    [old] = [each for each in tokens.valid(secrets) if each.service == "engine"]
    assert old.services == ()
    capsys.readouterr()
    assert main(["token", "list", "--home", str(home)]) == 0
    said = capsys.readouterr()
    assert old.id in said.err and "any service.name" in said.err
    assert "(bound)" in said.out


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["desk"]),
        (("--service-name", "a", "--service-name", "b"), ["a", "b"]),
        (("--any-service-name",), []),
    ],
)
def test_what_a_new_token_may_send(tmp_path: Path, words: tuple[str, ...], names: list[str]) -> None:
    home = tmp_path / "home"
    assert main(["token", "create", "desk", *words, "--home", str(home)]) == 0
    [made] = [each for each in tokens.valid(home / "secrets") if each.service == "desk"]
    assert list(made.services) == names


def test_two_wishes_do_not_go_together(tmp_path: Path) -> None:
    words = ["--service-name", "a", "--any-service-name"]
    assert main(["token", "create", "desk", *words, "--home", str(tmp_path / "home")]) == 2


def _signed_in(home: Path, name: str, role: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let somebody in, and be him from now on; returns the file with his password."""
    file = home.parent / f"{name}.password"
    assert main(["user", "add", name, "--role", role, "--output", str(file), "--home", str(home)]) == 0
    monkeypatch.setenv("BOTOBS_OPERATOR", name)
    monkeypatch.setenv("BOTOBS_OPERATOR_PASSWORD_FILE", str(file))
    return file


def test_an_operator_who_is_signed_in_stands_beside_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    _signed_in(home, "ann", "operator", monkeypatch)
    # A variable of the environment is no proof of who somebody is.
    monkeypatch.setenv("LOGNAME", "somebody")
    for words in (["token", "create", "x"], ["certs", "renew"], ["config", "set", "host_name", "x"]):
        assert main([*words, "--home", str(home)]) in (0, 1)
    lines = _lines(home)
    assert "operator" not in lines[0]
    assert [line["action"] for line in lines[1:3]] == ["token create", "certs renew"]
    assert {line["operator"] for line in lines[1:]} == {"ann"}
    assert {line["user"] for line in lines} == {audit.user()}


@pytest.mark.parametrize("how", ["a wrong password", "no password", "a name that nobody has", "a reader"])
def test_who_is_not_let_in_changes_nothing(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    file = _signed_in(home, "bob", "reader" if how == "a reader" else "operator", monkeypatch)
    if how == "a wrong password":
        file.write_text("another\n")
    elif how == "no password":
        monkeypatch.delenv("BOTOBS_OPERATOR_PASSWORD_FILE")
    elif how == "a name that nobody has":
        monkeypatch.setenv("BOTOBS_OPERATOR", "eve")
    before = (home / "secrets" / tokens.FILE).read_bytes()
    capsys.readouterr()
    assert main(["token", "create", "x", "--home", str(home)]) == 1
    assert capsys.readouterr().err.startswith("botobs: ")
    assert (home / "secrets" / tokens.FILE).read_bytes() == before
    assert [line["action"] for line in _lines(home)] == ["user add"]


def test_settings_are_named_and_their_values_are_not(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert main(["config", "set", "orders_database_password", "hush-hush", "--home", str(home)]) in (0, 1)
    assert main(["config", "unset", "orders_database_password", "--home", str(home)]) == 0
    assert [line["action"] for line in _lines(home)] == ["config set", "config unset"]
    assert all(line["settings"] == ["BOTOBS_ORDERS_DATABASE_PASSWORD"] for line in _lines(home))
    assert "hush" not in (home / "logs" / audit.FILE).read_text(encoding="utf-8")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_what_is_done_and_cannot_be_written_down_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    (home.logs / audit.FILE).symlink_to("/dev/full")
    with pytest.raises(StackError, match="silence add is done, and could not be written down"):
        audit.record(home, "silence add", "")


def test_it_may_go_to_what_is_no_file(tmp_path: Path) -> None:
    """To a log collector's pipe, for example; there is no disk to wait for."""
    home = Home(tmp_path)
    home.create()
    (home.logs / audit.FILE).symlink_to("/dev/null")
    audit.record(home, "token create", service="bot")
