"""What a command prints of an error: a sentence for the user's, a traceback for a bug."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import NoReturn

import pytest

from botobs._ops.cli import compose, main
from botobs._ops.errors import StackError, UserError
from botobs._ops.traces import NoSuchTrace, TempoError


def _raising(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: argparse.Namespace) -> NoReturn:
        raise error

    monkeypatch.setattr(compose, "run", run)


@pytest.mark.parametrize("kind", [UserError, StackError, TempoError, NoSuchTrace])
def test_an_error_of_the_users_is_two_sentences(
    kind: type[UserError], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(kind("there is no [stack]\nStart one."), monkeypatch)
    assert main(["compose"]) == 1
    assert capsys.readouterr().err == "botobs: there is no [stack]\nStart one.\n"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    _raising(ValueError("a bug"), monkeypatch)
    with pytest.raises(ValueError, match="a bug"):
        main(["compose"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "/none/x"), "/none/x: Permission denied\nRun the command as"),
        (OSError(28, "No space left on device", "/data/x"), "/data/x: No space left on device\nMake room"),
        (FileNotFoundError(2, "No such file or directory", "/x"), "/x: No such file or directory\nLook for a slip"),
        (OSError("something odd"), "something odd"),
        (OSError(28, "No space left on device"), "No space left on device\nMake room"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_a_sentence(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _raising(error, monkeypatch)
    assert main(["compose"]) == 1
    assert capsys.readouterr().err.startswith(f"botobs: {said}")


def test_a_write_that_fails_names_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botobs._ops.home.private import write_secret

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_secret(tmp_path / "x", "y")
    assert raised.value.filename == str(tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ["silence", "add", "alertname=x", "--why", "x", "--for"],
        ["report", "--last"],
        ["orders", "--last"],
        ["traces", "--last"],
        ["ledger", "--last"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("text", ["999999999d", "1e300", "0", "-1h", "soon", "", "NaN"])
def test_a_duration_that_cannot_be_meant_is_a_sentence(
    words: list[str],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("botobs._ops.home.state.require", lambda *_: None)
    assert main([*words[:-1], f"{words[-1]}={text}", "--home", str(tmp_path)]) in (1, 2)
    assert capsys.readouterr().err.startswith(f"botobs: {words[-1]}")


def test_bytes_that_are_no_text_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: argparse.Namespace) -> NoReturn:
        raise AssertionError("\udcff".encode())

    monkeypatch.setattr(compose, "run", run)
    assert main(["compose"]) == 1
    assert "no text in UTF-8" in capsys.readouterr().err


def test_what_ends_in_the_background_is_told_to_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "botobs.toml").write_text('[stack]\ntempo_retention = "abc"\n')
    assert main(["up", "--detach", "--json", "--home", str(tmp_path)]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["error"].startswith("BOTOBS_TEMPO_RETENTION='abc'")
    assert said["hint"] == "botobs settings lists every setting."
