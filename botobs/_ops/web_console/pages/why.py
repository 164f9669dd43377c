"""`botobs why`, in the console."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx
from markupsafe import Markup

from ...errors import UserError
from ...why import Answer, explain
from .. import frame
from ..request import Page, Request
from .silences import GROUPED


def page(request: Request) -> Page:
    """Why something is as it is: an alert, a bot or an order; the worst alert where nothing is named."""
    name = (request.path[1] if len(request.path) > 1 else request.query.get("name", "")).strip()
    labels = {key: request.query[key] for key in GROUPED if request.query.get(key)}

    async def answer() -> Markup:
        found = await request.ask(["prometheus", "tempo"], lambda *parts: _explain(name, labels, *parts))
        return frame.block("why-answer.html", answer=found, now=time.time())

    title = f"Why {name}" if name else "Why"
    return Page(title, "why.html", "why", {"name": name}, {"answer": answer}, refresh=0, ranged=False)


def _explain(
    name: str, labels: Mapping[str, str], prometheus: httpx.Client | None, tempo: httpx.Client | None
) -> Answer | None:
    if prometheus is None:
        raise UserError("Prometheus is not part of the running stack.")
    return explain(name or None, prometheus, tempo, labels)
