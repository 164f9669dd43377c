"""Answers of Prometheus and Tempo over a real socket, and refusals."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from botobs._ops.access.watched import AsyncWatched, Watch
from botobs._ops.report.backends import Backends, Exemplar, Refused
from botobs._ops.report.dashboards import Dashboard, Panel, Query, Section
from botobs._ops.report.gather import gather
from botobs._ops.report.window import Window
from tests.support.parts import part, stop

WINDOW = Window(start=1000, end=1020, step=5)
DASHBOARD = Dashboard(
    "d", "D", "", (Section("", (Panel("d-1", "stat", "Up", queries=(Query("A", "up{}", instant=True),)),)),)
)


async def _query(request: web.Request) -> web.Response:
    form = await request.post()
    result: dict[str, object]
    if form["query"] == "wrong":
        return web.json_response({"error": "parse error"}, status=400)
    if request.path.endswith("query_range"):
        assert (form["start"], form["end"], form["step"]) == ("1000", "1020", "5")
        result = {"metric": {"__name__": "up", "job": "a"}, "values": [[1005, "1"], [1020, "NaN"]]}
    else:
        assert form["time"] == "1020"
        result = {"metric": {"job": "a"}, "value": [1020, "2.5"]}
    return web.json_response({"data": {"result": [result]}})


async def _exemplars(request: web.Request) -> web.Response:
    assert (request.query["query"], request.query["start"], request.query["end"]) == ("up", "1000", "1020")
    found = [{"labels": {"trace_id": f"t{n}"}, "value": str(n), "timestamp": 1000 + n} for n in (1, 3)]
    return web.json_response(
        {"data": [{"exemplars": [*found, {"labels": {}, "value": "9", "timestamp": 1001}]}]}
    )


async def _search(request: web.Request) -> web.Response:
    assert request.query["q"].endswith(" with (most_recent=true)")
    assert (request.query["start"], request.query["end"]) == ("1000", "1021")
    traces = [{"traceID": "1", "startTimeUnixNano": str(n), "durationMs": n} for n in (1, 3, 2)]
    return web.json_response({"traces": traces})


@pytest_asyncio.fixture
async def backends() -> AsyncIterator[Backends]:
    app = web.Application()
    app.router.add_post("/api/v1/{kind}", _query)
    app.router.add_get("/api/v1/query_exemplars", _exemplars)
    app.router.add_get("/api/search", _search)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield Backends({"prometheus": client, "tempo": client})
    await runner.cleanup()


@pytest.mark.asyncio
async def test_points_stand_at_their_places(backends: Backends) -> None:
    (series,) = await backends.lines("up", WINDOW)
    assert (series.name, series.labels) == ("up", {"job": "a"})
    assert json.dumps(series.values) == "[null, 1.0, null, null, NaN]"


@pytest.mark.asyncio
async def test_an_instant_query_is_about_the_end(backends: Backends) -> None:
    (series,) = await backends.values("up", WINDOW)
    assert series.values == (2.5,)


@pytest.mark.asyncio
async def test_measurements_with_a_trace_come_largest_first(backends: Backends) -> None:
    assert await backends.exemplars("up", WINDOW) == [
        Exemplar("t3", 3.0, 1003.0),
        Exemplar("t1", 1.0, 1001.0),
    ]


@pytest.mark.asyncio
async def test_traces_come_newest_first(backends: Backends) -> None:
    assert [each.start_ns for each in await backends.traces("{}", WINDOW, 3)] == [3, 2, 1]


@pytest.mark.asyncio
async def test_a_refusal_says_who_and_why(backends: Backends) -> None:
    with pytest.raises(Refused, match=r"Prometheus answered 400: .*parse error"):
        await backends.values("wrong", WINDOW)
    with pytest.raises(Refused, match="Alertmanager is not part of the running stack"):
        await backends.alerts()


@pytest.mark.asyncio
async def test_a_frozen_backend_is_waited_for_once() -> None:
    panels = tuple(
        Panel(f"d-{n}", "stat", "Up", queries=(Query("A", "up", instant=True),)) for n in range(40)
    )
    async with part() as one:
        await stop(one)
        inner = httpx.AsyncHTTPTransport()
        transport = AsyncWatched(inner, Watch(one.control, one.name))
        async with httpx.AsyncClient(base_url=one.url, transport=transport, timeout=None) as client:
            report = await gather(
                Backends({"prometheus": client}),
                WINDOW,
                [Dashboard("d", "D", "", (Section("", panels),))],
                "test",
            )
    assert report.views["d-39"].note == "Prometheus does not answer: its process is stopped."
    assert report.history.note == "Prometheus does not answer: its process is stopped."


@pytest.mark.asyncio
async def test_a_report_without_any_backend_says_so_everywhere() -> None:
    report = await gather(Backends({}), WINDOW, [DASHBOARD], "test")
    notes = [report.views["d-1"].note, report.history.note, report.current.note]
    assert all("is not part of the running stack" in note for note in notes)
    assert not report.slow


@pytest.mark.asyncio
async def test_what_one_backend_refuses_spoils_nothing_else(backends: Backends) -> None:
    report = await gather(backends, WINDOW, [DASHBOARD], "test")
    assert report.views["d-1"].figures[0].text == "2.5"
    assert "Alertmanager is not part" in report.current.note
