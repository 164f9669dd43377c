"""Database: what clients see, beside what the server sees."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import database

from . import exporters, recorded
from .board import Row, board
from .panels import Column, Query, Sized, graph, grid, latency, number
from .promql import Queries, or_zero

_q = Queries(("environment", "service"))
_POOL = ("service.name", database.POOL_NAME)
_DATABASE = ("datname",)
_SERVER = ("service.instance.id",)
_FAILED = {"error.type": "!="}


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-database",
        "Database",
        "Are statements slow, and whose fault is it: the server, its disk, a lock, or the pool in front of it?",
        _q.variables,
        [
            Row("Within the time range", _totals()),
            Row("Statements, as clients see them", _statements()),
            Row("Pools", _pools()),
            Row("The server", _server()),
            Row("Disk and cache", _disk()),
            Row("Statements, as the server sees them", [_slow_statements()]),
        ],
    )


def _totals() -> list[Sized]:
    return [
        number(
            "Statements",
            "Statements and batches that clients sent.",
            "short",
            or_zero(_q.total(database.OPERATION_DURATION)),
            width=6,
        ),
        number(
            "Failed statements",
            "Those that ended with an error.",
            "short",
            or_zero(_q.total(database.OPERATION_DURATION, where=_FAILED)),
            bad=1,
            width=6,
        ),
        number(
            "Connections taken",
            "How often a caller got a connection of a pool.",
            "short",
            or_zero(_q.total(database.CONNECTION_WAIT_TIME)),
            width=6,
        ),
        number(
            "Callers that gave up",
            "Waiting for a connection of a pool.",
            "short",
            or_zero(_q.total(database.CONNECTION_TIMEOUTS)),
            bad=1,
            width=6,
        ),
    ]


def _statements() -> list[Sized]:
    return [
        latency(
            "Duration",
            "From the call to its result, the wait for a connection not included. Points are exemplars: a click opens "
            "the trace.",
            _q,
            database.OPERATION_DURATION,
            limits=recorded.QUERY,
        ),
        latency(
            "Duration, by statement",
            "The 95th percentile of each kind of statement.",
            _q,
            database.OPERATION_DURATION,
            by=(database.DB_QUERY_SUMMARY,),
            legend="{{db_query_summary}}",
            limits=recorded.QUERY,
        ),
        graph(
            "Rate and errors",
            "Statements per second by service, and those that failed.",
            "ops",
            [
                Query(_q.rate(database.OPERATION_DURATION, ("service.name",)), "{{service_name}}"),
                Query(
                    _q.rate(database.OPERATION_DURATION, ("service.name", "error.type"), _FAILED),
                    "{{service_name}} {{error_type}}",
                ),
            ],
        ),
    ]


def _pools() -> list[Sized]:
    pool = "{{service_name}} {{db_client_connection_pool_name}}"
    state = (*_POOL, database.POOL_STATE)
    used = _q.latest(database.CONNECTION_COUNT, _POOL, {database.POOL_STATE: "used"}, "sum")
    return [
        graph(
            "Connections",
            "Open connections of each pool, and how many it may open.",
            "short",
            [
                Query(
                    _q.latest(database.CONNECTION_COUNT, state, how="sum"),
                    f"{pool} {{{{db_client_connection_state}}}}",
                ),
                Query(_q.latest(database.CONNECTION_MAX, _POOL, how="sum"), f"{pool} max"),
            ],
        ),
        graph(
            "Part in use",
            "At the line with callers waiting, the pool is too small or connections are held for too long.",
            "percentunit",
            [Query(f"{used} / {_q.latest(database.CONNECTION_MAX, _POOL, how='sum')}", pool)],
            limits=recorded.POOL_USED_RATIO,
            highest=1,
        ),
        latency(
            "Wait for a connection",
            "The 95th percentile, a new connection's opening included.",
            _q,
            database.CONNECTION_WAIT_TIME,
            by=_POOL,
            legend=pool,
            limits=recorded.POOL_WAIT,
        ),
        graph(
            "Callers that wait",
            "For a connection, now.",
            "short",
            [Query(_q.latest(database.CONNECTION_PENDING_REQUESTS, _POOL, how="sum"), pool)],
        ),
        graph(
            "Callers that gave up, by pool",
            "Waiting for a connection, counted one by one.",
            "short",
            [Query(_q.events(database.CONNECTION_TIMEOUTS, _POOL), pool)],
            bars=True,
        ),
        graph(
            "Held for, and opened in",
            "The 95th percentiles of the time that a connection is in use, and of the time to open one.",
            "s",
            [
                Query(
                    _q.quantile(0.95, database.CONNECTION_USE_TIME, ("service.name",)),
                    "{{service_name}} held",
                    exemplar=True,
                ),
                Query(
                    _q.quantile(0.95, database.CONNECTION_CREATE_TIME, ("service.name",)),
                    "{{service_name}} opened",
                ),
            ],
        ),
    ]


def _server() -> list[Sized]:
    backends = f"sum by (service_instance_id) ({_q.select(exporters.PG_BACKENDS)})"
    most = f"max by (service_instance_id) ({_q.select(exporters.PG_MAX_CONNECTIONS)})"
    return [
        graph(
            "Connections in use",
            "Part of max_connections, of all clients.",
            "percentunit",
            [Query(f"{backends} / {most}", "{{service_instance_id}}")],
            limits=recorded.DB_CONNECTIONS_RATIO,
            highest=1,
        ),
        graph(
            "Transactions",
            "Per second and database.",
            "ops",
            [
                Query(f"{_q.rate(exporters.PG_COMMITS, _DATABASE)} > 0", "{{datname}} committed"),
                Query(f"{_q.rate(exporters.PG_ROLLBACKS, _DATABASE)} > 0", "{{datname}} rolled back"),
            ],
        ),
        graph(
            "Oldest transaction",
            "It holds locks, and keeps vacuum from cleaning up.",
            "s",
            [
                Query(
                    f"max by (service_instance_id) ({_q.select(exporters.PG_OLDEST_TRANSACTION)})",
                    "{{service_instance_id}}",
                )
            ],
            limits=recorded.TRANSACTION,
        ),
        graph(
            "Backends by state",
            "`idle in transaction` holds locks while its client thinks.",
            "short",
            [Query(f"sum by (state) ({_q.select(exporters.PG_BACKENDS)}) > 0", "{{state}}")],
            stack=True,
        ),
        graph(
            "Locks",
            "Held and awaited, by mode.",
            "short",
            [Query(f"sum by (mode) ({_q.select(exporters.PG_LOCKS)}) > 0", "{{mode}}")],
            stack=True,
        ),
        graph(
            "Sessions that wait for a lock",
            "By who holds it, and the last statement of that session.",
            "short",
            [
                Query(
                    f"sum by (application_name, statement) ({_q.select(exporters.PG_BLOCKING_SESSIONS)})",
                    "{{application_name}}: {{statement}}",
                )
            ],
            stack=True,
        ),
        graph(
            "Longest wait for a lock",
            "Age of the waiting statement, by who holds the lock.",
            "s",
            [
                Query(
                    f"max by (application_name, statement) ({_q.select(exporters.PG_BLOCKING_SECONDS)})",
                    "{{application_name}}: {{statement}}",
                )
            ],
            limits=recorded.LOCK_WAIT,
        ),
        graph(
            "Deadlocks",
            "Per second; each failed a transaction.",
            "ops",
            [Query(_q.rate(exporters.PG_DEADLOCKS, _DATABASE), "{{datname}}")],
        ),
    ]


def _disk() -> list[Sized]:
    hit, read = _q.rate(exporters.PG_BLOCKS_HIT, _DATABASE), _q.rate(exporters.PG_BLOCKS_READ, _DATABASE)
    read_time = _q.rate(exporters.PG_READ_TIME, _SERVER)
    write_time = _q.rate(exporters.PG_WRITE_TIME, _SERVER)
    return [
        graph(
            "Cache hits",
            "Part of the block reads that the buffer cache answers. Below the line reports push the tables out.",
            "percentunit",
            [Query(f"{hit} / ({hit} + {read} > 0)", "{{datname}}")],
            limits=recorded.CACHE_HIT_RATIO,
            highest=1,
        ),
        graph(
            "Waiting for the disk",
            "Seconds per second that backends wait for blocks, all together.",
            "s",
            [Query(f"{read_time} / 1000", "reading"), Query(f"{write_time} / 1000", "writing")],
            limits=recorded.DB_IO,
        ),
        graph(
            "Rows",
            "Returned, inserted and updated per second.",
            "ops",
            [
                Query(_q.rate(exporters.PG_ROWS_RETURNED), "returned"),
                Query(_q.rate(exporters.PG_ROWS_INSERTED), "inserted"),
                Query(_q.rate(exporters.PG_ROWS_UPDATED), "updated"),
            ],
        ),
    ]


def _slow_statements() -> Sized:
    by = ("datname", "user", "queryid")
    seconds = _q.rate(exporters.PG_STATEMENT_SECONDS, by, window="$__range")
    calls = _q.rate(exporters.PG_STATEMENT_CALLS, by, window="$__range")
    top = f"topk(20, {seconds})"
    on = "and on (datname, user, queryid)"
    return grid(
        "Statements that take most of the server's time",
        "From pg_stat_statements. The text of a statement is in the view of the same name, by its queryid.",
        {"datname": "Database", "user": "Role", "queryid": "Query id"},
        [
            Column("Time a second", top, "s"),
            Column("Calls", f"{calls} {on} {top}", "ops"),
            Column("Mean", f"{seconds} / ({calls} > 0) {on} {top}", "s"),
            Column(
                "Rows", f"{_q.rate(exporters.PG_STATEMENT_ROWS, by, window='$__range')} {on} {top}", "ops"
            ),
            Column(
                "Waiting for the disk",
                f"{_q.rate(exporters.PG_STATEMENT_READ_SECONDS, by, window='$__range')} {on} {top}",
                "s",
            ),
        ],
        width=24,
        height=10,
    )
