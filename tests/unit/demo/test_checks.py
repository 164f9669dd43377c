"""The checks after the demo's run: each has its own time."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from botobs._demo import checks
from botobs._demo.observe import Backends

pytestmark = pytest.mark.asyncio

_NONE = cast(Backends, None)


async def test_a_slow_check_takes_no_time_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    others_done = asyncio.Event()
    looks = 0

    async def slow(_backends: Backends) -> str:
        await others_done.wait()
        return "at last"

    async def later(_backends: Backends) -> str:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise checks.NotSeen("still on its way")
        others_done.set()
        return "there"

    monkeypatch.setattr(checks, "all_checks", lambda: [("slow", slow), ("later", later)])
    found = await checks.run(_NONE, within=3600)
    assert [(result.name, result.seen) for result in found] == [("slow", True), ("later", True)]


async def test_losses_are_counted_when_all_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def lost(_backends: Backends) -> str:
        seen.append("losses")
        return ""

    async def arrives(_backends: Backends) -> str:
        seen.append("looked")
        if len(seen) < 2:
            raise checks.NotSeen("still on its way")
        return ""

    monkeypatch.setattr(checks, "nothing_lost", lost)
    monkeypatch.setattr(checks, "all_checks", lambda: [("nothing", lost), ("arrives", arrives)])
    found = await checks.run(_NONE, within=3600)
    assert seen == ["looked", "looked", "losses"]
    assert [result.name for result in found] == ["arrives", "nothing"]


async def test_what_does_not_come_is_said_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_backends: Backends) -> str:
        raise checks.NotSeen("no series")

    monkeypatch.setattr(checks, "all_checks", lambda: [("never", never)])
    assert await checks.run(_NONE, within=0) == [checks.Result("never", False, "no series")]
