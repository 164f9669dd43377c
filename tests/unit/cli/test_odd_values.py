"""Every option of every command with values that nobody means: each is taken, or refused in a sentence with code 2."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from botobs._ops import cli
from botobs._ops.cli import COMMANDS
from botobs._ops.shown import visible
from botobs._ops.typed import Kind

#: Numbers and durations that no command can mean, or that are none.
NUMBERS = (
    "-1", "-0.0001", "-9999999999999999999", "99999999999999999999999", "1e400", "-1e400", "9" * 5000, "nan", "NaN",
    "inf", "-inf", "Infinity", "1_000", " ", "", "0x10",
    "\uff11\uff12", "\u0663", "1.2.3", "1e", "--1", "1;2", "1,5", "-1h", "1h-",
    "10000y", "1h1h",
)  # fmt: skip
TEXTS = (
    "", " ", "\t", "\n", "*", "**", "..", "../../etc/passwd", "/", "/dev/full", "~", "-", "=", "a=b", "a\nb", "a\rb",
    "\x1b[31mred\x1b[0m", "\x07", "\x00", "a\x00b", "\x7f", "\u202egnp.exe", "\u200b", "\ufeff", "\ud800", "\udcff",
    "é", "e\u0301", "名前", "🤖", "a" * 300, "a" * 5000, "%s", "{0}", "$(id)", "`id`", "';--", '"', "\\", "<b>", "None",
    "true", "::1", "[::1]", "1.2.3", "999.999.999.999", "*.*", "*.com", "a..b", "-a.b", "a_b.c", "http://", "https://:0",
)  # fmt: skip
#: Those of them that the commands are run with.
RUN = ("", "\n", "*", "../../etc/passwd", "\x1b[31mred\x1b[0m", "\udcff", "名前", "a" * 5000)
#: What needs a name that this machine has not, or waits for somebody: its words are read, and it is not run.
_NOT_RUN = frozenset(
    ("demo", "up", "run", "dev", "console", "alert", "check", "build", "drill", "deadman", "install", "upgrade",
     "doctor", "backup", "restore")
)  # fmt: skip


@dataclass(frozen=True)
class Argument:
    """An argument of a command that takes a value.

    Attributes:
        words: How the command is called up to it, with what else it demands.
        kind: Its `type`.
    """

    command: str
    name: str
    words: tuple[str, ...]
    action: argparse.Action

    def typed(self, value: str) -> list[str]:
        """A command line with a value for it."""
        if self.action.option_strings:
            # So that a value may begin with a dash.
            return [*self.words, f"{self.action.option_strings[-1]}={value}"]
        return [*self.words, "--", value] if value.startswith("-") else [*self.words, value]


def _arguments(
    parser: argparse.ArgumentParser, words: tuple[str, ...], inherited: tuple[str, ...] = ()
) -> Iterator[Argument]:
    demanded: list[tuple[argparse.Action, tuple[str, ...]]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        needed = action.required and action.nargs not in ("?", "*", argparse.REMAINDER)
        if needed:
            value = str(next(iter(action.choices))) if action.choices else _harmless(action)
            option = action.option_strings[-1:]
            demanded.append((action, (*option, value)))
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from _arguments(below, (*words, name))
        elif action.nargs != 0:
            # What stands before it, options first; of several places only those before its own.
            options = [each for other, each in demanded if other is not action and other.option_strings]
            places = [each for other, each in demanded if other is not action and not other.option_strings]
            before = tuple(word for each in options + places for word in each)
            name = action.option_strings[-1] if action.option_strings else action.dest
            yield Argument(words[0], name, (*words, *before), action)


def _harmless(action: argparse.Action) -> str:
    return {"url": "https://grafana.example"}.get(action.dest, "x")


def _of(command: str) -> list[Argument]:
    subparsers = next(
        each for each in cli._parser([command])._actions if isinstance(each, argparse._SubParsersAction)
    )
    return list(_arguments(subparsers.choices[command], (command,)))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_value_is_of_a_kind(command: str) -> None:
    without = [
        each.name
        for each in _of(command)
        if not each.action.choices and not isinstance(each.action.type, Kind)
    ]
    assert without == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_number_is_within_its_bounds_whatever_is_typed(command: str) -> None:
    for argument in _of(command):
        if not isinstance(argument.action.type, Kind):
            continue
        kind: Kind[Any] = argument.action.type
        for value in (*NUMBERS, *TEXTS):
            try:
                read = kind(value)
            except argparse.ArgumentTypeError as error:
                said = str(error)
                assert said.startswith(("must be ", "the name is empty")), said
                # It repeats nothing that a terminal obeys, and not all of what is long.
                assert visible(said) == said and "\n" not in said and len(said) < 400, said
            else:
                assert not isinstance(read, float) or math.isfinite(read), (argument.name, value)
                assert not isinstance(read, int | float) or 0 <= read < 1e19, (argument.name, value)


def _ran(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = cli.main(words)
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - _NOT_RUN))
def test_it_is_done_or_refused_in_a_sentence(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "BOTOBS_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path / "HOME")
    for argument in _of(command):
        refused = [value for value in (*NUMBERS, *TEXTS) if _is_refused(argument, value)]
        # A refusal is the kind's own, tried above with each; what is taken reaches the command.
        for value in (*refused[:2], *(each for each in RUN if each not in refused)):
            code, said = _ran(argument.typed(value), capsys)
            about = (argument.typed(value), said)
            assert code in (0, 1, 2, 3), about
            assert "Traceback" not in said, about
            assert code == 0 or said.startswith(("botobs: ", "{")), about
            assert value not in refused or code == 2, about
            assert visible(said) == said, about


def _is_refused(argument: Argument, value: str) -> bool:
    kind = argument.action.type
    if not isinstance(kind, Kind):
        return value not in [str(each) for each in argument.action.choices or ()]
    try:
        kind(value)
    except argparse.ArgumentTypeError:
        return True
    return False


@pytest.mark.parametrize(
    "words",
    [
        "traces --limit -1", "traces --limit 0", "traces --limit 99999999999999999999", "traces --last nan",
        "certs add-host *", "certs add-host *.*", "certs add-host a..b", "certs add-host 999.1.2.3", "certs issue ../x",
        "doctor --patience -1", "doctor --patience nan", "alert test --patience inf", "size --bots -3",
        "size --turn-seconds 0", "demo --rate nan", "demo --bots -1", "dev --limit 1B -- true", "console --serve 70000",
        "deadman --path-file x --to a@b --silence -5", "deadman --path-file x --to a@b --listen :0", "ledger --last 2d",
        "silence add = --why x", "silence add a=b --why x --for 0s", "silence add a=b --why x --until soon",
        "token create a/b", "kubernetes secrets --namespace A_B", "grafana push --url ftp://x", "build nonsense",
        "query --set nonsense up",
    ],
)  # fmt: skip
def test_what_no_command_can_mean_is_refused(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = _ran(words.split(), capsys)
    assert code == 2, said
    assert said.startswith("botobs: ") and said.count("\n") <= 2


def test_for_machines_it_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = _ran(["traces", "--limit", "\x1b[31m", "--json"], capsys)
    assert code == 2
    said = json.loads(printed)
    assert said["error"] == r"--limit: must be a whole number from 1 to 10000, not '\\x1b[31m'"
    assert said["hint"] == "What it takes: botobs traces --help"


def test_what_a_command_takes_is_asked_of_that_command(capsys: pytest.CaptureFixture[str]) -> None:
    for words, command in (
        ("size --home x", "size"),
        ("config set a b --c", "config set"),
        ("-z status", ""),
    ):
        code, said = _ran(words.split(), capsys)
        assert code == 2
        assert said.endswith(f"What it takes: {' '.join(['botobs', *command.split()])} --help\n"), said
