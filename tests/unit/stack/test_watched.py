"""Requests to a part that stands still: they have no time limit of their own, and come to an end all the same."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import watched
from botobs._ops.access.watched import AsyncWatched, StandsStill, Watch, Watched
from botobs._ops.components.cluster import backfill
from botobs._ops.errors import mendable
from tests.support.parts import Part, part, stop

pytestmark = pytest.mark.slow


def _client(of: Part) -> httpx.Client:
    transport = Watched(httpx.HTTPTransport(), Watch(of.control, of.name))
    return httpx.Client(base_url=of.url, transport=transport, timeout=None)


def _async_client(of: Part) -> httpx.AsyncClient:
    transport = AsyncWatched(httpx.AsyncHTTPTransport(), Watch(of.control, of.name))
    return httpx.AsyncClient(base_url=of.url, transport=transport, timeout=None)


async def _get(of: Part, path: str) -> str:
    def get() -> str:
        with _client(of) as http:
            return http.get(path).text

    return await asyncio.to_thread(get)


@pytest.mark.asyncio
async def test_a_part_that_is_stopped_is_not_waited_for_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched, "REST", 0.0)
    async with part() as one, _async_client(one) as http:
        assert await _get(one, "/") == "done"
        await stop(one)
        with pytest.raises(StandsStill, match="it does not answer: its process is stopped"):
            await _get(one, "/")
        with pytest.raises(StandsStill, match="its process is stopped"):
            await http.get("/")
        os.kill(one.pid, signal.SIGCONT)
        assert await _get(one, "/") == (await http.get("/")).text == "done"


@pytest.mark.asyncio
async def test_a_part_that_is_stopped_while_it_is_asked_is_given_up() -> None:
    async with part() as one:
        asked = asyncio.ensure_future(_get(one, "/never"))
        await stop(one)
        with pytest.raises(StandsStill, match="its process is stopped"):
            await asked


@pytest.mark.asyncio
async def test_one_that_was_found_so_is_not_asked_again_at_once() -> None:
    async with part() as one, _async_client(one) as http:
        await stop(one)
        with pytest.raises(StandsStill):
            await http.get("/")
        os.kill(one.pid, signal.SIGCONT)
        with pytest.raises(StandsStill):
            await http.get("/")


@pytest.mark.asyncio
async def test_a_part_that_has_locked_itself_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "SILENCE", 1.0)
    async with part() as one:
        with pytest.raises(StandsStill, match="its process does nothing"):
            await _get(one, "/never")


@pytest.mark.asyncio
async def test_a_part_that_works_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watched, "SILENCE", 0.5)
    async with part() as one, _async_client(one) as http:
        assert await _get(one, "/work?0.7") == "done"
        assert (await http.get("/work?0.7")).text == "done"


@pytest.mark.asyncio
async def test_a_part_that_waits_for_another_which_is_stopped_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched, "SILENCE", 0.5)
    async with part() as one, part("tempo") as other:
        # Its supervisor has no process of this name, as for what listens for several.
        transport = Watched(httpx.HTTPTransport(), Watch(other.control, "front"))
        await stop(other)

        def get() -> httpx.Response:
            with httpx.Client(base_url=one.url, transport=transport, timeout=None) as http:
                return http.get("/never")

        with pytest.raises(StandsStill, match="tempo stopped"):
            await asyncio.to_thread(get)


@pytest.mark.asyncio
async def test_where_the_supervisor_stands_still_too_the_part_has_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched, "SILENCE", 0.5)
    monkeypatch.setattr(watched, "_PATIENCE", 0.1)
    async with part() as one:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(one.control.with_name("silent")))
            listener.listen()
            lost = Part(one.name, one.url, one.pid, one.control.with_name("silent"))
            assert await _get(lost, "/") == "done"
            with pytest.raises(StandsStill, match="nor does the stack's supervisor"):
                await _get(lost, "/never")


@pytest.mark.asyncio
async def test_where_there_is_no_supervisor_a_request_has_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watched, "SILENCE", 0.1)
    async with part() as one:
        watch = Watch(one.control.with_name("none"), one.name, supervised=False)
        transport = Watched(httpx.HTTPTransport(), watch)

        def get() -> str:
            with httpx.Client(base_url=one.url, transport=transport, timeout=None) as http:
                return http.get("/work?0.4").text

        assert await asyncio.to_thread(get) == "done"


@pytest.mark.asyncio
async def test_blocks_are_not_uploaded_to_a_mimir_that_is_stopped(tmp_path: Path) -> None:
    block = tmp_path / "01J0000000000000000000000A"
    (block / "chunks").mkdir(parents=True)
    (block / "meta.json").write_text('{"minTime": 0}')
    (block / "index").write_bytes(bytes(1_000_000))

    def upload(http: httpx.Client) -> bool:
        return backfill.upload(http, block)

    async with part() as one:
        await stop(one)
        with _client(one) as http, pytest.raises(StandsStill, match="its process is stopped") as found:
            await asyncio.to_thread(upload, http)
    assert "does not respond" in str(mendable(found.value))
