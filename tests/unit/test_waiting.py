"""Waiting reports what was seen last."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.waiting import eventually, eventually_async


def test_the_first_true_result_is_returned() -> None:
    results = iter([0, "", 7])
    assert eventually(lambda: next(results)) == 7


def test_a_failed_assertion_is_not_yet() -> None:
    results = iter([1, 2, 3])

    def seen() -> bool:
        assert next(results) == 3
        return True

    assert eventually(seen)


@pytest.mark.parametrize("wait", [eventually, lambda *words: asyncio.run(eventually_async(*words))])
def test_in_vain(wait: object) -> None:
    def counted() -> list[int]:
        return []

    with pytest.raises(AssertionError, match=r"counted did not come true within 0 s; its last result: \[\]"):
        wait(counted, 0)  # type: ignore[operator]


def test_in_vain_with_an_assertion() -> None:
    def seen() -> bool:
        raise AssertionError("three of four")

    with pytest.raises(AssertionError, match="three of four"):
        eventually(seen, 0)


def test_a_coroutine_function_is_awaited() -> None:
    results = iter([None, "there"])

    async def look() -> str | None:
        return next(results)

    assert asyncio.run(eventually_async(look)) == "there"
