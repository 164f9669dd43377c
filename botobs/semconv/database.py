"""Calls to databases and their connection pools.

Names of the stable conventions: https://opentelemetry.io/docs/specs/semconv/database/. The pool metrics are as
`opentelemetry.semconv._incubating.metrics.db_metrics` has them.
"""

from __future__ import annotations

from ._model import Metric, declared_in

DB_SYSTEM_NAME = "db.system.name"
DB_NAMESPACE = "db.namespace"
DB_OPERATION_NAME = "db.operation.name"
DB_OPERATION_BATCH_SIZE = "db.operation.batch.size"
DB_QUERY_SUMMARY = "db.query.summary"
DB_QUERY_TEXT = "db.query.text"
DB_RESPONSE_STATUS_CODE = "db.response.status_code"
#: On spans, in seconds: for how long the code within waited for connections of pools.
CONNECTION_WAIT_ATTRIBUTE = "botobs.db.connection.wait"
POOL_NAME = "db.client.connection.pool.name"
POOL_STATE = "db.client.connection.state"

_CALL = (
    DB_SYSTEM_NAME,
    DB_NAMESPACE,
    DB_OPERATION_NAME,
    DB_QUERY_SUMMARY,
    DB_RESPONSE_STATUS_CODE,
    "error.type",
    "server.address",
    "server.port",
)

OPERATION_DURATION = Metric(
    "db.client.operation.duration",
    "histogram",
    "s",
    "Duration of database calls as the caller sees them, one record a statement or batch.",
    _CALL,
)
CONNECTION_COUNT = Metric(
    "db.client.connection.count",
    "observable_updowncounter",
    "{connection}",
    "Open connections of a pool, by whether they are in use.",
    (POOL_NAME, POOL_STATE),
)
CONNECTION_IDLE_MAX = Metric(
    "db.client.connection.idle.max",
    "observable_updowncounter",
    "{connection}",
    "How many idle connections a pool may keep; absent when it has no limit.",
    (POOL_NAME,),
)
CONNECTION_IDLE_MIN = Metric(
    "db.client.connection.idle.min",
    "observable_updowncounter",
    "{connection}",
    "How many connections a pool keeps open at least.",
    (POOL_NAME,),
)
CONNECTION_MAX = Metric(
    "db.client.connection.max",
    "observable_updowncounter",
    "{connection}",
    "How many connections a pool may open; absent when it has no limit.",
    (POOL_NAME,),
)
CONNECTION_PENDING_REQUESTS = Metric(
    "db.client.connection.pending_requests",
    "observable_updowncounter",
    "{request}",
    "Callers that wait for a connection of a pool now.",
    (POOL_NAME,),
)
CONNECTION_TIMEOUTS = Metric(
    "db.client.connection.timeouts",
    "counter",
    "{timeout}",
    "Callers that gave up waiting for a connection of a pool.",
    (POOL_NAME,),
)
CONNECTION_CREATE_TIME = Metric(
    "db.client.connection.create_time",
    "histogram",
    "s",
    "Time to open a connection for a pool, its set-up included.",
    (POOL_NAME,),
)
CONNECTION_WAIT_TIME = Metric(
    "db.client.connection.wait_time",
    "histogram",
    "s",
    "Time a caller waited for a connection of a pool, a new connection's opening included.",
    (POOL_NAME,),
)
CONNECTION_USE_TIME = Metric(
    "db.client.connection.use_time",
    "histogram",
    "s",
    "Time between taking a connection from a pool and its return.",
    (POOL_NAME,),
)

METRICS = declared_in(globals())
