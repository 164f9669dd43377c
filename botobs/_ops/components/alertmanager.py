"""Alertmanager: what is done before it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .context import Context
from .queues import set_aside_broken_snapshots


def prepare(context: Context) -> None:
    """Make the folder of its snapshots usable."""
    set_aside_broken_snapshots(context.data("alertmanager"))


def prepare_member(context: Context, member: str) -> Callable[[], Awaitable[None]]:
    """Return the preparation of one member of a cluster, by name."""

    async def run() -> None:
        await asyncio.to_thread(set_aside_broken_snapshots, context.data(member))

    return run
