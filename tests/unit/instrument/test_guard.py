from __future__ import annotations

import logging
import sys
from pathlib import Path
from types import ModuleType

import aiohttp
import asyncpg
import httpx
import pytest
import sqlalchemy
from aiohttp import web

from botobs._sdk.instrument.databases import asyncpg as asyncpg_instrument
from botobs._sdk.instrument.databases import sqlalchemy as sqlalchemy_instrument
from botobs._sdk.instrument.databases.asyncpg import AsyncPGInstrumentation
from botobs._sdk.instrument.databases.sqlalchemy import SQLAlchemyInstrumentation
from botobs._sdk.instrument.logs import _context
from botobs._sdk.instrument.logs.logging import LoggingInstrumentation
from botobs._sdk.instrument.web import _http_client, aiohttp_server
from botobs._sdk.instrument.web.aiohttp_server import AiohttpServerInstrumentation
from botobs._sdk.instrument.web.httpx import HttpxInstrumentation
from botobs._sdk.patching.failures import counts
from botobs._sdk.patching.patch import Patches
from botobs._sdk.settings import Settings
from tests.support.postgres import Postgres
from tests.support.telemetry import Recorder


def broken(*_args: object, **_kwargs: object) -> None:
    raise AttributeError("the library is not as we know it")


def failures(library: str) -> int:
    return counts().get(library, 0)


@pytest.mark.asyncio
async def test_a_query_survives(
    recorder: Recorder, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncpg_instrument, "target_of", broken)
    monkeypatch.setattr(sqlalchemy_instrument, "target_of", broken)
    before = failures("asyncpg"), failures("sqlalchemy")
    with recorder.watching(AsyncPGInstrumentation()), recorder.watching(SQLAlchemyInstrumentation()):
        async with asyncpg.create_pool(postgres.url, min_size=1, max_size=1) as pool:
            assert await pool.fetchval("SELECT 5") == 5
        engine = sqlalchemy.create_engine("sqlite://")
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 5")) == 5
        engine.dispose()
    assert failures("asyncpg") > before[0]
    assert failures("sqlalchemy") > before[1]
    assert recorder.spans() == []


@pytest.mark.asyncio
async def test_a_request_survives(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hello(_request: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    for module, name in (
        (aiohttp_server, "_request_attributes"),
        (aiohttp_server, "_route"),
        (_http_client, "_server"),
    ):
        monkeypatch.setattr(module, name, broken)
        with recorder.watching(AiohttpServerInstrumentation()), recorder.watching(HttpxInstrumentation()):
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                assert await response.text() == "hello"
            async with httpx.AsyncClient() as client:
                assert (await client.get(url)).text == "hello"
    await runner.cleanup()
    assert failures("aiohttp_server") > 0
    assert failures("http") > 0


def test_a_log_record_that_cannot_be_redacted_is_emptied(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_context.LogContext, "record", broken)
    recorder = Recorder(Settings(redact_local_logs=True))
    with recorder.watching(LoggingInstrumentation()):
        logging.getLogger("x").warning("password=hunter2")
    assert caplog.messages == ["a record that could not be redacted"]


@pytest.fixture
def module_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module that can be imported and is not yet."""
    name = f"botobs_test_module_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text("VALUE = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_an_import_survives(module_name: str, caplog: pytest.LogCaptureFixture) -> None:
    patches = Patches("some_library")
    patches.on_import(module_name, broken)
    module = __import__(module_name)
    assert module.VALUE == 1
    assert failures("some_library") == 1
    assert caplog.messages == [
        "some_library is not watched: AttributeError: the library is not as we know it"
    ]
    del sys.modules[module_name]


def test_a_hook_is_forgotten_when_the_patches_are_undone(module_name: str) -> None:
    seen: list[ModuleType] = []
    patches = Patches("some_library")
    patches.on_import(module_name, seen.append)
    patches.undo()
    __import__(module_name)
    assert seen == []
    del sys.modules[module_name]
