"""Drills in which a service fails, is slow, or dies."""

from __future__ import annotations

from .drill import BOTS, TURN, Drill, Reach, Setting, after, heartbeat_age, silence, unheard, window
from .faults import ALIVE, both, crash_loop, crashing_bot, exchange, taken

_SPANS = "BOTOBS_SPAN_METRICS_INTERVAL"
_CANARY = "BOTOBS_CANARY_INTERVAL"
_ENGINE = {"service_name": "trading-engine"}
#: Seconds until the supervisor has a service running again.
_RESTART = 3.0
#: One of the demo's two exchanges: the part of requests that a fault of one spoils.
_SPOILT = 0.5
#: Until they leave the window of the slower page, spoilt requests are too many in it.
_PAGES = window("BOTOBS_SLO_SLOW_SHORT")


def _burned(objective: str) -> Reach:
    """Until so many requests of the long window are spoilt that they burn the budget as fast as pages."""

    def reach(setting: Setting) -> float:
        budget = 1 - setting(objective)
        part = setting("BOTOBS_THRESHOLD_BURN_PAGE_FAST") * budget / _SPOILT
        # The long window holds rates that were themselves taken over the short one.
        return part * setting("BOTOBS_SLO_FAST_LONG") + setting("BOTOBS_SLO_FAST_SHORT") / 2

    return reach


def _restarts(setting: Setting) -> float:
    """The pauses before as many restarts as are too many, 1 + 2 + 4 ... seconds, and a turn after each."""
    number = setting("BOTOBS_THRESHOLD_BOT_RESTARTS")
    return float(2**number - 1 + number * TURN)


def _last_crash(setting: Setting) -> float:
    """Seconds until the process has died often enough for the alert."""
    return (setting("BOTOBS_THRESHOLD_CRASHES") - 1) * (_RESTART + ALIVE)


def _crashes(setting: Setting) -> float:
    """The same, until the silence of the last one counts as a death."""
    return _last_crash(setting) + heartbeat_age(setting)


DRILLS = (
    Drill(
        name="app-errors",
        does="lets one simulated exchange respond with 503, which the trading engine passes on",
        alert="ServiceErrorsHigh",
        labels=_ENGINE,
        fault=exchange("binance", "server_error", value=503),
        needs=BOTS,
        signal=_SPANS,
        reach=after(6),
        traceql='{ resource.service.name = "trading-engine" && status = error }',
        severity="warning",
    ),
    Drill(
        name="app-slow",
        does="lets the simulated Binance take two seconds longer, and the trading engine with them",
        alert="ServiceLatencyHigh",
        labels=_ENGINE,
        fault=exchange("binance", "latency", value=2),
        needs=BOTS,
        signal=_SPANS,
        reach=after(8),
        also=("ExchangeLatencyHigh", "OrderAckSlow"),
        traceql='{ resource.service.name = "trading-engine" && duration > 1s }',
        severity="warning",
    ),
    Drill(
        name="slo-availability",
        does="lets one simulated exchange respond with 503 until the trading engine's error budget burns",
        alert="ServiceAvailabilityBurn",
        labels=_ENGINE,
        fault=exchange("binance", "server_error", value=503),
        needs=BOTS,
        reach=_burned("BOTOBS_SLO_AVAILABILITY"),
        lingers=_PAGES,
        traceql='{ resource.service.name = "trading-engine" && status = error }',
    ),
    Drill(
        name="slo-latency",
        does="lets the simulated Binance take two seconds longer until the budget of slow requests burns",
        alert="ServiceLatencyBurn",
        labels=_ENGINE,
        fault=exchange("binance", "latency", value=2),
        needs=BOTS,
        reach=_burned("BOTOBS_SLO_LATENCY"),
        lingers=_PAGES,
        traceql='{ resource.service.name = "trading-engine" && duration > 1s }',
    ),
    Drill(
        name="bot-crash-loop",
        does="creates a bot that falls at every start, and stops it",
        alert="BotRestartStorm",
        labels={"exchange_name": "nowhere"},
        fault=crashing_bot,
        needs=BOTS,
        reach=_restarts,
        lingers=window("BOTOBS_RESTART_WINDOW"),
        traceql='{ span.exchange.name = "nowhere" }',
        severity="warning",
    ),
    Drill(
        name="service-crash-loop",
        does="kills the trading engine again and again, as soon as it has given a sign of life",
        alert="ServiceCrashLoop",
        labels=_ENGINE,
        fault=crash_loop("trading-engine"),
        needs=BOTS,
        reach=_crashes,
        seen=_last_crash,
        lingers=window("BOTOBS_CRASH_WINDOW"),
    ),
    Drill(
        name="service-killed",
        does="kills the trading engine, and keeps it dead",
        alert="ServiceHeartbeatLost",
        labels=_ENGINE,
        fault=taken("trading-engine", "crash"),
        needs=BOTS,
        signal=_CANARY,
        reach=unheard,
        seen=after(0),
    ),
    Drill(
        name="service-frozen",
        does="stops the bot manager's threads without ending it",
        alert="ServiceHeartbeatLost",
        labels={"service_name": "bot-manager"},
        fault=taken("bot-manager", "freeze"),
        needs=BOTS,
        signal=_CANARY,
        reach=unheard,
        traceql="{ }",
    ),
    Drill(
        name="services-silent",
        does="stops the threads of all services at once, as if their host were gone",
        alert="ServicesSilent",
        labels={},
        fault=both(taken("bot-manager", "freeze"), taken("trading-engine", "freeze")),
        needs=BOTS,
        signal=_CANARY,
        reach=silence,
        never=("ServiceHeartbeatLost", "ServiceCrashLoop"),
        traceql="{ }",
    ),
)
