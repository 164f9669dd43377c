"""A user's patterns that could stop the process are refused, and ordinary ones are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from botobs._sdk.settings import load
from botobs._sdk.settings._backtracking import has_no_end

WITHOUT_END = [
    r"(a+)+$",
    r"(?:a*)*b",
    r"(a|a)+$",
    r"(a|ab|b)+c",
    r"(\w+\s?)+$",
    r"(.+\.)+$",
    r"([a-z]+)*\d",
    r"((ab)+)+c",
    r"^(\d+,?)+$",
    r"(x+x+)+y",
    r"(?i)(a+A*)+$",
    r"(a{1,60}){1,60}b",
    r"(?:(?:a+)b?)+c",
    r"(?=(a+)+$)a",
    r"(\d\d?)+x",
    r"(a?){30}a{30}b",
]
ORDINARY = [
    r"sk_[a-z]{4}_\w+",
    r"\bhk-[0-9a-f]{32}\b",
    r"(?:\d{1,3}\.){3}\d{1,3}",
    r"(\w+\.)+com",
    r"account=(\d+)",
    r"(?i)internal-(?:eu|us)-\d+",
    r"[^@\s]+@[^@\s]+",
    r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}",
    r"user (?:alice|bob|carol)+",
    r"(?:foo|bar)*",
    r"(a|ab)+c",
    r"(a++)+",
    r"(?>a+)+x",
]


@pytest.mark.parametrize("pattern", WITHOUT_END)
def test_one_without_an_end(pattern: str, tmp_path: Path) -> None:
    assert has_no_end(pattern)
    found = load({"redact": [pattern]}, {"HOME": str(tmp_path)}, tmp_path)
    (problem,) = found.problems
    assert problem.essential
    assert "a repeat in a repeat" in problem.text


@pytest.mark.parametrize("pattern", ORDINARY)
def test_an_ordinary_one(pattern: str, tmp_path: Path) -> None:
    assert not has_no_end(pattern)
    found = load({"redact": [pattern]}, {"HOME": str(tmp_path)}, tmp_path)
    assert found.problems == ()
    # None of them takes long for what nearly matches.
    for text in ("a" * 2000 + "!", "a." * 1000, "1" * 2000 + "x", "foobar" * 300 + "!"):
        re.search(pattern, text)
