"""The commands against a running stack."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_ROOT = Path(__file__).parents[2]


def _botobs(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "botobs", *arguments],
        cwd=_ROOT,
        env={**os.environ, "COLUMNS": "200", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_status_names_every_part(live: LiveStack) -> None:
    done = _botobs("status", "--home", str(live.home.path))
    for part in ("collector", "prometheus", "tempo", "alertmanager", "postgres", "bot-manager"):
        assert part in done.stdout


def test_status_is_readable_by_machines(live: LiveStack) -> None:
    done = _botobs("status", "--json", BOTOBS_HOME=str(live.home.path))
    reported = json.loads(done.stdout)
    parts = reported["parts"]
    assert parts["prometheus"]["state"] == "ready"
    assert parts["prometheus"]["url"] == live.stack.addresses["prometheus"]
    # A machine that stands still for a while makes alerts fire, and the exit code tells of them.
    critical = [
        each for each in reported["firing"] if (each["severity"], each["state"]) == ("critical", "active")
    ]
    assert done.returncode == (1 if critical else 0), reported


def test_traces_are_searched_and_drawn(live: LiveStack) -> None:
    def found() -> list[dict[str, str]]:
        done = _botobs(
            "traces", "--query", '{ name =~ "create_order .+" }', "--json", "--home", str(live.home.path)
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    trace = eventually(found)[0]
    drawn = _botobs("traces", trace["trace_id"], "--home", str(live.home.path))
    assert drawn.returncode == 0
    assert "create_order" in drawn.stdout
    assert "bot-manager → trading-engine" in drawn.stdout
    assert "█" in drawn.stdout


def test_colour_is_left_out_where_it_is_not_wanted(live: LiveStack) -> None:
    done = _botobs("status", "--home", str(live.home.path), NO_COLOR="1", FORCE_COLOR="1")
    assert "\x1b[3" not in done.stdout


def test_a_wrong_duration_is_one_clear_sentence(live: LiveStack) -> None:
    done = _botobs("traces", "--last", "soon", "--home", str(live.home.path))
    assert done.returncode == 2
    assert "--last: must be a duration like 500ms, 90s, 1.5h, 1h30m or 2d" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_stack_the_next_step_is_named(tmp_path: Path) -> None:
    for command in ("status", "down", "traces"):
        done = _botobs(command, BOTOBS_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            f"botobs: no stack is running in {tmp_path}",
            "Start one with: botobs up",
        ]


def test_a_second_stack_in_the_same_home_is_refused(live: LiveStack) -> None:
    done = _botobs("up", "--home", str(live.home.path), "--ports", "auto")
    assert done.returncode == 1
    assert "a stack is already running in" in done.stderr
    # The running one is not harmed.
    assert live.home.state.exists()


def test_a_taken_port_stops_the_start_before_anything_runs(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = _botobs("up", "--home", str(tmp_path / "h"), BOTOBS_PROMETHEUS_PORT=str(port))
    assert done.returncode == 1
    assert f"(pid {os.getpid()})" in done.stderr
    assert "BOTOBS_PROMETHEUS_PORT" in done.stderr
    assert not list((tmp_path / "h" / "data").iterdir())


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach too."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="botobs-up-"))
    folder.chmod(0o711)
    yield folder / "home"
    shutil.rmtree(folder)


def test_up_in_the_background_and_down(home: Path, tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    up = _botobs("up", "--detach", "--json", "--ports", "auto", "--home", str(home), **environ)
    assert up.returncode == 0, up.stderr
    written = json.loads((home / "stack.json").read_text(encoding="utf-8"))
    assert json.loads(up.stdout)["parts"]["tempo"] == written["parts"]["tempo"]["url"]
    pid = written["pid"]
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    # Published: found without naming the home.
    assert _botobs("status", BOTOBS_HOME="", **environ).returncode == 0
    down = _botobs("down", BOTOBS_HOME="", **environ)
    assert down.returncode == 0, down.stderr
    assert [each for each in family if each.is_running()] == []
    assert not (home / "stack.json").exists()
    assert not list(tmp_path.rglob("stack.json"))


def test_a_start_that_fails_stops_what_it_has_started(home: Path) -> None:
    # A list, but of no store: Prometheus refuses it.
    started = time.time()
    done = _botobs("up", "--ports", "auto", "--home", str(home), BOTOBS_PROMETHEUS_REMOTE_WRITE="[{}]")
    assert done.returncode == 1
    assert "prometheus ended with exit code" in done.stderr
    assert "The end of" in done.stderr
    left = [
        each
        for each in psutil.process_iter(["cmdline", "create_time"])
        if str(home) in " ".join(each.info["cmdline"] or []) and each.info["create_time"] > started
    ]
    assert left == []
