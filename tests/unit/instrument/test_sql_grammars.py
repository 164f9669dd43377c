"""The scanner against generated statements: no literal and no comment is told, and the summary is right."""

from __future__ import annotations

import random

import pytest

from botobs._sdk.instrument.databases._sql import parse
from botobs._sdk.redaction.sql import without_literals
from tests.support.sql import CANARY, GRAMMARS, statement


def reported(text: str) -> bool:
    return CANARY in text or "4711" in text or CANARY.encode().hex() in text


@pytest.mark.parametrize("system", GRAMMARS)
def test_no_literal_is_told_and_the_summary_is_right(system: str, long: bool) -> None:
    rng = random.Random(f"{system} 1")
    for _ in range(100_000 // len(GRAMMARS) + 1 if long else 400):
        written, summary = statement(rng, system)
        parsed = parse(written, system)
        assert not reported(parsed.text), (written, parsed.text)
        # Longer ones are cut.
        if len(written) < 4000:
            assert parsed.summary == summary[:255], (written, parsed.text)


@pytest.mark.parametrize("system", GRAMMARS)
def test_no_literal_is_told_where_the_database_is_not_known(system: str, long: bool) -> None:
    """Strings in double quotes apart: there they count as names."""
    rng = random.Random(f"{system} 2")
    for _ in range(20_000 // len(GRAMMARS) if long else 200):
        written, _ = statement(rng, system)
        if '"' not in written:
            clean = without_literals(written)
            assert not reported(clean), (written, clean)


@pytest.mark.parametrize("system", GRAMMARS)
def test_no_cut_lets_a_literal_through(system: str) -> None:
    rng = random.Random(f"{system} 3")
    for _ in range(200):
        written, _ = statement(rng, system)
        parsed = parse(written[: rng.randrange(len(written))], system)
        assert not reported(parsed.text), written


@pytest.mark.parametrize("system", GRAMMARS)
def test_what_is_clean_stays_as_it_is(system: str) -> None:
    """The export takes the literals out once more, of whatever database."""
    rng = random.Random(f"{system} 4")
    for _ in range(200):
        written, _ = statement(rng, system)
        clean = parse(written, system).text
        if not set(clean) & set("\"`[#/'-$"):
            assert without_literals(clean) == clean
