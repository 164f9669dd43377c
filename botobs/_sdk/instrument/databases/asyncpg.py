"""asyncpg used directly: one span a call, and what its pools do.

The upstream instrumentor is replaced, not extended: it puts SQL with its literals into spans, makes a span for every
row of a cursor, leaves `fetchmany` of connections, COPY and pools out, has no metrics, and records no SQLSTATE. Every
part of it would have to be overridden.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ..called_by_service import Upstream
from ..shared import once_per_provider
from ..suppression import is_heard, silence
from ._asyncpg_pool import watch_pools
from ._asyncpg_target import target_at, target_of
from ._database import Database, Operation, row_count
from ._pool import PoolMetrics

_UPSTREAM = Upstream("opentelemetry.instrumentation.asyncpg", "AsyncPGInstrumentor")
_QUERIES = ("execute", "executemany", "fetch", "fetchval", "fetchrow", "fetchmany")
_COPIES = {
    "copy_from_query": "COPY ({}) TO STDOUT",
    "copy_from_table": "COPY {} TO STDOUT",
    "copy_to_table": "COPY {} FROM STDIN",
    "copy_records_to_table": "COPY {} FROM STDIN",
}
_PREPARED = ("fetch", "fetchval", "fetchrow", "fetchmany", "executemany")
#: What a pool does to a connection that comes back.
_HOUSEKEEPING = ("reset", "_reset")

#: Where the rows of a call are: the position among its arguments, and the name. Those of `copy_records_to_table` have
#: a name alone.
_ROWS = {"executemany": (1, "args"), "fetchmany": (1, "args"), "copy_records_to_table": (None, "records")}
_ROWS_OF_PREPARED = {"executemany": (0, "args"), "fetchmany": (0, "args")}

#: An asyncpg coroutine function as wrapt hands it over: wrapped, instance, args, kwargs.
Wrapper = Callable[[Callable[..., Any], Any, Any, Any], Any]


class AsyncPGInstrumentation:
    """Watches asyncpg 0.30 and later."""

    name = "asyncpg"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the classes of connections, prepared statements, cursors and pools once asyncpg is imported."""
        database = Database(telemetry, self.name)
        pools = once_per_provider(telemetry, PoolMetrics)
        self._patches.on_undo(lambda: pools.forget(self))

        def patch(module: ModuleType) -> None:
            self._watch_connections(module.connection.Connection, database)
            self._watch_prepared(module.prepared_stmt.PreparedStatement, database)
            self._watch_cursors(module.cursor.BaseCursor, database)
            watch_pools(module.pool, self._patches, pools, self)
            self._patches.wrap(module.connect_utils, "_connect_addr", _failed_attempt(database))

        self._patches.on_import("asyncpg", patch)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _watch_connections(self, owner: type, database: Database) -> None:
        for method in _QUERIES:
            self._wrap(owner, method, _call(database, _connection, _statement, _ROWS.get(method)))
        for method, template in _COPIES.items():
            self._wrap(owner, method, _call(database, _connection, _copy(template), _ROWS.get(method)))
        for method in _HOUSEKEEPING:
            self._wrap(owner, method, _silently)

    def _watch_prepared(self, owner: type, database: Database) -> None:
        for method in _PREPARED:
            wrapper = _call(database, _owner, _own_query, _ROWS_OF_PREPARED.get(method))
            self._wrap(owner, method, wrapper)

    def _watch_cursors(self, owner: type, database: Database) -> None:
        # Opening a cursor is the call; what it fetches later is a step of it, however many rows there are.
        for method in ("_bind", "_bind_exec"):
            self._wrap(owner, method, _call(database, _owner, _own_query))
        self._wrap(owner, "_exec", _step(database))

    def _wrap(self, owner: type, method: str, wrapper: Wrapper) -> None:
        # `fetchmany` and `_reset` came with later versions.
        if hasattr(owner, method):
            self._patches.wrap(owner, method, wrapper)


def _call(
    database: Database,
    connection_of: Callable[[Any], Any],
    statement_of: Callable[[Any, Any, Any], object],
    rows: tuple[int | None, str] | None = None,
) -> Wrapper:
    @never_raise("asyncpg")
    def begin(instance: Any, args: Any, kwargs: Any) -> Operation:
        batch = _batch_size(rows, args, kwargs) if rows is not None else None
        return database.start(
            target_of(connection_of(instance)),
            statement_of(instance, args, kwargs),
            batch,
            has_span=not _UPSTREAM.is_active(),
        )

    async def call(wrapped: Callable[..., Any], instance: Any, args: Any, kwargs: Any) -> Any:
        operation = begin(instance, args, kwargs) if is_heard() else None
        if operation is None:
            return await wrapped(*args, **kwargs)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            operation.end(error)
            raise
        operation.end()
        return result

    return call


def _step(database: Database) -> Wrapper:
    @never_raise("asyncpg")
    def end(cursor: Any, seconds: float, error: BaseException | None) -> None:
        target = target_of(_owner(cursor))
        if error is None:
            database.record(target, "FETCH", seconds)
        else:
            database.failed(target, f"FETCH {cursor._query}", error, seconds)

    async def step(wrapped: Callable[..., Any], cursor: Any, args: Any, kwargs: Any) -> Any:
        if not is_heard():
            return await wrapped(*args, **kwargs)
        started = time.perf_counter()
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            end(cursor, time.perf_counter() - started, error)
            raise
        end(cursor, time.perf_counter() - started, None)
        return result

    return step


def _failed_attempt(database: Database) -> Wrapper:
    """A connection that cannot be opened is a failed operation; one that can is part of its pool's metrics."""

    async def connect(wrapped: Callable[..., Any], _instance: Any, args: Any, kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return await wrapped(*args, **kwargs)
        except BaseException as error:
            if is_heard():
                failed(kwargs, error, time.perf_counter() - started)
            raise

    @never_raise("asyncpg")
    def failed(kwargs: Any, error: BaseException, seconds: float) -> None:
        target = target_at(kwargs["addr"], kwargs["params"].database)
        database.failed(target, "CONNECT", error, seconds)

    return connect


async def _silently(wrapped: Callable[..., Any], _instance: Any, args: Any, kwargs: Any) -> Any:
    with silence():
        return await wrapped(*args, **kwargs)


def _connection(instance: Any) -> Any:
    return instance


def _owner(instance: Any) -> Any:
    return instance._connection


def _statement(_connection: Any, args: Any, kwargs: Any) -> object:
    return args[0] if args else kwargs.get("query", kwargs.get("command"))


def _copy(template: str) -> Callable[[Any, Any, Any], str]:
    """The statement that asyncpg is going to make, near enough."""

    def statement(_connection: Any, args: Any, kwargs: Any) -> str:
        what = args[0] if args else kwargs.get("query", kwargs.get("table_name"))
        schema = kwargs.get("schema_name")
        return template.format(f"{schema}.{what}" if schema else what)

    return statement


def _own_query(instance: Any, _args: Any, _kwargs: Any) -> object:
    return instance._query


def _batch_size(rows: tuple[int | None, str], args: Any, kwargs: Any) -> int | None:
    position, name = rows
    given = args[position] if position is not None and len(args) > position else kwargs.get(name)
    return row_count(given)
