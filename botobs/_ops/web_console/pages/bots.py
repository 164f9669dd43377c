"""Bots: what each is doing, and one with its pictures, orders and traces."""

from __future__ import annotations

from urllib.parse import quote as quoted

from markupsafe import Markup

from ....semconv import trading
from ...report.backends import Series
from ...traces.query import build_query
from .. import frame
from ..request import NoSuchPage, Page, Request
from . import dashboards, orders

_BOARD = "botobs-bots"
_STATE = "max by (botobs_bot_id, botobs_bot_state) (last_over_time(botobs_bot_state[1m])) > 0"
_SINCE = "max by (botobs_bot_id) (last_over_time(botobs_bot_state_since_timestamp_seconds[1m]))"
_HEARD = "max by (botobs_bot_id) (bot:heartbeat:timestamp_seconds)"
#: What wants somebody stands first.
_URGENCY = {
    name: place
    for place, name in enumerate(("failed", "stopping", "starting", "created", "paused", "running"))
}
#: The tone of a state; the same colours as in the timeline of states.
_TONES = {"failed": "bad", "running": "good", "paused": "warn", "stopping": "warn"}


def page(request: Request) -> Page:
    """All of them, or one."""
    if len(request.path) > 1:
        return _one(request, request.path[1])

    async def listed() -> Markup:
        window = request.range.window()
        answers = [await request.backends.values(query, window) for query in (_STATE, _SINCE, _HEARD)]
        states, since, heard = answers
        rows = [
            {
                "bot": bot,
                "state": state,
                "tone": _TONES.get(state, ""),
                "since": _of(since).get(bot),
                "heard": _of(heard).get(bot),
                "link": f"/bots/{quoted(bot, safe='')}",
            }
            for bot, state in (
                (each.labels.get("botobs_bot_id", ""), each.labels.get("botobs_bot_state", ""))
                for each in states
            )
        ]
        rows.sort(key=lambda row: (_URGENCY.get(str(row["state"]), len(_URGENCY)), str(row["bot"])))
        return frame.block("bots-list.html", bots=rows, now=window.end)

    return Page("Bots", "bots.html", "bots", blocks={"bots": listed})


def _of(found: list[Series]) -> dict[str, float | None]:
    return {each.labels.get("botobs_bot_id", ""): each.values[-1] for each in found}


def _one(request: Request, bot: str) -> Page:
    board = next((each for each in dashboards.all_of(request) if each.uid == _BOARD), None)
    if board is None:
        raise NoSuchPage("the dashboard of bots is missing")

    async def newest() -> Markup:
        return await orders.newest_of(request, bot)

    async def found() -> Markup:
        query = build_query(bot=bot)
        traces = await request.backends.traces(query, request.range.window(), 20)
        return frame.block("traces-list.html", traces=traces, most=20)

    blocks = {"newest": newest, "found": found, **dashboards.blocks(request, board, {"bot": bot})}
    context = {"bot": bot, "dashboard": board, "blocks": {}, "attribute": trading.BOT_ID}
    return Page(f"Bot {bot}", "bot.html", "bots", context, blocks)
