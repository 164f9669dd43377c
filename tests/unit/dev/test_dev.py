"""`botobs dev`: a program runs as without it, what it sends is told and kept, and commands find it there."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.embedded.store import Store, path_in
from botobs._ops.home.home import Home
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).parent / "programs"
BOT = PROGRAMS / "bot.py"
BOTOBS = [sys.executable, "-m", "botobs"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "BOTOBS_HOME": str(tmp_path / "home"),
        "BOTOBS_DISABLED_INSTRUMENTATIONS": "all",
        "BOTOBS_SHUTDOWN_TIMEOUT": "30",
    }


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    def call(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*BOTOBS, *words], env=environ | more, text=True, capture_output=True, timeout=300
        )

    return call


def test_from_the_first_line_to_the_settlement(run: Run) -> None:
    done = run("dev", "--", sys.executable, str(BOT), "7")
    assert (done.returncode, done.stdout) == (7, "lost\n")
    assert "order acknowledged binance BTC/USDT buy limit answered-1" in done.stderr
    assert "order unknown binance BTC/USDT buy limit lost-1: TimeoutError: no answer" in done.stderr
    assert "ended with 7" in done.stderr
    assert "orders: 1 acknowledged, 1 unknown" in done.stderr
    assert "\x1b" not in done.stderr

    listed = run("orders", "--json")
    orders = json.loads(listed.stdout)["orders"]
    assert (listed.returncode, [each["client_order_id"] for each in orders]) == (1, ["lost-1"])
    found = json.loads(run("traces", "--order", "lost-1", "--json").stdout)
    assert orders[0]["trace_id"] in [each["trace_id"] for each in found]
    drawn = run("traces", orders[0]["trace_id"])
    assert drawn.returncode == 0
    assert "order submit  bot" in drawn.stdout
    settled = run("orders", "settle", "lost-1", "--exchange", "binance", "--outcome", "canceled")
    assert settled.returncode == 0, settled.stderr
    after = run("orders")
    assert (after.returncode, after.stdout[:8]) == (0, "No order")


def test_for_machines_every_line_is_an_object(run: Run) -> None:
    done = run("dev", "--json", "--name", "mine", "--", sys.executable, str(BOT), "0")
    assert (done.returncode, done.stdout) == (0, "lost\n")
    said: list[dict[str, Any]] = [json.loads(line) for line in done.stderr.splitlines()]
    assert {(each["outcome"], each["service"]) for each in said if each["event"] == "order"} >= {
        ("acknowledged", "mine"),
        ("unknown", "mine"),
    }
    assert said[-1]["event"] == "summary"
    assert said[-1]["orders"] == {"acknowledged": 1, "unknown": 1}
    assert (said[-1]["ended"], said[-1]["dropped"]) == (0, 0)


def test_one_that_is_killed_ends_the_command_the_same_way_and_its_order_is_known(run: Run) -> None:
    done = run("dev", "--", sys.executable, str(BOT), "kill")
    assert done.returncode == -signal.SIGKILL
    assert "ended with signal 9" in done.stderr
    orders = json.loads(run("orders", "--json").stdout)["orders"]
    assert [(each["client_order_id"], each["state"]) for each in orders if each["exchange"] == "okx"] == [
        ("killed-1", "open")
    ]


@pytest.mark.parametrize("how", ["typed", "sent to the command"])
def test_an_interrupt_is_the_programs(environ: dict[str, str], how: str) -> None:
    terminal, its_end = os.openpty()
    process = subprocess.Popen(
        [*BOTOBS, "dev", "--", sys.executable, str(BOT), "wait"],
        env=environ, stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    os.close(its_end)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["lost\n", "waits\n"]
    if how == "typed":
        os.write(terminal, b"\x03")
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    os.close(terminal)
    assert (process.returncode, out) == (3, "interrupted\n")
    assert "ended with 3" in err


def test_it_says_when_it_is_outgrown(environ: dict[str, str], tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("wb") as file, subprocess.Popen(
        [*BOTOBS, "dev", "--limit", "4MiB", "--", sys.executable, PROGRAMS / "flood.py"],
        env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file,
    ) as process:  # fmt: skip
        eventually(lambda: "is outgrown: it holds 80% of at most 4 MiB" in said.read_text(), within=240)
        process.communicate(timeout=300)
    assert process.returncode == 0
    assert "botobs up takes over" in said.read_text()
    assert "requests were dropped" not in said.read_text()


def test_a_program_of_opentelemetrys_own_sdk_is_heard_too(run: Run, environ: dict[str, str]) -> None:
    assert (
        run("dev", "--", sys.executable, str(PROGRAMS / "own_sdk.py"), BOTOBS_ENABLED="false").returncode == 0
    )
    assert spans(environ) == ["by itself"]


def test_sessions_add_up_and_send_to_the_same_address(run: Run, environ: dict[str, str]) -> None:
    first, second = (
        run("dev", "--", sys.executable, str(PROGRAMS / "named.py"), name) for name in ("a", "b")
    )
    assert first.stdout == second.stdout != ""
    assert spans(environ) == ["a", "b"]


def spans(environ: dict[str, str]) -> list[str]:
    store = Store(path_in(Home(Path(environ["BOTOBS_HOME"]))))
    names = [name for (name,) in store.rows("SELECT name FROM spans ORDER BY name")]
    store.close()
    return names


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dev"], "botobs dev needs a command"),
        (["dev", "--", "no-such-program"], "no-such-program is no command"),
        (["traces", "--dev"], "there is no embedded store"),
        (["traces"], "no stack is running"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_said(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], said: str,
) -> None:  # fmt: skip
    from botobs._ops.cli import main

    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", environ["HOME"])
    assert main(words) == 1
    assert said in capsys.readouterr().err


def test_a_program_that_sends_nothing_is_said_to(run: Run) -> None:
    done = run("dev", "--", "true")
    assert done.returncode == 0
    assert "nothing was received" in done.stderr


@pytest.mark.parametrize("unheard", ["2>&1 | head", "2> a full disk"])
def test_nobody_needs_to_hear_what_it_says(environ: dict[str, str], unheard: str) -> None:
    """Started by something that does not care how its children end, too."""
    reads, writes = os.pipe()
    os.close(reads)
    if unheard != "2>&1 | head":
        os.close(writes)
        writes = os.open("/dev/full", os.O_WRONLY)
    done = subprocess.run(
        [*BOTOBS, "dev", "--", "sh", "-c", "exit 7"],
        env=environ, stderr=writes, timeout=300,
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )  # fmt: skip
    os.close(writes)
    assert done.returncode == 7


def test_what_cannot_be_kept_is_said_and_the_program_ends_as_it_would(environ: dict[str, str]) -> None:
    """Files of this size at most, in place of a full disk."""
    done = subprocess.run(
        [*BOTOBS, "dev", "--", sys.executable, PROGRAMS / "flood.py"],
        env=environ, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
    )  # fmt: skip
    assert done.returncode == 1
    assert "HTTP Error 503" in done.stderr
    assert "botobs What is received cannot be kept: " in done.stderr
    assert " times what was received could not be kept: disk I/O error" in done.stderr


def test_what_a_program_leaves_running_is_counted(run: Run) -> None:
    done = run("dev", "--json", "--", "sh", "-c", "sleep 600 > /dev/null 2>&1 & echo $!")
    os.kill(int(done.stdout), signal.SIGKILL)
    summary = json.loads(done.stderr.splitlines()[-1])
    assert (done.returncode, summary["still_running"]) == (0, 1)
    assert "1 processes that it has started go on" in summary["text"]
