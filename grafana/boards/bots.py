"""Bots: the state of each over time, and whether it does what its owner wants."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import trading

from . import recorded
from .board import Row, board
from .colours import STATES
from .panels import Column, Query, Sized, graph, grid, latency, number, timeline
from .promql import Queries, limit, or_zero

_q = Queries(("environment", "exchange", "bot"))
_BOT = (trading.BOT_ID,)

#: In rising order of what wins when two processes disagree over a bot.
_STATES = dict(enumerate(STATES.items(), 1))


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-bots",
        "Bots",
        "Is every bot in the state that its owner wants, and alive? Who failed, or decides nothing?",
        _q.variables,
        [Row("States", _states()), Row("Life", _life()), Row("Work", _work())],
    )


def _state(name: str) -> str:
    return or_zero(f"sum({_q.latest(trading.BOT_STATES, _BOT, {trading.BOT_STATE: name})})")


def _states() -> list[Sized]:
    # Of each bot the present state alone is above zero; the highest number wins.
    codes = " or ".join(
        f"last_over_time({_q.select(trading.BOT_STATES, {trading.BOT_STATE: name})}[1m]) * {code}"
        for code, (name, _) in _STATES.items()
    )
    return [
        number("Running", "Bots that take turns.", "short", _state("running")),
        number("Paused", "Bots that their owner has paused.", "short", _state("paused")),
        number("Stopped", "Bots that ended as they should.", "short", _state("stopped")),
        number("Failed", "Bots that an error ended.", "short", _state("failed"), bad=1),
        number(
            "Restarts",
            "Starts after a failure within the time range.",
            "short",
            or_zero(_q.total(trading.BOT_RESTARTS)),
            bad=1,
        ),
        number(
            "Failures",
            "Failures within the time range.",
            "short",
            or_zero(_q.total(trading.BOT_FAILURES)),
            bad=1,
        ),
        timeline(
            "State of each bot",
            "A gap is a bot of which nothing is heard: its process is dead or cut off. A bot that was handed "
            "over ends as well.",
            Query(f"max by (botobs_bot_id) ({codes}) > 0", "{{botobs_bot_id}}"),
            _STATES,
        ),
    ]


def _life() -> list[Sized]:
    heartbeat, interval = _q.select(recorded.BOT_HEARTBEAT), _q.select(recorded.BOT_INTERVAL)
    allowed = f"{limit(recorded.BOT_MISSED_TURNS)} * on () group_right () max by (botobs_bot_id) ({interval})"
    age = f"time() - max by (botobs_bot_id) ({heartbeat})"
    return [
        graph(
            "Age of the last sign of life",
            "By bot. Growing without end: the bot hangs, or its process is dead.",
            "s",
            [Query(age, "{{botobs_bot_id}}")],
            width=12,
        ),
        grid(
            "Bots",
            "Each bot's last sign of life, beside the age from which on it counts as silent.",
            {"botobs_bot_id": "Bot"},
            [
                Column("Last sign of life", age, "s"),
                Column(
                    "Allowed", f"{allowed} + on () group_left () {limit(recorded.BOT_HEARTBEAT_SLACK)}", "s"
                ),
                Column(
                    "In this state since",
                    f"1000 * {_q.latest(trading.BOT_STATE_SINCE, _BOT)}",
                    "dateTimeFromNow",
                ),
                Column("Restarts", _q.total(trading.BOT_RESTARTS, _BOT)),
            ],
        ),
        graph(
            "Changes of state",
            "By the state that was entered.",
            "short",
            [Query(_q.events(trading.BOT_TRANSITIONS, (trading.BOT_STATE,)), "{{botobs_bot_state}}")],
            bars=True,
            colours=STATES,
        ),
        graph(
            "Restarts, by bot",
            "Starts after a failure, by bot. The alert counts those within its window.",
            "short",
            [Query(_q.events(trading.BOT_RESTARTS, _BOT), "{{botobs_bot_id}}")],
            bars=True,
        ),
        graph(
            "Failures by error",
            "What ended bots, by the class of the error.",
            "short",
            [Query(_q.events(trading.BOT_FAILURES, (trading.ERROR_TYPE,)), "{{error_type}}")],
            bars=True,
        ),
    ]


def _work() -> list[Sized]:
    # The exchange's variable filters the bots; decisions may be reported by a process that knows the id alone.
    outcome = (trading.DECISION_OUTCOME,)
    return [
        graph(
            "Decisions by outcome",
            "`ordered`; `refused` by a risk check; `passed`, when no order was wanted; `error`.",
            "ops",
            [Query(_q.rate(trading.DECISIONS, outcome, all_of="exchange"), "{{botobs_decision_outcome}}")],
            stack=True,
        ),
        graph(
            "Decisions by bot",
            "A bot that runs and decides nothing gets no market data, or is stuck.",
            "ops",
            [Query(_q.rate(trading.DECISIONS, _BOT, all_of="exchange"), "{{botobs_bot_id}}")],
        ),
        latency(
            "Duration of turns",
            "From the begin of a turn to its end, with everything that the bot does in it.",
            _q,
            trading.BOT_TURN_DURATION,
        ),
    ]
