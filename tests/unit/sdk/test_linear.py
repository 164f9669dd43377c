"""No text freezes a process: what is ten times as long costs at most twenty times as much."""

from __future__ import annotations

import gc
import re
import tracemalloc
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import pytest
from opentelemetry.trace import Status

from botobs._sdk.engine.fast.encode_attributes import AttributeEncoder
from botobs._sdk.export.priority import priority_of
from botobs._sdk.instrument.databases._sql import _parse, _shorten, parse
from botobs._sdk.redaction import Redactor
from botobs._sdk.redaction.addresses import clean_url
from botobs._sdk.redaction.marks import SCHEMES, found_in
from botobs._sdk.redaction.names import STEMS
from botobs._sdk.redaction.rules import RULES
from botobs._sdk.redaction.sql import without_literals
from botobs._sdk.redaction.texts import clean
from tests.support import patterns

pytestmark = pytest.mark.slow

#: What a clock of a busy machine cannot tell from nothing. A quadratic pattern that stays below it at a size is found
#: at the next: a hundred times as long is ten thousand times as slow.
_NOTHING_S = 0.004
_RATIO = 20
_MOST_RUNS = 25
_SLOWEST = 2
#: Characters of the text that all shapes are tried with, and of the one for the slowest; each then ten times as long.
#: A quadratic search of 10,000 characters takes 100 ms and more, so that it is found at the first.
_SIZES = (1_000, 20_000)
_LONG_SIZES = (3_000, 100_000)

#: What RE2 does not take, by the names of Python's parser.
_NOT_OF_RE2 = {"ASSERT", "ASSERT_NOT", "GROUPREF", "ATOMIC_GROUP", "POSSESSIVE_REPEAT"}

#: Texts that were seen to hold a process up, or are near to such.
SHAPES = [
    ("[SQL: ", "1", "a]"), ("", "[SQL: ", ""), ("", "[parameters: ", ""), ("://", "a.", ""), ("", "a.", ""),
    ("", "secret=[", ""), ("", "secret=[ ", ""), ("", "token=[redacted ", ""), ("", "key=[ ", ""),
    ('token="', "\\\n", ""),
    ("", "secret=\"'", ""), ("", "password='", "\\"), ("", 'token=\\"a\\n', ""), ("", "pin=1 ", ""),
    ("-----BEGIN ", "SECRET ", ""), ("", "-----BEGIN PRIVATE KEY-----", ""), ("", "-----BEGIN ", ""),
    ("-----BEGIN PRIVATE KEY-----", "-----END ", ""), ("", "eyJ-", ""), ("", "eyJaaaaaa.", ""), ("Bearer ", "a", ""),
    ("", "Token x ", ""), ("", "Token ", ""), ("Token", " ", ""), ("", "a?a", ""), ("", "Key (x", ""),
    ("", "Key (", ""),
    ("", "Failing row contains (", ""), ("", "a-a.", "="), ("", "cookie:", ""), ("cookie:", "\n", ""), ("", "a=", ""),
    ("", "https://", ""), ("https://", "a", "@"), ("https://", "/a", ""), ("", "https://u:p@h ", ""), ("", "'", ""),
    ("'", "''", "\\"), ("'", "'a'", "\\"), ("", "$a$", ""), ("", "/*", ""), ("/*", "*/ /*", ""), ("", "(", ""),
    ("", "-", ""), ("", "aB3", ""), ("", "a/", ""), ("", "\\", ""), ("", "\n", ""), ("", "{", ""), ("", "é", ""),
    ("https://", "e\u0301\u0316", "/"), ("IN (", "$1::int ,", "!"), ("VALUES (", "?), (", ""), ("", "VALUES (", ""),
    ("a", "\x1b[0", ""), ("", "%(a", ""), ("", "[a ", ""), ("1", "_1", "a"), ("", "1e1", ""), ("", "0x", ""),
    ('"code":', " ", ""),
    # What may be a value goes to the end, and each next name is within it.
    ("", "(password", ""), ("", "sig(", ""), ("", "sig={", ""), ("", "pwd=(/", ""), ("", "password=self.a[", ""),
    ("", "pin='a'\n'", ""), ("", "pin=='a'\n- ", ""), ("", "key>", ""), ("", "password> ", ""), ("", "key= ", ""),
    ("", "signature ", "a1"), ("https://h/a?", "a=%3F", ""), ("https://h/a?", "a=b&", ""), ("https://h/", "a;b=/", ""),
    ("Digest ", "response=", ""), ("", "Digest response", ""), ("https://", "u:p", ""), ("secret=", ")", ""),
    ("", "pin:a", ""), ("", "token=['a','", ""), ("", "password ", ""), ("", "Bearer ", ""),
    ("", "Key (id)=(", ""), ("", "key=\0", ""), ("", "--api-key KEY ", ""), ("", "pwd data:", ""),
    ("", "'a' is not a valid ", ""),
]  # fmt: skip


def _scaled(function: Callable[[str], object], shape: tuple[str, str, str], size: int) -> tuple[float, float]:
    """Seconds for a text of `size` and for one ten times as long: the least of several, and of more when they look bad.

    Both are measured in turn, so that what else the machine does meets both.
    """
    # What is repeated may be longer: the short text would be empty, and the long one a hundred thousand times as slow.
    size = max(size, len(shape[1]))
    short, long = patterns.text_of(shape, size), patterns.text_of(shape, 10 * size)
    small = large = float("inf")
    for _ in range(_MOST_RUNS):
        large = min(large, patterns.seconds(function, long))
        if large < _NOTHING_S:
            break
        small = min(small, patterns.seconds(function, short, 2))
        if large <= _RATIO * small:
            break
    return small, large


def _assert_linear(function: Callable[[str], object], shapes: list[tuple[str, str, str]], long: bool) -> None:
    """Try all shapes, and the slowest of them with longer texts."""
    size, large = _LONG_SIZES if long else _SIZES
    costs: dict[tuple[str, str, str], float] = {}
    for shape in shapes:
        costs[shape] = _assert_scales(function, shape, size)
    for shape in sorted(costs, key=costs.__getitem__)[-_SLOWEST:]:
        _assert_scales(function, shape, large)


def _assert_scales(function: Callable[[str], object], shape: tuple[str, str, str], size: int) -> float:
    small, large = _scaled(function, shape, size)
    assert large < _NOTHING_S or large <= _RATIO * small, (
        f"{function}: {shape} of {10 * size} characters costs {large:.3f} s, a tenth of it {small:.4f} s"
    )
    return large


@pytest.mark.parametrize(
    "module", patterns.modules(), ids=lambda module: str(module.relative_to(patterns.ROOT))
)
def test_every_pattern_of_a_module(module: Path, long: bool) -> None:
    for pattern in patterns.of_module(module).values():
        _assert_linear(partial(_find_all, pattern), patterns.adversarial(pattern), long)


def _find_all(pattern: re.Pattern[str], text: str) -> None:
    for _ in pattern.finditer(text):
        pass


def test_no_pattern_is_left_out() -> None:
    assert patterns.not_constant() == set(patterns.ELSEWHERE)
    for place, name in (
        ("_sdk/redaction/quoting.py", "_WORD"),
        ("_sdk/redaction/_dialects.py", "_POSTGRESQL"),
        ("_sdk/instrument/databases/_sql.py", "_LONG_IN"),
    ):
        assert name in patterns.of_module(patterns.ROOT / place)
    assert len(patterns.of_the_collector()) > 40


def test_every_pattern_of_the_collector_is_one_that_re2_takes() -> None:
    """Go's engine is linear whatever the text; what it cannot be linear with, it does not take.

    https://github.com/google/re2/wiki/Syntax: no looking around, no references, at most 1,000 copies.
    """
    for place, pattern in patterns.of_the_collector().items():
        text = re.sub(r"\\x\{(\w{4})\}", r"\\u\1", pattern).replace(r"\z", r"\Z")
        for code, argument in _elements(sre.parse(text)):
            assert code not in _NOT_OF_RE2, place
            if code in ("MAX_REPEAT", "MIN_REPEAT"):
                assert argument[0] <= 1000, place
                assert argument[1] <= 1000 or argument[1] is sre.MAXREPEAT, place


def _elements(parsed: Any) -> list[tuple[str, Any]]:
    found = []
    for code, argument in parsed:
        found.append((str(code), argument))
        for item in argument if isinstance(argument, tuple | list) else ():
            for each in item if isinstance(item, list) else [item]:
                if isinstance(each, sre.SubPattern):
                    found += _elements(each)
    return found


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(clean, id="text"),
        pytest.param(clean_url, id="address"),
        pytest.param(without_literals, id="statement"),
        pytest.param(lambda text: _parse.__wrapped__(text, "postgresql"), id="summary"),
        pytest.param(_shorten, id="placeholders"),
    ],
)
def test_no_text_costs_more_than_its_length(function: Callable[[str], object], long: bool) -> None:
    _assert_linear(function, SHAPES, long)


_REDACTOR = Redactor()
_ENCODER = AttributeEncoder(_REDACTOR, None)
#: What remembers answers, by what it is given.
_REMEMBERING: dict[str, Callable[[str], object]] = {
    "text": _REDACTOR.text,
    "secret": lambda new: _REDACTOR.attribute("exception.message", f"token={new}"),
    "address": lambda new: _REDACTOR.attribute("url.full", f"https://host/?{new}"),
    "encoded name": lambda new: _ENCODER.encode({f"{new}.name": 1.5}),
    "encoded text": lambda new: _ENCODER.encode({"some.name": new}),
    "encoded secret": lambda new: _ENCODER.encode({"password": new}),
    "encoded address": lambda new: _ENCODER.encode({"url.full": f"https://host/?{new}"}),
    "encoded number": lambda new: _ENCODER.encode({"big": 1 << 4 * len(new) + int(new.split()[0])}),
    "statement": lambda new: parse(f"SELECT {new}", "postgresql"),
    "span name": lambda new: priority_of(types.SimpleNamespace(status=Status(), attributes={}, name=new)),
}


@pytest.mark.parametrize(
    ("kind", "length", "count", "most"),
    [
        # Without a limit to one text: 1.5 MB and more.
        *((kind, 100_000, 15, 700_000) for kind in _REMEMBERING),
        # Without a limit to all of them: 6 MB, 4 MB, 8 MB, 3 MB.
        *((kind, 4_000, 1_500, 5_000_000) for kind in ("text", "secret")),
        ("text", 200, 6_000, 2_000_000),
        ("encoded text", 200, 12_000, 5_000_000),
        ("span name", 200, 6_000, 1_000_000),
    ],
)
def test_what_is_remembered_is_bounded_in_bytes(kind: str, length: int, count: int, most: int) -> None:
    """Texts, names and addresses that never come again take a few megabytes, whatever their length."""
    remembering = _REMEMBERING[kind]
    rest = "x " * (length // 2)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            remembering(f"{number} {rest}")
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < most


def test_names_that_promise_a_secret_are_found_by_their_marks() -> None:
    # `fa` counts where it is the end of `2fa` alone.
    words = RULES.secret | (RULES.qualified - {"id", "fa"}) | RULES.ambiguous - {"fa"} | {"2fa", *SCHEMES}
    assert [word for word in sorted(words) if not found_in(word)] == []
    assert {mark for _, mark in found_in(" ".join(STEMS))} == STEMS
