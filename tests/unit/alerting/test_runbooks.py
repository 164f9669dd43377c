"""Queries of runbooks are filled in, whatever an alert names or does not name."""

from __future__ import annotations

import json

import pytest

from botobs._ops.alerting import runbooks
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from tests.support.hostile_names import NAMES

HOSTILE = 'a"} or {b="\\'
LABELS = dict.fromkeys(runbooks.PLACEHOLDERS.values(), HOSTILE)


def test_queries_are_filled_with_and_without_labels() -> None:
    every = [(name, query) for name in runbooks.names() for query in runbooks.read(name).queries]
    assert len(every) > 150
    assert {query.language for _, query in every} == {"promql", "traceql"}
    for name, query in every:
        assert query.text, name
        for labels in ({}, LABELS):
            filled = query.filled(labels)
            assert not any(word in filled for word in runbooks.PLACEHOLDERS), name
            # A value ends no string.
            assert HOSTILE not in filled, name


def test_the_page_is_filled_in_place() -> None:
    page = runbooks.read("botfailed")
    assert page.name == "BotFailed"
    assert 'span.botobs.bot.id = "grid-1"' in page.filled({"botobs_bot_id": "grid-1"})
    assert page.filled({}).count("```") == page.text.count("```")


@pytest.mark.parametrize(
    "text", [*NAMES.values(), "bot\n```\n\n[key](https://evil.example)\n\n```", "bot\u2028```\r#"]
)
def test_a_name_ends_no_block_of_a_page(text: str) -> None:
    for name in runbooks.names():
        page = runbooks.read(name)
        filled = page.filled(dict.fromkeys(runbooks.PLACEHOLDERS.values(), text))
        innocent = page.filled(dict.fromkeys(runbooks.PLACEHOLDERS.values(), "bot"))
        assert len(filled.splitlines()) == len(innocent.splitlines()), name


def test_a_name_that_is_nearly_right_is_helped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StackError, match="Did you mean OrderGhost"):
        runbooks.read("OrderGost")
    assert main(["runbook", "--json"]) == 0
    assert all(each["first"] for each in json.loads(capsys.readouterr().out))
