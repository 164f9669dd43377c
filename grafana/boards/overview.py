"""Platform overview: is money at risk, what is broken, and since when."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import exchange, trading

from . import exporters, known_orders, recorded
from .alerts import firing, since
from .board import Row, board
from .colours import STATES
from .panels import Column, Query, Sized, graph, grid, number
from .promql import NOT_REPORTED, Queries, or_zero, zero_where

_q = Queries(("environment",))
_BY_SERVICE = ("service.name",)
_BY_EXCHANGE = (exchange.NAME,)


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-overview",
        "Platform overview",
        "Is money at risk? What is broken, and since when? Every service, bot, exchange and database at a glance.",
        _q.variables,
        [
            Row("Is money at risk?", _risk()),
            Row("What is broken, and since when?", _broken()),
            Row("Objectives and error budget", _objectives()),
            Row("At a glance", [_services(), _exchanges(), _bots(), _databases()]),
        ],
    )


def _risk() -> list[Sized]:
    return [
        number(
            "Oldest order without an answer",
            "Age of the oldest order that was sent and neither accepted nor refused. Nobody knows whether it trades.",
            "s",
            f"max({_q.select(recorded.ORDERS_OLDEST)})",
            threshold=recorded.ORDER_IN_FLIGHT,
            uid="botobs-orders",
            absent=NOT_REPORTED,
        ),
        number(
            "Orders of unknown outcome",
            "Orders of which nobody knows whether the exchange took them, until somebody has found it out. "
            "`botobs orders` names them.",
            "short",
            known_orders.unsettled(_q),
            bad=1,
            uid="botobs-orders",
            absent=NOT_REPORTED,
        ),
        number(
            "Failed bots",
            "Bots that are in the state `failed` now, and do not trade.",
            "short",
            f"sum({_q.select(recorded.BOTS_BY_STATE, {trading.BOT_STATE: 'failed'})})",
            bad=1,
            uid="botobs-bots",
            absent=NOT_REPORTED,
        ),
        number(
            "Silent bots",
            "Bots that missed more turns than they may, and have neither been stopped nor said goodbye.",
            "short",
            zero_where(
                f"sum({_q.select(recorded.BOTS_BY_STATE)})", f"sum({_q.select(recorded.BOTS_SILENT)})"
            ),
            bad=1,
            uid="botobs-bots",
            absent=NOT_REPORTED,
        ),
        number(
            "Silent market-data streams",
            "Streams without an update for much longer than ever before: bots would decide on old prices.",
            "short",
            _q.latest(exchange.WS_STREAMS_SILENT, how="sum"),
            bad=1,
            uid="botobs-exchanges",
            absent=NOT_REPORTED,
        ),
        number(
            "Highest use of a rate limit",
            "The limit of an exchange that is nearest to its end. Beyond it requests are refused, then the address is "
            "banned.",
            "percentunit",
            f"max({_q.select(recorded.RATE_LIMIT)})",
            threshold=recorded.RATE_LIMIT_WARNING,
            uid="botobs-exchanges",
            absent=NOT_REPORTED,
        ),
    ]


def _broken() -> list[Sized]:
    return [
        number(
            "Critical alerts",
            "Alerts that wake somebody up, firing now.",
            "short",
            or_zero(f"count({firing('critical')})"),
            bad=1,
        ),
        number(
            "Warnings",
            "Alerts that are for the next working day, firing now.",
            "short",
            or_zero(f"count({firing('warning')})"),
            bad=1,
        ),
        grid(
            "Firing alerts",
            "What fires now, the critical ones first, and for how long. What to do: botobs runbook <alert>.",
            {
                "severity": "Severity",
                "alertname": "Alert",
                "area": "Area",
                "service_name": "Service",
                "exchange_name": "Exchange",
                "botobs_bot_id": "Bot",
            },
            [Column("Since", since(), "dateTimeFromNow")],
            width=16,
        ),
        graph(
            "Alerts over time",
            "How many series of each alert were firing.",
            "short",
            [Query(f"count by (alertname) ({firing()})", "{{alertname}}")],
            stack=True,
            width=12,
        ),
        graph(
            "Processes alive",
            "Processes of each service with a fresh heartbeat.",
            "short",
            [Query(_q.select(recorded.SERVICES_ALIVE), "{{service_name}}")],
            width=12,
        ),
    ]


def _objectives() -> list[Sized]:
    name = "{{service_name}} {{slo}} ({{sli}})"
    burn = {"window": "fast_long"}
    return [
        graph(
            "How fast the budget burns",
            "Failures of the last hour, as a multiple of what the objective allows. 1 uses up the budget of 30 days in "
            "30 days; above the line somebody is called.",
            "short",
            [Query(_q.select(recorded.SLO_BURN, burn), name)],
            limits=recorded.BURN_PAGE_FAST,
            width=12,
        ),
        graph(
            "Budget left of the last three days",
            "1 is untouched, 0 used up, below zero the objective was missed.",
            "percentunit",
            [Query(f"1 - {_q.select(recorded.SLO_BURN, {'window': 'drift_long'})}", name)],
            width=12,
            highest=1,
            lowest=None,
        ),
    ]


def _services() -> Sized:
    spans = _q.select(recorded.SERVICE_SPANS)
    failed = _q.select(recorded.SERVICE_SPANS, {"status_code": "STATUS_CODE_ERROR"})
    by = "sum by (service_name)"
    return grid(
        "Services",
        "Spans that enter each service: requests, messages, turns of bots.",
        {"service_name": "Service"},
        [
            Column("Processes", f"{by} ({_q.select(recorded.SERVICES_ALIVE)})"),
            Column("Requests", f"{by} ({spans})", "reqps"),
            Column("Errors", f"({by} ({failed}) or 0 * {by} ({spans})) / {by} ({spans})", "percentunit"),
            Column("p95", f"max by (service_name) ({_q.select(recorded.SERVICE_LATENCY)})", "s"),
            Column(
                "Heartbeat",
                f"1000 * max by (service_name) ({_q.select(recorded.SERVICE_HEARTBEAT)})",
                "dateTimeFromNow",
            ),
        ],
        links={"Service": "/d/botobs-services?var-service=${__value.raw}&${__url_time_range}"},
    )


def _exchanges() -> Sized:
    errors, calls = _q.select(recorded.EXCHANGE_ERRORS), _q.select(recorded.EXCHANGE_CALLS)
    by = "sum by (exchange_name)"
    return grid(
        "Exchanges",
        "Connections, requests, errors that are the network's or the exchange's, and the nearest limit.",
        {"exchange_name": "Exchange"},
        [
            Column("Bots running", f"{by} ({_q.select(recorded.BOTS_RUNNING)})"),
            Column("Connections", f"{by} ({_q.select(recorded.CONNECTIONS, {exchange.WS_STATE: 'open'})})"),
            Column("Requests", f"{by} ({_q.select(recorded.EXCHANGE_REQUESTS)})", "reqps"),
            Column("Errors", f"({by} ({errors}) or 0 * {by} ({calls})) / {by} ({calls})", "percentunit"),
            Column("p95", f"max by (exchange_name) ({_q.select(recorded.EXCHANGE_LATENCY)})", "s"),
            Column("Limit used", f"max by (exchange_name) ({_q.select(recorded.RATE_LIMIT)})", "percentunit"),
            Column("Orders", f"{by} ({_q.select(recorded.ORDERS_SUBMITTED)})", "ops"),
        ],
        links={"Exchange": "/d/botobs-exchanges?var-exchange=${__value.raw}&${__url_time_range}"},
    )


def _bots() -> Sized:
    return graph(
        "Bots by state",
        "How many bots are in each state.",
        "short",
        [
            Query(
                f"sum by (botobs_bot_state) ({_q.select(recorded.BOTS_BY_STATE)}) > 0",
                "{{botobs_bot_state}}",
            )
        ],
        stack=True,
        colours=STATES,
        width=12,
    )


def _databases() -> Sized:
    by = "by (service_instance_id)"
    hit, read = (
        _q.rate(exporters.PG_BLOCKS_HIT, ("service.instance.id",)),
        _q.rate(exporters.PG_BLOCKS_READ, ("service.instance.id",)),
    )
    commits = _q.rate(exporters.PG_COMMITS, ("service.instance.id",))
    return grid(
        "Databases",
        "PostgreSQL servers by their own account.",
        {"service_instance_id": "Server"},
        [
            Column("Up", f"max {by} ({_q.select(exporters.PG_UP)})", "bool_yes_no"),
            Column("Connections", f"sum {by} ({_q.select(exporters.PG_BACKENDS)})"),
            Column("Commits", commits, "ops"),
            Column("Cache hits", f"{hit} / ({hit} + {read})", "percentunit"),
            Column("Oldest transaction", f"max {by} ({_q.select(exporters.PG_OLDEST_TRANSACTION)})", "s"),
        ],
    )
