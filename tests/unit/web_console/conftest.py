"""A console of a stack whose parts are programs of the test: they answer what it says, and can be frozen."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from botobs._ops.access import secrets
from botobs._ops.home import state
from botobs._ops.home.home import Home
from botobs._ops.processes.control import ControlServer
from botobs._ops.processes.process import Process
from botobs._ops.processes.pulse import Vitals
from botobs._ops.processes.supervisor import Supervisor
from botobs._ops.web_console import Role, Server, key_of
from botobs._ops.web_console.response import Response


@dataclass
class Parts:
    """Prometheus, Tempo and Alertmanager.

    Attributes:
        answers: JSON by the path of the request.
        asked: What was asked: method, path and values.
        frozen: Parts that take a request and say nothing, and whose processes count as stopped.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)

    def of(self, path: str) -> list[dict[str, Any]]:
        """What was asked of a path."""
        return [values for _, asked, values in self.asked if asked == path]

    async def serve(self, part: str) -> web.AppRunner:
        """Begin to answer as one of them."""

        async def answer(request: web.Request) -> web.Response:
            while part in self.frozen:
                await asyncio.sleep(0.05)
            body = await request.text() if request.can_read_body else ""
            values = (
                json.loads(body)
                if body.startswith(("{", "["))
                else dict(await request.post() or request.query)
            )
            self.asked.append((request.method, request.path, values))
            empty = {"status": "success", "data": {"resultType": "vector", "result": []}}
            return web.json_response(self.answers.get(request.path, empty))

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner


NAMES = ("prometheus", "tempo", "alertmanager")


class _Vitals(Supervisor):
    """A supervisor of nothing, which says of the test's programs what the system would say of processes."""

    def __init__(self, parts: Parts, logs: Path) -> None:
        super().__init__([Process(name, [], _never) for name in NAMES], logs)
        self._parts = parts

    def vitals(self, name: str) -> Vitals:
        return Vitals(stopped=name in self._parts.frozen)


async def _never() -> bool:
    return False


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Parts]]:
    """A home whose stack runs, as far as anybody can see."""
    home = Home(tmp_path_factory.mktemp("console") / "home")
    home.create()
    secrets.ensure(home.secrets)
    parts = Parts()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runners = [asyncio.run_coroutine_threadsafe(parts.serve(name), loop).result() for name in NAMES]
    urls = {
        name: f"http://127.0.0.1:{runner.addresses[0][1]}"
        for name, runner in zip(NAMES, runners, strict=True)
    }
    state.write(home, "test", "http://127.0.0.1:1", urls, publish=False)
    control = ControlServer(home.control, _Vitals(parts, home.logs))
    asyncio.run_coroutine_threadsafe(control.start(), loop).result()
    yield home, parts
    asyncio.run_coroutine_threadsafe(control.stop(), loop).result()
    for runner in runners:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def parts(running: tuple[Home, Parts]) -> Iterator[Parts]:
    """Its parts, which answer that there is nothing."""
    parts = running[1]
    parts.answers = {"/api/v2/alerts": [], "/api/v2/silences": [], "/api/search": {"traces": []}}
    parts.answers["/api/v1/rules"] = {"status": "success", "data": {"groups": []}}
    parts.asked.clear()
    yield parts
    parts.frozen.clear()


@pytest.fixture
def home(running: tuple[Home, Parts]) -> Home:
    """Its home."""
    return running[0]


class Visitor:
    """Somebody with a key."""

    def __init__(self, server: Server, home: Home, role: Role) -> None:
        self.server = server
        self._cookie = f"botobs={key_of(home, role)}"

    def get(self, path: str) -> Response:
        """Open a page."""
        return self.server.answer("GET", path, {"host": "127.0.0.1", "cookie": self._cookie})

    def post(self, path: str, form: str, **headers: str) -> Response:
        """Send a form, as a browser does."""
        sent = {"host": "127.0.0.1", "cookie": self._cookie, "sec-fetch-site": "same-origin"}
        return self.server.answer("POST", path, sent | headers, form)

    def text(self, path: str) -> str:
        """A page's frame as text."""
        return b"".join(self.get(path).parts).decode()

    def blocks(self, path: str) -> dict[str, str]:
        """Its blocks, in the order in which they come."""
        lines = b"".join(self.get(f"/blocks{path}").parts).decode().splitlines()
        return {line["block"]: line["html"] for line in map(json.loads, lines)}


@pytest.fixture
def server(home: Home, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The console, behind an address of the user's."""
    monkeypatch.setenv("BOTOBS_CONSOLE_URL", "https://console.example.com")
    with Server(home) as made:
        yield made


@pytest.fixture
def operator(server: Server, home: Home) -> Visitor:
    """Who may change something."""
    return Visitor(server, home, Role.OPERATOR)


@pytest.fixture
def reader(server: Server, home: Home) -> Visitor:
    """Who may not."""
    return Visitor(server, home, Role.READER)


def alert(name: str, severity: str, **labels: str) -> dict[str, Any]:
    """An alert as Alertmanager holds it."""
    return {
        "labels": {"alertname": name, "severity": severity, "owner": "trading", **labels},
        "annotations": {
            "summary": f"{name} of {labels.get('service_name', 'all')}",
            "dashboard": "botobs-orders",
        },
        "startsAt": "2026-11-29T10:00:00.000Z",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    }
