"""The drills: what each breaks, which alert has to arrive, and what must stay silent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import deadman
from .faults import Fault, crashing_bot, exchange, full_disk, locked, taken

#: How long something takes, by a function from settings to their values.
Reach = Callable[[Callable[[str], float]], float]


def _at_once(_: Callable[[str], float]) -> float:
    return 0.0


@dataclass(frozen=True)
class Drill:
    """One drill.

    Attributes:
        name: Its name on the command line.
        does: What it does, for the person who starts it.
        alert: Name of the alert that has to arrive.
        labels: Labels that this alert has to have.
        fault: What is broken.
        needs: Parts of the stack that it needs beside those of every stack.
        signal: Setting of the interval at which the fault is measured.
        reach: Seconds until what is measured crosses its limit, by the value of each setting in seconds.
        silent: Alerts that the fault causes too, and that an inhibition has to keep quiet.
        never: Alerts that nobody may be told, because they would accuse something that is well.
        traceql: Finds a trace of what the fault did.
        severity: Severity of the rule that fires, where the alert has two.
    """

    name: str
    does: str
    alert: str
    labels: Mapping[str, str]
    fault: Fault
    needs: frozenset[str] = frozenset()
    signal: str = "OTEL_METRIC_EXPORT_INTERVAL"
    reach: Reach = field(default=_at_once)
    silent: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    traceql: str = "{ status = error }"
    severity: str = "critical"

    @property
    def by_deadman(self) -> bool:
        """Whether the dead-man's switch tells it, because alerting itself is what is broken."""
        return self.alert == deadman.ALERT


#: Seconds of silence that no rhythm of a stream explains.
_SILENCE = 30.0
#: Seconds between a bot's turns in the demo, about.
_TURN = 4.0


def _after(seconds: float) -> Reach:
    return lambda _: seconds


def _heartbeat_age(setting: Callable[[str], float]) -> float:
    return setting("BOTOBS_THRESHOLD_HEARTBEAT_AGE_SECONDS")


def _restarts(setting: Callable[[str], float]) -> float:
    """The pauses before as many restarts as are too many, 1 + 2 + 4 ... seconds, and a turn after each."""
    number = setting("BOTOBS_THRESHOLD_BOT_RESTARTS")
    return float(2**number - 1 + number * _TURN)


_BOTS = frozenset({"bot-manager", "trading-engine", "exchange-simulator"})
_DATABASE = frozenset({"postgres", "postgres_exporter"})
_BINANCE = {"exchange_name": "binance"}
_OKX = {"exchange_name": "okx"}
_SPANS = "BOTOBS_SPAN_METRICS_INTERVAL"
_SCRAPE = "BOTOBS_SCRAPE_INTERVAL"
#: What says that something is dead whose signs of life may only be late.
_LIFE = ("ServiceHeartbeatLost", "BotHeartbeatLost")

DRILLS: tuple[Drill, ...] = (
    Drill(
        name="database-down",
        does="stops PostgreSQL in good order and starts it again",
        alert="DatabaseDown",
        labels={},
        fault=taken("postgres", "hold"),
        needs=_DATABASE,
        signal="BOTOBS_POSTGRES_SCRAPE_INTERVAL",
        silent=("ServiceErrorsHigh", "BotFailed"),
    ),
    Drill(
        name="database-slow",
        does="locks the table of bots for half a second again and again, so that statements wait",
        alert="DatabaseQueriesSlow",
        labels={"service_name": "bot-manager"},
        fault=locked("bots", held=0.5, free=0.05),
        needs=_DATABASE | _BOTS,
        reach=_after(5),
        traceql='{ span.db.system.name = "postgresql" && duration > 200ms }',
        severity="warning",
    ),
    Drill(
        name="pool-exhausted",
        does="locks the table of bots, so that every connection of the bot manager's pool waits for it",
        alert="DatabasePoolExhausted",
        labels={"service_name": "bot-manager"},
        fault=locked("bots"),
        needs=_DATABASE | _BOTS,
        reach=_after(3),
        severity="warning",
    ),
    Drill(
        name="exchange-disconnect",
        does="cuts every WebSocket of one simulated exchange off and refuses new ones",
        alert="ExchangeDisconnected",
        labels=_BINANCE,
        fault=exchange("binance", "drop"),
        needs=_BOTS,
        traceql='{ span.exchange.name = "binance" }',
    ),
    Drill(
        name="exchange-silent",
        does="lets one simulated exchange send nothing but pongs",
        alert="ExchangeStreamSilent",
        labels=_OKX,
        fault=exchange("okx", "silence"),
        needs=_BOTS,
        reach=_after(_SILENCE),
        traceql='{ span.exchange.name = "okx" }',
        severity="warning",
    ),
    Drill(
        name="exchange-gap",
        does="leaves a change out of each book of one simulated exchange",
        alert="ExchangeSequenceGaps",
        labels=_BINANCE,
        fault=exchange("binance", "sequence_gap"),
        needs=_BOTS,
        traceql='{ span.exchange.name = "binance" }',
        severity="warning",
    ),
    Drill(
        name="exchange-rate-limit",
        does="lets one simulated exchange answer one request in five with 429",
        alert="ExchangeRateLimited",
        labels=_OKX,
        fault=exchange("okx", "rate_limit", value=0, share=0.2),
        needs=_BOTS,
        traceql='{ span.exchange.name = "okx" && status = error }',
        severity="warning",
    ),
    Drill(
        name="exchange-clock",
        does="puts the clock of one simulated exchange five seconds ahead",
        alert="ExchangeClockOffset",
        labels={**_BINANCE, "severity": "critical"},
        fault=exchange("binance", "clock_skew", value=5),
        needs=_BOTS,
        traceql='{ span.exchange.name = "binance" }',
    ),
    Drill(
        name="app-errors",
        does="lets one simulated exchange answer with 503, which the trading engine passes on",
        alert="ServiceErrorsHigh",
        labels={"service_name": "trading-engine"},
        fault=exchange("binance", "server_error", value=503),
        needs=_BOTS,
        signal=_SPANS,
        reach=_after(6),
        traceql='{ resource.service.name = "trading-engine" && status = error }',
        severity="warning",
    ),
    Drill(
        name="app-slow",
        does="lets the simulated Binance take two seconds longer, and the trading engine with them",
        alert="ServiceLatencyHigh",
        labels={"service_name": "trading-engine"},
        fault=exchange("binance", "latency", value=2),
        needs=_BOTS,
        signal=_SPANS,
        reach=_after(8),
        traceql='{ resource.service.name = "trading-engine" && duration > 1s }',
        severity="warning",
    ),
    Drill(
        name="bot-crash-loop",
        does="creates a bot that falls at every start, and stops it",
        alert="BotRestartStorm",
        labels={"exchange_name": "nowhere"},
        fault=crashing_bot,
        needs=_BOTS,
        reach=_restarts,
        traceql='{ span.exchange.name = "nowhere" }',
        severity="warning",
    ),
    Drill(
        name="service-killed",
        does="kills the trading engine, and keeps it dead",
        alert="ServiceHeartbeatLost",
        labels={"service_name": "trading-engine"},
        fault=taken("trading-engine", "crash"),
        needs=_BOTS,
        reach=_heartbeat_age,
    ),
    Drill(
        name="service-frozen",
        does="stops the bot manager's threads without ending it",
        alert="ServiceHeartbeatLost",
        labels={"service_name": "bot-manager"},
        fault=taken("bot-manager", "freeze"),
        needs=_BOTS,
        reach=_heartbeat_age,
        traceql="{ }",
    ),
    Drill(
        name="collector-down",
        does="stops the collector and starts it again; services keep what they cannot send",
        alert="CollectorDown",
        labels={},
        fault=taken("collector", "hold"),
        signal=_SCRAPE,
        never=_LIFE,
        traceql="{ }",
    ),
    Drill(
        name="prometheus-down",
        does="stops Prometheus and starts it again; only the dead-man's switch can tell",
        alert=deadman.ALERT,
        labels={},
        fault=taken("prometheus", "hold"),
        signal="BOTOBS_DEADMAN_INTERVAL",
        never=_LIFE,
        traceql="{ }",
    ),
    Drill(
        name="disk-full",
        does="reports to the collector, as a host called drill, that its disk is 97 % full; no disk is touched",
        alert="DiskFilling",
        labels={"host_name": "drill", "severity": "critical"},
        fault=full_disk,
        signal="0",
        traceql="{ }",
    ),
)

BY_NAME: dict[str, Drill] = {drill.name: drill for drill in DRILLS}
