"""What a command prints of an error: a sentence for the user's, a traceback for a bug."""

from __future__ import annotations

import argparse
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
