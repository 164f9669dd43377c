"""SQLAlchemy, sync and async: one span a statement, and what its connection pools do.

The upstream instrumentor is replaced, not extended: it hooks `create_engine` and so misses engines made before it and
functions imported before it, puts SQL with its literals and `str(original_exception)` with its values into spans, and
knows one deprecated pool metric, which drifts. Here the listeners sit on the classes `Engine` and `Pool`, so that every
engine counts, whenever it was made.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ..shared import once_per_provider
from ..suppression import is_heard, silence
from ._database import Database, Operation, Target, row_count
from ._pool import PoolMetrics
from ._sqlalchemy_pool import Checkouts, levels

_SYSTEMS = {"mssql": "microsoft.sql_server", "oracle": "oracle.db"}
_DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
_OPERATION = "_botobs_operation"
_ROWS = "_botobs_rows"


class SQLAlchemyInstrumentation:
    """Watches SQLAlchemy 2."""

    name = "sqlalchemy"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Listen to all engines and pools once SQLAlchemy is imported."""
        database = Database(telemetry, self.name)
        pools = once_per_provider(telemetry, PoolMetrics)
        self._patches.on_undo(lambda: pools.forget(self))

        def patch(_module: ModuleType) -> None:
            self._listen(database)
            self._watch_pools(pools, database)

        self._patches.on_import("sqlalchemy", patch)

    def uninstall(self) -> None:
        """Take listeners and patches back."""
        self._patches.undo()

    def _listen(self, database: Database) -> None:
        from sqlalchemy.engine import Engine

        targets: weakref.WeakKeyDictionary[Any, Target] = weakref.WeakKeyDictionary()

        @never_raise(self.name)
        def before(
            conn: Any, _cursor: Any, statement: str, params: Any, context: Any, executemany: bool
        ) -> None:
            if context is None or not is_heard():
                return
            target = targets.get(conn.engine)
            if target is None:
                target = targets[conn.engine] = target_of(conn.engine)
            # Rows that were put into one statement: what `params` holds then are the values of all of them.
            rows = getattr(context, _ROWS, None) or (row_count(params) if executemany else None)
            # Upstream's instrumentor, where the service has called it, is silent from here: its listeners come later.
            setattr(context, _OPERATION, database.start(target, statement, rows))

        @never_raise(self.name)
        def after(_conn: Any, _cursor: Any, _statement: str, _params: Any, context: Any, _many: bool) -> None:
            _finish(context, None)

        @never_raise(self.name)
        def failed(context: Any) -> None:
            _finish(context.execution_context, context.original_exception)

        self._listen_to(Engine, "before_cursor_execute", before)
        self._listen_to(Engine, "after_cursor_execute", after)
        self._listen_to(Engine, "handle_error", failed)
        self._watch_rows()

    def _watch_rows(self) -> None:
        """Learn how many rows there are in each statement that SQLAlchemy makes of many (`insertmanyvalues`)."""
        from sqlalchemy.engine.default import DefaultDialect

        @never_raise(self.name)
        def note(context: Any, batch: Any) -> None:
            setattr(context, _ROWS, batch.current_batch_size)

        def deliver(wrapped: Callable[..., Any], _dialect: Any, args: Any, kwargs: Any) -> Iterator[Any]:
            context = kwargs["context"] if "context" in kwargs else args[-1]
            for batch in wrapped(*args, **kwargs):
                note(context, batch)
                yield batch

        self._patches.wrap(DefaultDialect, "_deliver_insertmanyvalues_batches", deliver)

    def _watch_pools(self, pools: PoolMetrics, database: Database) -> None:
        from sqlalchemy.engine import Engine
        from sqlalchemy.engine.default import DefaultDialect
        from sqlalchemy.exc import TimeoutError
        from sqlalchemy.pool import Pool, SingletonThreadPool, base

        def raw_connection(wrapped: Callable[..., Any], engine: Any, args: Any, kwargs: Any) -> Any:
            # A pool does not know its database, the engine does.
            pools.register(engine.pool, lambda _: _pool_name(engine), levels, self)
            started = time.perf_counter()
            try:
                return wrapped(*args, **kwargs)
            except BaseException as error:
                not_connected(engine, error, time.perf_counter() - started)
                raise

        @never_raise(self.name)
        def not_connected(engine: Any, error: BaseException, seconds: float) -> None:
            # A database that is down would show no failed operation otherwise: no statement ever starts.
            if is_heard() and not isinstance(error, TimeoutError):
                database.failed(target_of(engine), "CONNECT", error, seconds)

        def connect(wrapped: Callable[..., Any], pool: Any, args: Any, kwargs: Any) -> Any:
            pools.register(pool, _fallback_name, levels, self)
            with pools.waiting(pool):
                return wrapped(*args, **kwargs)

        def open_connection(wrapped: Callable[..., Any], record: Any, args: Any, kwargs: Any) -> Any:
            started = time.perf_counter()
            with silence():
                result = wrapped(*args, **kwargs)
            pools.created(record._ConnectionRecord__pool, time.perf_counter() - started)
            return result

        def silently(wrapped: Callable[..., Any], _instance: Any, args: Any, kwargs: Any) -> Any:
            # A pool's own statements on checkout and return are no calls of the service, but drivers would
            # record them: asyncpg records three for `pool_pre_ping`.
            with silence():
                return wrapped(*args, **kwargs)

        self._patches.wrap(DefaultDialect, "_do_ping_w_event", silently)
        self._patches.wrap(base._ConnectionFairy, "_reset", silently)
        self._patches.wrap(Engine, "raw_connection", raw_connection)
        self._patches.wrap(Pool, "connect", connect)
        self._patches.wrap(SingletonThreadPool, "connect", connect)
        self._patches.wrap(base._ConnectionRecord, "_ConnectionRecord__connect", open_connection)
        checkouts = Checkouts(pools)
        self._listen_to(Pool, "checkout", checkouts.checkout)
        self._listen_to(Pool, "checkin", checkouts.checkin)
        self._listen_to(Pool, "detach", checkouts.checkin)

    def _listen_to(self, target: type, identifier: str, listener: Callable[..., Any]) -> None:
        from sqlalchemy import event

        event.listen(target, identifier, listener)
        self._patches.on_undo(lambda: event.remove(target, identifier, listener))


def target_of(engine: Any) -> Target:
    """The database behind a sync engine; user and password are left out."""
    url = engine.url
    system = _SYSTEMS.get(engine.dialect.name, engine.dialect.name)
    port = url.port or (_DEFAULT_PORTS.get(system) if url.host else None)
    # A socket's folder, or several hosts, are given as a parameter.
    hosts = url.query.get("host")
    return Target(system, url.database, url.host or (hosts[0] if isinstance(hosts, tuple) else hosts), port)


def _pool_name(engine: Any) -> str:
    return getattr(engine.pool, "_orig_logging_name", None) or target_of(engine).pool_name


def _fallback_name(pool: Any) -> str:
    return getattr(pool, "_orig_logging_name", None) or type(pool).__name__


def _finish(context: Any, error: BaseException | None) -> None:
    operation: Operation | None = getattr(context, _OPERATION, None)
    if operation is not None:
        delattr(context, _OPERATION)
        operation.end(error)
