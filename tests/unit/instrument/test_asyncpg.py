from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import pytest_asyncio
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.trace import StatusCode

import botobs
from botobs._sdk.instrument.databases.asyncpg import AsyncPGInstrumentation
from botobs.testing import capture
from tests.support.postgres import Postgres
from tests.support.telemetry import Recorder
from tests.support.waiting import until


@pytest.fixture
def watched(recorder: Recorder) -> Iterator[Recorder]:
    with recorder.watching(AsyncPGInstrumentation()):
        yield recorder


@pytest_asyncio.fixture
async def connection(watched: Recorder, postgres: Postgres) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE TEMPORARY TABLE fills (id int PRIMARY KEY, note text)")
    watched.clear()
    yield connection
    await connection.close()


@pytest.mark.asyncio
async def test_each_call_is_one_span(watched: Recorder, connection: asyncpg.Connection) -> None:
    await connection.execute("INSERT INTO fills VALUES ($1, 'secret-note')", 1)
    await connection.fetch("SELECT * FROM fills")
    await connection.fetchrow("SELECT * FROM fills")
    await connection.fetchval("SELECT count(*) FROM fills WHERE note = $1", "secret-parameter")
    assert watched.names() == ["INSERT fills", "SELECT fills", "SELECT fills", "SELECT fills"]
    assert (watched.spans()[0].attributes or {})["db.query.text"] == "INSERT INTO fills VALUES ($1, ?)"
    assert watched.value("db.client.operation.duration", db__query__summary="SELECT fills") == 3
    assert "secret" not in watched.everything()


@pytest.mark.asyncio
async def test_batches_and_prepared_statements(watched: Recorder, connection: asyncpg.Connection) -> None:
    await connection.executemany("INSERT INTO fills VALUES ($1, $2)", [(1, "a"), (2, "b")])
    statement = await connection.prepare("SELECT * FROM fills WHERE id = $1")
    await statement.fetch(1)
    await statement.fetchrow(1)
    await statement.fetchval(1)
    await statement.fetchmany([(1,), (2,)])
    await connection.fetchmany("SELECT note FROM fills WHERE id = $1", [(1,), (2,), (3,)])
    assert watched.names() == ["INSERT fills", *["SELECT fills"] * 5]
    sizes = [(span.attributes or {}).get("db.operation.batch.size") for span in watched.spans()]
    assert sizes == [2, None, None, None, 2, 3]


@pytest.mark.asyncio
async def test_a_batch_is_rows_however_they_are_passed(
    watched: Recorder, connection: asyncpg.Connection
) -> None:
    rows = [(1, "a"), (2, "b"), (3, "c")]
    upsert = "INSERT INTO fills VALUES ($1, $2) ON CONFLICT DO NOTHING"
    await connection.executemany(upsert, args=rows)
    await connection.executemany(command=upsert, args=rows, timeout=5)
    await connection.executemany(upsert, rows, timeout=5)
    await connection.executemany(upsert, dict(rows).items())
    await connection.executemany(upsert, (row for row in rows))
    statement = await connection.prepare(upsert)
    await statement.executemany(args=rows)
    await statement.executemany(rows, timeout=5)
    await connection.execute("DELETE FROM fills")
    await connection.copy_records_to_table("fills", records=rows)
    await connection.execute("DELETE FROM fills")
    await connection.copy_records_to_table("fills", records=(row for row in rows))
    sizes = [
        (span.attributes or {}).get("db.operation.batch.size")
        for span in watched.spans()
        if span.name != "DELETE fills"
    ]
    assert sizes == [3, 3, 3, 3, None, 3, 3, 3, None]
    assert await connection.fetchval("SELECT count(*) FROM fills") == 3


@pytest.mark.asyncio
async def test_what_is_given_up_did_not_fail(watched: Recorder, connection: asyncpg.Connection) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await connection.execute("SELECT pg_sleep(30)")
    (span,) = watched.spans()
    assert (span.status.status_code, "error.type" in (span.attributes or {})) == (StatusCode.UNSET, False)
    assert watched.value("db.client.operation.duration", db__query__summary="SELECT") is None
    # A time limit that is asyncpg's own, and one of the server's, are failures of the call.
    with pytest.raises(TimeoutError):
        await connection.execute("SELECT pg_sleep(30)", timeout=0.1)
    await connection.execute("SET statement_timeout = 50")
    with pytest.raises(asyncpg.QueryCanceledError):
        await connection.execute("SELECT pg_sleep(30)")
    assert watched.value("db.client.operation.duration", error__type="TimeoutError") == 1
    assert watched.value("db.client.operation.duration", db__response__status_code="57014") == 1


@pytest.mark.asyncio
async def test_a_listener_hears_after_the_span_that_opened_its_connection(postgres: Postgres) -> None:
    with capture() as captured:
        heard = asyncio.Event()

        def listen(*_: object) -> None:
            with botobs.span("notified"):
                heard.set()

        with botobs.span("startup"):
            listener = await asyncpg.connect(postgres.url)
            await listener.add_listener("fills", listen)
        other = await asyncpg.connect(postgres.url)
        await other.execute("NOTIFY fills, 'x'")
        await asyncio.wait_for(heard.wait(), 5)
        await listener.close()
        await other.close()
    notified, startup = captured.span("notified"), captured.span("startup")
    assert notified.trace_id != startup.trace_id
    assert notified.links == ((startup.trace_id, startup.span_id),)


@pytest.mark.asyncio
@pytest.mark.parametrize("first", ["ours", "theirs"])
async def test_a_service_that_instruments_asyncpg_itself_gets_one_span(
    recorder: Recorder, postgres: Postgres, first: str
) -> None:
    theirs = AsyncPGInstrumentor()  # type: ignore[no-untyped-call]
    providers = {"tracer_provider": recorder.telemetry.tracer_provider}
    if first == "theirs":
        theirs.instrument(**providers)
    with recorder.watching(AsyncPGInstrumentation()):
        if first == "ours":
            theirs.instrument(**providers)
        try:
            connection = await asyncpg.connect(postgres.url)
            await connection.execute("SELECT 1")
            await connection.close()
        finally:
            theirs.uninstrument()
        assert recorder.names() == ["SELECT"]
        assert recorder.value("db.client.operation.duration", db__query__summary="SELECT") == 1


@pytest.mark.asyncio
async def test_copy(watched: Recorder, connection: asyncpg.Connection) -> None:
    await connection.copy_records_to_table("fills", records=[(1, "a"), (2, "b")])
    output = io.BytesIO()
    await connection.copy_from_query("SELECT * FROM fills WHERE note <> $1", "secret", output=output)
    await connection.copy_to_table("fills", source=io.BytesIO(b"3\tc\n"))
    assert watched.names() == ["COPY fills", "COPY SELECT fills", "COPY fills"]
    assert output.getvalue() == b"1\ta\n2\tb\n"
    assert "secret" not in watched.everything()


@pytest.mark.asyncio
async def test_a_cursor_is_one_span_however_many_rows(
    watched: Recorder, connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        watched.clear()
        rows = [row async for row in connection.cursor("SELECT * FROM generate_series(1, 500)", prefetch=50)]
        cursor = await connection.cursor("SELECT * FROM generate_series(1, 100)")
        await cursor.fetch(10)
        await cursor.fetchrow()
    assert len(rows) == 500
    assert watched.names() == ["SELECT", "SELECT", "COMMIT"]
    # Ten batches and the empty one after them for the iterator, less the first; two for the cursor.
    assert watched.value("db.client.operation.duration", db__operation__name="FETCH") == 12


@pytest.mark.asyncio
async def test_an_error_carries_the_sqlstate_and_no_values(
    watched: Recorder, connection: asyncpg.Connection
) -> None:
    await connection.execute("INSERT INTO fills VALUES (471147114, 'a')")
    with pytest.raises(asyncpg.UniqueViolationError, match="471147114"):
        await connection.execute("INSERT INTO fills VALUES ($1, 'b')", 471147114)
    span = watched.spans()[-1]
    assert span.attributes is not None
    assert span.attributes["db.response.status_code"] == "23505"
    assert span.attributes["error.type"] == "UniqueViolationError"
    assert (span.status.status_code, span.status.description) == (
        StatusCode.ERROR,
        "23505 UniqueViolationError",
    )
    assert "471147114" not in watched.everything()


@pytest.mark.asyncio
async def test_connections_of_before_and_uninstalled_ones(recorder: Recorder, postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url)
    for _ in range(2):
        with recorder.watching(AsyncPGInstrumentation()):
            await connection.execute("SELECT 1")
        await connection.execute("SELECT 2")
    await connection.close()
    assert recorder.names() == ["SELECT", "SELECT"]


@pytest.mark.asyncio
async def test_a_pool_tells_all_of_its_metrics(watched: Recorder, postgres: Postgres) -> None:
    name = {"db.client.connection.pool.name": f"127.0.0.1:{postgres.port}/postgres"}
    async with asyncpg.create_pool(postgres.url, min_size=1, max_size=2) as pool:
        async with pool.acquire(), pool.acquire():
            assert watched.value("db.client.connection.count", db__client__connection__state="used") == 2
            waiting = asyncio.create_task(pool.fetchval("SELECT 1"))
            await until(lambda: watched.value("db.client.connection.pending_requests") == 1)
            with pytest.raises(TimeoutError):
                await pool.acquire(timeout=0.01)
        await waiting
        await until(lambda: watched.value("db.client.connection.use_time") == 3)
        assert watched.value("db.client.connection.count", db__client__connection__state="idle") == 2
        assert watched.points("db.client.connection.max") == [(name, 2)]
        assert watched.points("db.client.connection.idle.min") == [(name, 1)]
        assert watched.points("db.client.connection.idle.max") == [(name, 2)]
        assert watched.points("db.client.connection.pending_requests") == [(name, 0)]
        assert watched.points("db.client.connection.timeouts") == [(name, 1)]
        assert watched.points("db.client.connection.create_time") == [(name, 2)]
        assert watched.points("db.client.connection.wait_time") == [(name, 3)]
    assert watched.names() == ["SELECT"], (
        "what a pool does to a returned connection is no call of the service"
    )
    assert postgres.password not in watched.everything()


@pytest.mark.asyncio
async def test_a_pool_of_before_joins_at_its_next_use(recorder: Recorder, postgres: Postgres) -> None:
    async with asyncpg.create_pool(postgres.url, min_size=1, max_size=3) as pool:
        with recorder.watching(AsyncPGInstrumentation()):
            await pool.fetchval("SELECT 1")
            assert recorder.value("db.client.connection.max") == 3
        assert recorder.points("db.client.connection.max") == []


@pytest.mark.asyncio
@pytest.mark.parametrize("pooled", [False, True])
async def test_a_database_that_is_down_is_a_failed_operation(
    watched: Recorder, free_port: int, pooled: bool
) -> None:
    url = f"postgresql://bots:secret-password@127.0.0.1:{free_port}/trading"
    with pytest.raises(ConnectionRefusedError):
        if pooled:
            async with asyncpg.create_pool(url):
                pass
        else:
            await asyncpg.connect(url)
    (span,) = watched.spans()
    assert (span.name, span.status.status_code) == ("CONNECT", StatusCode.ERROR)
    assert watched.value("db.client.operation.duration", error__type="ConnectionRefusedError") == 1
    assert (span.attributes or {})["server.port"] == free_port
    assert "secret-password" not in watched.everything()
