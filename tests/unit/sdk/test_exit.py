"""However a process ends, what it recorded arrives, and the end is not held up beyond its budget."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]

EXITS = Path(__file__).parent / "programs" / "exits.py"
#: Far more than a budget of one second, and far less than what a request or a sleep of a program would take.
PATIENCE = 60


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()


def test_normal_exit(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "returns")
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["last words"]
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0


def test_an_exception_that_ends_the_program(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "exits")
    assert process.wait(PATIENCE) == 3
    assert receiver.span_names == ["last words"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_without_handler_still_ends_the_process(
    start: Start, receiver: OtlpReceiver, number: int
) -> None:
    process = start(EXITS, "waits")
    ready(process)
    process.send_signal(number)
    assert process.wait(PATIENCE) == -number
    assert receiver.span_names == ["last words"]
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0


def test_sigint(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "waits")
    ready(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == -signal.SIGINT
    assert receiver.span_names == ["last words"]


@pytest.mark.parametrize("way", ["handler_before", "handler_after"])
def test_the_users_handler_decides(start: Start, receiver: OtlpReceiver, way: str) -> None:
    process = start(EXITS, way)
    ready(process)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert output == "mine\n"
    assert process.returncode == 7
    assert sorted(receiver.span_names) == ["last words", "while stopping"]


def test_a_handler_that_keeps_the_process_keeps_the_monitoring(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "handler_that_goes_on")
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["drained"]


def test_asyncio_handlers_are_left_alone(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "handler_of_asyncio")
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["drained"]


def test_a_handler_that_gives_the_signal_on_ends_the_process(start: Start, receiver: OtlpReceiver) -> None:
    process = start(EXITS, "handler_that_gives_on")
    ready(process)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert (output, process.returncode) == ("mine\n", -signal.SIGTERM)
    assert receiver.span_names == ["last words"]


def test_shutdown_gives_the_signals_back(start: Start) -> None:
    process = start(EXITS, "gives_the_signals_back")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


@pytest.fixture
def black_hole() -> Iterator[str]:
    """A collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("collector", ["black_hole", "nobody"])
@pytest.mark.parametrize("how", ["exit", "SIGTERM"])
def test_a_collector_that_does_not_answer_costs_the_budget_and_no_more(
    start: Start, request: pytest.FixtureRequest, collector: str, how: str
) -> None:
    process = start(
        EXITS,
        "waits" if how == "SIGTERM" else "returns",
        BOTOBS_ENDPOINT=request.getfixturevalue(collector),
        BOTOBS_SHUTDOWN_TIMEOUT="1s",
        BOTOBS_EXPORT_TIMEOUT="1h",
    )
    if how == "SIGTERM":
        ready(process)
        process.terminate()
    begin = time.monotonic()
    _, errors = process.communicate(timeout=PATIENCE)
    assert time.monotonic() - begin < PATIENCE / 2
    assert process.returncode == (-signal.SIGTERM if how == "SIGTERM" else 0)
    assert "Traceback" not in errors
    lines = [line for line in errors.splitlines() if line]
    assert len(lines) == 1, errors
    assert "1 spans could not be delivered" in errors


@pytest.mark.parametrize(
    "held",
    [
        "botobs._sdk.providers:tracer_provider._lock",
        "botobs.trading.session:_LIVE.bots._lock",
        "threading:_active_limbo_lock",
    ],
)
def test_a_signal_that_interrupts_a_lock_ends_the_process(start: Start, held: str) -> None:
    process = start(EXITS, "holds_a_lock", *held.split(":"), BOTOBS_SHUTDOWN_TIMEOUT="1s")
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM


def test_signals_that_come_while_a_process_forks_wait(start: Start) -> None:
    process = start(EXITS, "is_signalled_while_it_forks")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_a_program_may_close_what_it_does_not_know_and_fork(start: Start, receiver: OtlpReceiver) -> None:
    """What a daemon does at its start."""
    process = start(EXITS, "becomes_a_daemon", BOTOBS_SHUTDOWN_TIMEOUT="60s")
    assert process.wait(PATIENCE) == 0
    receiver.wait_for(lambda: receiver.span_names == ["of the daemon"])
