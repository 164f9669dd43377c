"""What can follow from what: for each alert that can be a cause, the alerts that it explains.

`prometheus/rules` knows part of it: `cause` and `depends_on` say whose symptoms Alertmanager keeps quiet. That is a
promise that nothing else is wrong, so it is made for the plainest causes only; here stands all that is worth a look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .alerts import Alert
from .calls import Call, below, leads_to

_LATE = ("ServiceLatencyHigh", "ServiceLatencyBurn")
_CALLERS = ("ServiceErrorsHigh", "ServiceLatencyHigh", "ServiceAvailabilityBurn", "ServiceLatencyBurn")
#: In services whose calls are refused at once: nothing takes longer for it.
_FAILING = ("ServiceErrorsHigh", "ServiceAvailabilityBurn")
_BOTS = ("BotFailed", "BotStuck", "BotHeartbeatLost", "BotRestartStorm", "BotsPlaceNoOrders")
_POOL = ("DatabasePoolExhausted", "DatabasePoolTimeouts", "DatabasePoolWaitLong")
_BOOKS = ("ExchangeSequenceGaps", "ExchangeBookResyncs", "ExchangeBookCrossed", "ExchangeBookStale")
_STREAMS = ("ExchangeStreamSilent", "ExchangeFeedSilent", "ExchangeReconnectStorm", *_BOOKS)
#: Alerts on metrics of the database server itself.
_SERVER = (
    *("DatabaseConnectionsHigh", "DatabaseLocked", "DatabaseTransactionLong", "DatabaseDeadlocks"),
    *("DatabaseIOSlow", "DatabaseCacheHitsLow"),
)
_ORDERS = ("OrderRejectsHigh", "OrderOutcomeUnknown", "OrderAckSlow", "OrderInFlightTooLong")
_DATABASE = ("DatabaseQueriesSlow", *_POOL, *_CALLERS, *_BOTS, "OrderAckSlow")
_BOOKKEEPING = ("OrderOrphaned", "OrderGhost", "PositionDrift")
#: What a process that is gone no longer does, or has left behind.
_GONE = ("BotHeartbeatLost", "BotsPlaceNoOrders", "OrdersLeftBehind", "OrderOutcomeUnknown", *_BOOKKEEPING)
#: What is not seen when telemetry does not arrive.
_UNSEEN = (
    *("CollectorSilent", "ScrapeDown", "ExportsMissing", "TelemetryDropped", "BotHeartbeatLost"),
    *(
        "BotsPlaceNoOrders",
        "ServicesSilent",
        "ServiceHeartbeatLost",
        "ServiceInstanceLost",
        "ServiceCrashLoop",
    ),
    *("ServiceAvailabilityNoData", "ServiceLatencyNoData", "ExchangeFeedSilent"),
    *("ServiceAvailabilityBurn", "ServiceLatencyBurn"),
)


@dataclass(frozen=True)
class Cause:
    """What one alert explains.

    Attributes:
        on: Labels that both have to agree on, where both carry them.
        explains: Alerts that can follow from it.
        callers: Alerts that can follow from it in the services that call this one.
    """

    on: tuple[str, ...]
    explains: tuple[str, ...]
    callers: tuple[str, ...] = ()


_EXCHANGE, _SERVICE, _EXPORTER = ("exchange_name",), ("service_name",), ("exporter",)
_POOLED = ("service_name", "db_client_connection_pool_name")

#: By name of the alert that is the cause. A database server's `service_name` is its own, so it is no label to agree on.
CAUSES: Mapping[str, Cause] = {
    "DatabaseDown": Cause((), ("ScrapeDown", "ServiceCrashLoop", *_SERVER, *_DATABASE)),
    "DatabaseLocked": Cause((), ("DatabaseConnectionsHigh", *_DATABASE)),
    "DatabaseTransactionLong": Cause((), ("DatabaseLocked", "DatabaseConnectionsHigh", *_POOL)),
    "DatabaseConnectionsHigh": Cause((), ("DatabasePoolTimeouts", "DatabasePoolWaitLong", *_CALLERS, *_BOTS)),
    "DatabaseIOSlow": Cause((), _DATABASE),
    "DatabaseCacheHitsLow": Cause((), ("DatabaseIOSlow", *_DATABASE)),
    "DatabaseDeadlocks": Cause((), ("ServiceErrorsHigh", "BotFailed")),
    "DatabaseQueriesSlow": Cause(_SERVICE, (*_POOL, *_CALLERS, *_BOTS, "OrderAckSlow")),
    "DatabasePoolExhausted": Cause(
        _POOLED, ("DatabasePoolTimeouts", "DatabasePoolWaitLong", *_CALLERS, *_BOTS, "OrderAckSlow")
    ),
    "DatabasePoolTimeouts": Cause(_POOLED, (*_CALLERS, *_BOTS)),
    "ExchangeDisconnected": Cause(
        _EXCHANGE,
        (
            *("ExchangeErrorsHigh", "ExchangeLatencyHigh", "ExchangeThrottleWaitLong"),
            *("OrderOutcomeUnknown", "OrderGhost", "PositionDrift", *_STREAMS, *_BOTS, *_CALLERS),
        ),
    ),
    "ExchangeMaintenance": Cause(
        _EXCHANGE,
        (
            *(
                "ExchangeDisconnected",
                "ExchangeErrorsHigh",
                "ExchangeLatencyHigh",
                "ExchangeThrottleWaitLong",
            ),
            *("ExchangeMarketSuspended", "ExchangeListenKeyLost", *_STREAMS, *_ORDERS, *_BOTS, *_CALLERS),
        ),
    ),
    "ExchangeMarketSuspended": Cause(_EXCHANGE, ("ExchangeStreamSilent", *_ORDERS, *_BOTS)),
    "ExchangeListenKeyLost": Cause(_EXCHANGE, ("OrderGhost", "PositionDrift")),
    "ExchangeKeyRefused": Cause(
        _EXCHANGE, ("ExchangeErrorsHigh", "ExchangeListenKeyLost", *_ORDERS, *_BOTS, *_FAILING)
    ),
    "ExchangeBanned": Cause(
        _EXCHANGE, ("ExchangeErrorsHigh", "ExchangeDisconnected", *_STREAMS, *_ORDERS, *_BOTS, *_FAILING)
    ),
    "ExchangeRateLimited": Cause(
        _EXCHANGE, ("ExchangeBanned", "ExchangeErrorsHigh", *_ORDERS, *_BOTS, *_CALLERS)
    ),
    "ExchangeRateLimitNear": Cause(
        _EXCHANGE, ("ExchangeRateLimited", "ExchangeBanned", "ExchangeThrottleWaitLong")
    ),
    "ExchangeCallRateHigh": Cause(
        _EXCHANGE, ("ExchangeRateLimitNear", "ExchangeRateLimited", "ExchangeThrottleWaitLong")
    ),
    "ExchangeThrottleWaitLong": Cause(_EXCHANGE, ("ExchangeLatencyHigh", "OrderAckSlow", "BotStuck")),
    "ExchangeClockOffset": Cause(_EXCHANGE, ("ExchangeErrorsHigh", "OrderRejectsHigh", *_FAILING, *_BOTS)),
    "ExchangeErrorsHigh": Cause(_EXCHANGE, (*_ORDERS, *_BOTS, *_CALLERS)),
    "ExchangeLatencyHigh": Cause(
        _EXCHANGE, ("OrderAckSlow", "OrderInFlightTooLong", "BotStuck", "BotHeartbeatLost", *_CALLERS)
    ),
    "ExchangeReconnectStorm": Cause(_EXCHANGE, _BOOKS),
    "ExchangeStreamSilent": Cause(
        _EXCHANGE,
        ("ExchangeFeedSilent", "ExchangeBookStale", "BotsPlaceNoOrders", "OrderGhost", "PositionDrift"),
    ),
    "ExchangeFeedSilent": Cause(_EXCHANGE, ("BotsPlaceNoOrders",)),
    "ExchangeSequenceGaps": Cause(
        _EXCHANGE, ("ExchangeBookResyncs", "ExchangeBookCrossed", "ExchangeBookStale")
    ),
    "ExchangeBookCrossed": Cause(_EXCHANGE, ("ExchangeBookResyncs", "BotsPlaceNoOrders")),
    "ExchangeBookStale": Cause(_EXCHANGE, ("BotsPlaceNoOrders",)),
    "OrderRejectsHigh": Cause(
        _EXCHANGE,
        ("BotsPlaceNoOrders", "BotFailed", "BotRestartStorm", *_FAILING),
    ),
    "OrderInFlightTooLong": Cause(_EXCHANGE, ("OrderOutcomeUnknown",)),
    "OrderOutcomeUnknown": Cause(_EXCHANGE, _BOOKKEEPING),
    "ServiceCrashLoop": Cause(
        _SERVICE, ("ServiceInstanceLost", "ServiceHeartbeatLost", *_BOTS, *_GONE), (*_CALLERS, *_BOTS)
    ),
    "ServicesSilent": Cause(
        ("host_name",), (*_GONE, "ServiceInstanceLost", "ServiceAvailabilityNoData", "ServiceLatencyNoData")
    ),
    "ServiceHeartbeatLost": Cause(_SERVICE, _GONE, (*_CALLERS, *_BOTS)),
    "ServiceInstanceLost": Cause(_SERVICE, _GONE, (*_CALLERS, *_BOTS)),
    "ServiceErrorsHigh": Cause(_SERVICE, ("ServiceAvailabilityBurn",), (*_CALLERS, *_BOTS)),
    "ServiceLatencyHigh": Cause(_SERVICE, ("ServiceLatencyBurn",), (*_LATE, "BotStuck", "BotHeartbeatLost")),
    "ServiceMemoryGrowth": Cause(
        _SERVICE, ("ServiceCrashLoop", "ServiceInstanceLost", "ServiceHeartbeatLost")
    ),
    "ServiceEventLoopLag": Cause(
        _SERVICE,
        (*_LATE, "OrderAckSlow", "BotHeartbeatLost", "BotStuck"),
        (*_LATE, "BotHeartbeatLost", "BotStuck"),
    ),
    "CollectorDown": Cause((), _UNSEEN),
    "CollectorSilent": Cause((), _UNSEEN[1:]),
    "CollectorExporterStalled": Cause(
        _EXPORTER, ("CollectorQueueFilling", "CollectorRefusing", "CollectorLosing", *_UNSEEN[2:])
    ),
    "CollectorQueueFilling": Cause(_EXPORTER, ("CollectorRefusing", "CollectorLosing", "TelemetryDropped")),
    "CollectorRefusing": Cause((), ("TelemetryDropped",)),
    "CollectorLosing": Cause((), ("ExportsMissing",)),
    "DiskFilling": Cause(
        (),
        (
            "PrometheusStorageFailing",
            "CollectorQueueFilling",
            "CollectorExporterStalled",
            "CollectorRefusing",
        ),
    ),
    "HostStarved": Cause(
        (),
        (
            *(
                *_LATE,
                "ServiceEventLoopLag",
                "DatabaseQueriesSlow",
                "DatabasePoolExhausted",
                "DatabasePoolWaitLong",
                "DatabasePoolTimeouts",
            ),
            *(
                "BotStuck",
                "DatabaseIOSlow",
                "OrderAckSlow",
                "BotHeartbeatLost",
                "ExchangeLatencyHigh",
                "ServicesSilent",
                "ServiceHeartbeatLost",
            ),
        ),
    ),
    "PrometheusStorageFailing": Cause((), ("CollectorExporterStalled", "RuleEvaluationFailing")),
    "CertificateExpiring": Cause((), ("TelemetryDropped", "ScrapeDown", "CollectorDown")),
}

#: Error categories of `exchange.error.category` that an alert of the exchange's stands for.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "clock": ("ExchangeClockOffset",),
    "rate_limit": ("ExchangeRateLimited", "ExchangeBanned", "ExchangeRateLimitNear"),
    "ban": ("ExchangeBanned",),
    "timeout": ("ExchangeLatencyHigh", "ExchangeErrorsHigh"),
    "unavailable": ("ExchangeErrorsHigh", "ExchangeDisconnected"),
    "network": ("ExchangeErrorsHigh", "ExchangeDisconnected"),
    "maintenance": ("ExchangeMaintenance", "ExchangeErrorsHigh", "ExchangeDisconnected"),
    "auth": ("ExchangeKeyRefused",),
    "symbol": ("ExchangeMarketSuspended",),
}

#: Class of the error of whoever names a market that there is not.
_NO_SUCH_MARKET = "BadSymbol"

#: What a new version of a service can lead to, in alerts about that service.
OF_A_VERSION = frozenset(
    {
        *(*_CALLERS, "ServiceCrashLoop", "ServiceHeartbeatLost"),
        *("ServiceInstanceLost", "ServiceEventLoopLag", "ServiceMemoryGrowth", "DatabaseQueriesSlow", *_POOL),
        *("ExchangeKeyRefused", "ExchangeThrottleWaitLong", "ExchangeListenKeyLost", *_BOTS),
    }
)


def explains(cause: Alert, symptom: Alert, calls: Sequence[Call] = ()) -> bool:
    """Whether one alert can be what another follows from, in the same service or in one that calls it."""
    known = CAUSES.get(cause.name)
    if known is None or not _same(cause, symptom, ("deployment_environment_name",)):
        return False
    if symptom.name in known.explains and _same(cause, symptom, known.on):
        return True
    service = symptom.labels.get("service_name", "")
    return (
        symptom.name in known.callers
        and service != cause.labels.get("service_name")
        and any(leads_to(call, cause) for call in below(service, calls))
    )


def stands_for(category: str, error_type: str) -> tuple[str, ...]:
    """The alerts that stand for a category of failed calls, the likeliest first."""
    return () if error_type == _NO_SUCH_MARKET else CATEGORIES.get(category, ())


def shared(cause: Alert, symptom: Alert) -> list[str]:
    """The values that both name and have to agree on."""
    known = CAUSES[cause.name]
    if not _same(cause, symptom, known.on):
        return []
    return [cause.labels[name] for name in known.on if cause.labels.get(name) and symptom.labels.get(name)]


def _same(cause: Alert, symptom: Alert, names: Sequence[str]) -> bool:
    """Whether labels agree, where both have them."""
    pairs = [(cause.labels.get(name, ""), symptom.labels.get(name, "")) for name in names]
    return all(not one or not other or one == other for one, other in pairs)
