from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import AssertionPool, NullPool, Pool, QueuePool, SingletonThreadPool, StaticPool

from botobs._sdk.instrument.databases.asyncpg import AsyncPGInstrumentation
from botobs._sdk.instrument.databases.sqlalchemy import SQLAlchemyInstrumentation
from botobs._sdk.instrument.runtime.threads import Threads
from tests.support.postgres import Postgres
from tests.support.telemetry import Recorder
from tests.support.waiting import until


@pytest.fixture
def watched(recorder: Recorder) -> Iterator[Recorder]:
    with recorder.watching(SQLAlchemyInstrumentation()), recorder.watching(AsyncPGInstrumentation()):
        yield recorder


def asyncpg_url(postgres: Postgres) -> str:
    return postgres.url.replace("postgresql://", "postgresql+asyncpg://")


@pytest.mark.asyncio
async def test_a_statement_on_asyncpg_is_one_span(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as connection:
        watched.clear()
        await connection.execute(
            text("SELECT 'secret-value', :bound FROM pg_class LIMIT 3"), {"bound": "other-value"}
        )
        (span,) = watched.spans()
    await engine.dispose()

    assert span.name == "SELECT pg_class"
    assert span.kind is SpanKind.CLIENT
    assert dict(span.attributes or {}) == {
        "db.system.name": "postgresql",
        "db.namespace": "postgres",
        "db.operation.name": "SELECT",
        "db.query.summary": "SELECT pg_class",
        "db.query.text": "SELECT ?, $1 FROM pg_class LIMIT ?",
        "server.address": "127.0.0.1",
        "server.port": postgres.port,
    }
    assert watched.value("db.client.operation.duration", db__query__summary="SELECT pg_class") == 1
    everything = watched.everything()
    assert "secret-value" not in everything
    assert "other-value" not in everything
    assert postgres.password not in everything


@pytest.mark.asyncio
async def test_transactions_show_begin_and_commit_once(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TEMPORARY TABLE once (id int)"))
        watched.clear()
        await connection.execute(text("INSERT INTO once VALUES (1)"))
    await engine.dispose()

    assert watched.names() == ["INSERT once", "COMMIT"]


@pytest.mark.asyncio
async def test_streaming_rows_makes_no_span_per_row(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as connection:
        watched.clear()
        result = await connection.stream(text("SELECT * FROM generate_series(1, 1000)"))
        assert len([row async for row in result]) == 1000
        assert watched.names() == ["SELECT"]
    await engine.dispose()


@pytest.mark.asyncio
async def test_an_error_carries_the_sqlstate_and_no_values(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TEMPORARY TABLE uniq (name text PRIMARY KEY)"))
        await connection.execute(text("INSERT INTO uniq VALUES ('secret-name')"))
        watched.clear()
        with pytest.raises(sqlalchemy.exc.IntegrityError):
            await connection.execute(text("INSERT INTO uniq VALUES (:name)"), {"name": "secret-name"})
        span = watched.spans()[0]
        await connection.rollback()
    await engine.dispose()

    assert span.attributes is not None
    assert span.attributes["db.response.status_code"] == "23505"
    assert span.attributes["error.type"] == "UniqueViolationError"
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "23505 UniqueViolationError"
    assert watched.value("db.client.operation.duration", db__response__status_code="23505") == 1
    assert "secret-name" not in watched.everything()


@pytest.mark.asyncio
async def test_a_cancelled_statement_ends_its_span(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as connection:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.execute(text("SELECT pg_sleep(30)"))
    await engine.dispose()

    assert [span.name for span in watched.spans()] == ["SELECT"]
    assert [span.status.status_code for span in watched.spans()] == [StatusCode.UNSET]
    # Neither failed nor done: "the database answers" is told by the others.
    assert watched.points("db.client.operation.duration") == []


@pytest.mark.asyncio
async def test_a_timeout_of_the_server_is_a_failure(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = 50"))
        watched.clear()
        with pytest.raises(sqlalchemy.exc.DBAPIError):
            await connection.execute(text("SELECT pg_sleep(30)"))
        span = watched.spans()[0]
    await engine.dispose()
    assert span.status.status_code is StatusCode.ERROR
    assert watched.value("db.client.operation.duration", db__response__status_code="57014") == 1


class Base(DeclarativeBase):
    """Tables of these tests."""


class Fill(Base):
    __tablename__ = "batched_fills"
    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str]
    price: Mapped[float]


def batch_sizes(watched: Recorder) -> list[object]:
    return [
        (span.attributes or {}).get("db.operation.batch.size")
        for span in watched.spans()
        if span.name.startswith("INSERT")
    ]


def insert(session: Session, rows: int, page: int) -> None:
    session.execute(
        sqlalchemy.insert(Fill).returning(Fill.id),
        [{"symbol": "BTC", "price": 1.5} for _ in range(rows)],
        execution_options={"insertmanyvalues_page_size": page},
    )


@pytest.mark.parametrize(("rows", "page", "sizes"), [(3, 1000, [3]), (1, 1000, [None]), (5, 2, [2, 2, None])])
def test_rows_of_one_statement_are_a_batch(
    watched: Recorder, rows: int, page: int, sizes: list[object]
) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        insert(session, rows, page)
    engine.dispose()
    assert batch_sizes(watched) == sizes


@pytest.mark.asyncio
async def test_rows_of_one_statement_are_a_batch_on_asyncpg(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with AsyncSession(engine) as session:
        await session.run_sync(lambda inner: Base.metadata.create_all(inner.connection()))
        session.add_all([Fill(symbol="BTC", price=1.5) for _ in range(4)])
        await session.flush()
    await engine.dispose()
    assert batch_sizes(watched) == [4]


@pytest.mark.asyncio
async def test_what_a_pool_does_by_itself_makes_no_spans(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres), pool_pre_ping=True)
    for _ in range(3):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    async with engine.connect():
        pass
    await engine.dispose()
    assert watched.names() == ["SELECT", "ROLLBACK"] * 3


@pytest.mark.asyncio
@pytest.mark.parametrize("first", ["ours", "theirs"])
async def test_a_service_that_instruments_an_engine_itself_gets_one_span(
    recorder: Recorder, postgres: Postgres, first: str
) -> None:
    engine, other = create_async_engine(asyncpg_url(postgres)), create_async_engine(asyncpg_url(postgres))

    def theirs() -> None:
        SQLAlchemyInstrumentor().instrument(
            engine=engine.sync_engine,
            skip_dep_check=True,
            tracer_provider=recorder.telemetry.tracer_provider,
        )

    if first == "theirs":
        theirs()
    with recorder.watching(SQLAlchemyInstrumentation()), recorder.watching(AsyncPGInstrumentation()):
        if first == "ours":
            theirs()
        try:
            for each in (engine, other):
                async with each.connect() as connection:
                    await connection.execute(text("SELECT * FROM pg_class LIMIT 1"))
        finally:
            SQLAlchemyInstrumentor().uninstrument()
        scopes = [
            span.instrumentation_scope.name
            for span in recorder.spans()
            if span.name.startswith("SELECT") and span.instrumentation_scope
        ]
        assert scopes == ["botobs.sqlalchemy"] * 2
        assert recorder.value("db.client.operation.duration", db__query__summary="SELECT pg_class") == 2
    await engine.dispose()
    await other.dispose()


def test_a_thread_that_a_connect_listener_starts_is_not_silent(watched: Recorder) -> None:
    engine, other = sqlalchemy.create_engine("sqlite://"), sqlalchemy.create_engine("sqlite://")

    def refresh() -> None:
        with other.connect() as connection:
            connection.execute(text("SELECT 1"))

    @sqlalchemy.event.listens_for(engine, "connect")
    def connect(_connection: object, _record: object) -> None:
        thread = threading.Thread(target=refresh)
        thread.start()
        thread.join()

    with watched.watching(Threads()), engine.connect():
        pass
    assert watched.names() == ["SELECT"]
    engine.dispose()
    other.dispose()


def test_engines_made_before_are_watched_and_left_alone_after(recorder: Recorder, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/before.db")
    with engine.connect() as connection, recorder.watching(SQLAlchemyInstrumentation()):
        connection.execute(text("SELECT 1"))
        with engine.connect() as another:
            another.execute(text("SELECT 2"))
    assert recorder.names() == ["SELECT", "SELECT"]

    with engine.connect() as connection:
        connection.execute(text("SELECT 3"))
    assert len(recorder.spans()) == 2
    assert recorder.points("db.client.connection.count") == []

    with recorder.watching(SQLAlchemyInstrumentation()), engine.connect() as connection:
        connection.execute(text("SELECT 4"))
        assert len(recorder.spans()) == 3
        assert recorder.value("db.client.connection.count", db__client__connection__state="used") == 1
    engine.dispose()


def test_suppression_is_honoured(watched: Recorder) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with suppress_instrumentation(), engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert watched.spans() == []


def test_an_executemany_tells_its_batch_size(watched: Recorder) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE numbers (n int)"))
        connection.execute(text("INSERT INTO numbers VALUES (:n)"), [{"n": 1}, {"n": 2}, {"n": 3}])
    engine.dispose()
    assert (watched.spans()[-1].attributes or {})["db.operation.batch.size"] == 3


def test_a_queue_pool_tells_levels_waits_and_timeouts(watched: Recorder, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(
        f"sqlite:///{tmp_path}/pool.db", poolclass=QueuePool, pool_size=1, max_overflow=1, pool_timeout=0.05
    )
    pool = f"{tmp_path}/pool.db"
    with engine.connect(), engine.connect():
        with pytest.raises(sqlalchemy.exc.TimeoutError):
            engine.connect()
        assert watched.points("db.client.connection.count") == [
            ({"db.client.connection.pool.name": pool, "db.client.connection.state": "used"}, 2),
            ({"db.client.connection.pool.name": pool, "db.client.connection.state": "idle"}, 0),
        ]
    name = {"db.client.connection.pool.name": pool}
    assert watched.value("db.client.connection.count", db__client__connection__state="idle") == 1
    assert watched.value("db.client.connection.count", db__client__connection__state="used") == 0
    assert watched.points("db.client.connection.max") == [(name, 2)]
    assert watched.points("db.client.connection.idle.max") == [(name, 1)]
    assert watched.points("db.client.connection.idle.min") == [(name, 0)]
    assert watched.points("db.client.connection.pending_requests") == [(name, 0)]
    assert watched.points("db.client.connection.timeouts") == [(name, 1)]
    assert watched.points("db.client.connection.create_time") == [(name, 2)]
    assert watched.points("db.client.connection.wait_time") == [(name, 2)]
    assert watched.points("db.client.connection.use_time") == [(name, 2)]
    assert watched.points("db.client.operation.duration") == [], (
        "a timeout of the pool is no call of the database"
    )
    engine.dispose()


@pytest.mark.asyncio
async def test_waiting_for_an_async_pool_is_pending(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres), pool_size=1, max_overflow=0)
    async with engine.connect():
        waiting = asyncio.create_task(engine.connect().start())
        await until(lambda: watched.value("db.client.connection.pending_requests") == 1)
    connection = await waiting
    assert watched.value("db.client.connection.pending_requests") == 0
    await connection.close()
    name = f"127.0.0.1:{postgres.port}/postgres"
    assert watched.points("db.client.connection.max") == [({"db.client.connection.pool.name": name}, 1)]
    await engine.dispose()


@pytest.mark.parametrize("pool_class", [NullPool, StaticPool, AssertionPool, SingletonThreadPool])
def test_every_pool_class_counts_its_connections(watched: Recorder, pool_class: type[Pool]) -> None:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=pool_class)
    with engine.connect():
        assert watched.value("db.client.connection.count", db__client__connection__state="used") == 1
    assert watched.value("db.client.connection.count", db__client__connection__state="used") == 0
    idle = 0 if pool_class is NullPool else 1
    assert watched.value("db.client.connection.count", db__client__connection__state="idle") == idle
    engine.dispose()


def test_lost_and_kept_connections_are_not_counted(watched: Recorder, tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/lost.db", poolclass=QueuePool)
    states = ("used", "idle")

    def counts() -> list[int]:
        return [
            watched.value("db.client.connection.count", db__client__connection__state=state)
            for state in states
        ]

    with engine.connect() as lost:
        lost.invalidate()
    assert counts() == [0, 0]
    kept = engine.raw_connection()
    assert counts() == [1, 0]
    kept.detach()
    assert counts() == [0, 0]
    kept.close()
    assert watched.value("db.client.connection.use_time") == 2
    engine.dispose()


def test_pools_are_not_kept_alive(watched: Recorder) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect():
        pass
    assert len(watched.points("db.client.connection.count")) == 2
    engine.dispose()
    del engine
    gc.collect()
    assert watched.points("db.client.connection.count") == []


@pytest.mark.asyncio
async def test_a_database_that_is_down_is_one_failed_operation(watched: Recorder, free_port: int) -> None:
    engine = create_async_engine(f"postgresql+asyncpg://bots:secret-password@127.0.0.1:{free_port}/trading")
    with pytest.raises(ConnectionRefusedError):
        await engine.connect()
    await engine.dispose()
    (span,) = watched.spans()
    assert (span.name, span.status.description) == ("CONNECT", "ConnectionRefusedError")
    assert watched.value("db.client.operation.duration", error__type="ConnectionRefusedError") == 1
    assert watched.value("db.client.connection.timeouts") == 0
    assert "secret-password" not in watched.everything()


@pytest.mark.asyncio
async def test_opening_a_connection_makes_no_spans(watched: Recorder, postgres: Postgres) -> None:
    engine = create_async_engine(asyncpg_url(postgres))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await engine.dispose()
    # The driver begins the transaction within the first statement.
    assert watched.names() == ["SELECT", "ROLLBACK"]
    assert watched.value("db.client.connection.create_time") == 1
