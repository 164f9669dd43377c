"""`botobs status` tells since when a part runs and how often it was started again."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.alerting.alertmanager import Alert
from botobs._ops.cli import main, status
from botobs._ops.home import state
from botobs._ops.home.home import Home
from botobs._ops.home.locks import try_exclusive
from botobs._ops.processes.control import ControlServer
from botobs._ops.processes.process import Process, State
from botobs._ops.processes.supervisor import Supervisor
from tests.support.waiting import eventually_async

pytestmark = pytest.mark.slow


async def _at_once() -> bool:
    return True


@pytest.mark.asyncio
async def test_restarts_and_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Home(tmp_path / "home")
    home.create()
    lock = try_exclusive(home.lock)
    assert lock is not None
    # Nothing listens there.
    urls = {"tempo": "tcp://127.0.0.1:1", "prometheus": "tcp://127.0.0.1:1"}
    state.write(home, "test", "http://127.0.0.1:1", urls, publish=False)
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    supervisor = Supervisor([Process(name, words, _at_once) for name in urls], home.logs)
    await supervisor.start()
    server = ControlServer(home.control, supervisor)
    await server.start()

    async def reported(*words: str) -> str:
        await asyncio.to_thread(main, ["status", "--home", str(home.path), *words])
        return capsys.readouterr().out

    async def parts() -> dict[str, Any]:
        return dict(json.loads(await reported("--json"))["parts"])

    try:
        first = (await parts())["tempo"]
        assert (first["state"], first["restarts"]) == ("unreachable", 0)
        await supervisor.kill("tempo")
        await eventually_async(
            lambda: (
                supervisor.status["tempo"].restarts == 1 and supervisor.status["tempo"].state is State.READY
            )
        )
        again = (await parts())["tempo"]
        assert again["restarts"] == 1
        assert datetime.fromisoformat(again["since"]) > datetime.fromisoformat(first["since"])
        lines = (await reported()).splitlines()
        [line] = [line for line in lines if line.startswith("tempo")]
        since = datetime.fromisoformat(again["since"]).astimezone(UTC)
        assert line.endswith(f"since {since:%m-%d %H:%M:%S} UTC, 1 restart")
        # What the supervisor does is told where nothing responds.
        await supervisor.hold("prometheus")
        assert (await parts())["prometheus"]["state"] == "stopped"
    finally:
        await server.stop()
        await supervisor.stop()
        state.remove(home)
        os.close(lock)


def test_fifty_bots_that_fail_for_one_reason_bury_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def alert(name: str, **labels: str) -> Alert:
        labels = {"alertname": name, "severity": "critical", "service_name": "engine", **labels}
        return Alert(labels, f"{name} of {labels.get('botobs_bot_id')}", datetime.now(UTC), (), False)

    bots = [alert("BotFailed", botobs_bot_id=f"grid-{number}") for number in range(50)]
    status._print_alerts([*bots, alert("ExchangeBanned", exchange_name="okx")], "")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1] == "51 alerts firing"
    assert lines[2].endswith("BotFailed of grid-0, and 49 more like it")
