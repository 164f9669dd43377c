"""Drills that break the database."""

from __future__ import annotations

from .drill import BOTS, DATABASE, TURN, Drill, Setting, after
from .faults import locked, taken

#: Seconds that the bot manager waits for a connection of its pool.
_POOL_TIMEOUT = 10.0
#: Seconds until the locked table has stopped every connection of the pool.
_EXHAUSTED = 3.0


def _unanswered(setting: Setting) -> float:
    """The last success has to leave the window, and that it does is seen with the next export."""
    return setting("BOTOBS_ANSWER_WINDOW") + setting("OTEL_METRIC_EXPORT_INTERVAL")


def _missed_turns(setting: Setting) -> float:
    # A bot says itself how long its turns may be apart: by a quarter more than they are on average.
    turns = setting("BOTOBS_THRESHOLD_BOT_MISSED_TURNS") * TURN * 1.25
    return turns + setting("BOTOBS_THRESHOLD_BOT_HEARTBEAT_SLACK_SECONDS")


DRILLS = (
    Drill(
        name="database-down",
        does="stops PostgreSQL in good order and starts it again",
        alert="DatabaseDown",
        labels={},
        fault=taken("postgres", "hold"),
        needs=DATABASE,
        signal="BOTOBS_POSTGRES_SCRAPE_INTERVAL",
        silent=("ServiceErrorsHigh", "BotFailed"),
    ),
    Drill(
        name="database-frozen",
        does="stops the threads of PostgreSQL, which then accepts connections and sends nothing",
        alert="DatabaseDown",
        labels={},
        fault=taken("postgres", "freeze"),
        needs=DATABASE | BOTS,
        signal="BOTOBS_POSTGRES_SCRAPE_INTERVAL",
        reach=_unanswered,
        silent=("ScrapeDown", "DatabasePoolTimeouts"),
    ),
    Drill(
        name="database-slow",
        does="locks the table of bots for half a second again and again, so that statements wait",
        alert="DatabaseQueriesSlow",
        labels={"service_name": "bot-manager"},
        fault=locked("bots", held=0.5, free=0.05),
        needs=DATABASE | BOTS,
        reach=after(5),
        traceql='{ span.db.system.name = "postgresql" && duration > 200ms }',
        severity="warning",
    ),
    Drill(
        name="database-locked",
        does="locks the table of bots in a transaction that does nothing more",
        alert="DatabaseLocked",
        labels={"datname": "trading", "application_name": "botobs drill"},
        fault=locked("bots"),
        needs=DATABASE | BOTS,
        signal="BOTOBS_POSTGRES_SCRAPE_INTERVAL",
        reach=lambda setting: setting("BOTOBS_THRESHOLD_LOCK_WAIT_SECONDS") + TURN,
        traceql='{ span.db.system.name = "postgresql" && duration > 2s }',
    ),
    Drill(
        name="pool-exhausted",
        does="locks the table of bots, so that every connection of the bot manager's pool waits for it",
        alert="DatabasePoolExhausted",
        labels={"service_name": "bot-manager"},
        fault=locked("bots"),
        needs=DATABASE | BOTS,
        reach=after(_EXHAUSTED),
        severity="warning",
    ),
    Drill(
        name="pool-timeouts",
        does="locks the table of bots until the bot manager's callers give up waiting for a connection",
        alert="DatabasePoolTimeouts",
        labels={"service_name": "bot-manager"},
        fault=locked("bots"),
        needs=DATABASE | BOTS,
        reach=after(_EXHAUSTED + _POOL_TIMEOUT),
        also=("BotFailed", "DatabasePoolExhausted"),
    ),
    Drill(
        name="bot-hangs",
        does="locks the table of bots until bots that wait for it have missed their turns",
        alert="BotHeartbeatLost",
        labels={"service_name": "bot-manager", "exchange_name": "binance"},
        fault=locked("bots"),
        needs=DATABASE | BOTS,
        reach=_missed_turns,
    ),
)
