"""However a process ends, what it recorded arrives, and the end is not held up beyond its budget."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]

RECORD = """
botobs.init()
with botobs.span("last words"):
    pass
"""
READY = """
print("ready", flush=True)
time.sleep(300)
"""
#: Far more than a budget of one second, and far less than what a request or a sleep of a program would take.
PATIENCE = 60


def ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()


def test_normal_exit(start: Start, receiver: OtlpReceiver) -> None:
    process = start(RECORD)
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["last words"]
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0


def test_an_exception_that_ends_the_program(start: Start, receiver: OtlpReceiver) -> None:
    process = start(RECORD + "raise SystemExit(3)")
    assert process.wait(PATIENCE) == 3
    assert receiver.span_names == ["last words"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_without_handler_still_ends_the_process(
    start: Start, receiver: OtlpReceiver, number: int
) -> None:
    process = start(RECORD + READY)
    ready(process)
    process.send_signal(number)
    assert process.wait(PATIENCE) == -number
    assert receiver.span_names == ["last words"]
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0


def test_sigint(start: Start, receiver: OtlpReceiver) -> None:
    process = start(RECORD + READY)
    ready(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == -signal.SIGINT
    assert receiver.span_names == ["last words"]


HANDLER = """
def mine(number, frame):
    with botobs.span("while stopping"):
        os.write(1, b"mine\\n")
    sys.exit(7)
"""


@pytest.mark.parametrize(
    "code",
    [
        HANDLER + "signal.signal(signal.SIGTERM, mine)" + RECORD + READY,
        HANDLER + RECORD + "signal.signal(signal.SIGTERM, mine)" + READY,
    ],
    ids=["set before init", "set after init"],
)
def test_the_users_handler_decides(start: Start, receiver: OtlpReceiver, code: str) -> None:
    process = start(code)
    ready(process)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert output == "mine\n"
    assert process.returncode == 7
    assert sorted(receiver.span_names) == ["last words", "while stopping"]


def test_a_handler_that_keeps_the_process_keeps_the_monitoring(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        """
        asked = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: asked.set())
        botobs.init()
        print("ready", flush=True)
        asked.wait(300)
        with botobs.span("drained"):
            pass
        """
    )
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["drained"]


def test_asyncio_handlers_are_left_alone(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        """
        import asyncio

        async def main():
            botobs.init()
            stop = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
            print("ready", flush=True)
            await stop.wait()
            with botobs.span("drained"):
                pass

        asyncio.run(main())
        """
    )
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert receiver.span_names == ["drained"]


def test_a_handler_that_gives_the_signal_on_ends_the_process(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        RECORD
        + """
def mine(number, frame):
    os.write(1, b"mine\\n")
    signal.signal(number, previous)
    os.kill(os.getpid(), number)
previous = signal.signal(signal.SIGTERM, mine)
assert previous is signal.SIG_DFL
"""
        + READY
    )
    ready(process)
    process.terminate()
    output, _ = process.communicate(timeout=PATIENCE)
    assert (output, process.returncode) == ("mine\n", -signal.SIGTERM)
    assert receiver.span_names == ["last words"]


def test_shutdown_gives_the_signals_back(start: Start) -> None:
    process = start(
        """
        from _signal import getsignal

        def handlers(get):
            return [get(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]

        shown, real = handlers(signal.getsignal), handlers(getsignal)
        botobs.init()
        assert handlers(getsignal) != real
        assert handlers(signal.getsignal) == shown
        botobs.shutdown()
        assert handlers(getsignal) == real
        """
    )
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
        RECORD + (READY if how == "SIGTERM" else ""),
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
        "botobs._sdk.providers.tracer_provider._lock",
        "botobs.trading.session._LIVE.bots._lock",
        "threading._active_limbo_lock",
    ],
)
def test_a_signal_that_interrupts_a_lock_ends_the_process(start: Start, held: str) -> None:
    process = start(
        f"""
        import botobs.trading, botobs._sdk.providers
        botobs.init()
        bot = botobs.trading.bot("lent")
        with {held}, bot._lock:
            os.write(1, b"ready\\n")
            time.sleep(300)
        """,
        BOTOBS_SHUTDOWN_TIMEOUT="1s",
    )
    ready(process)
    process.terminate()
    assert process.wait(PATIENCE) == -signal.SIGTERM


def test_signals_that_come_while_a_process_forks_wait(start: Start) -> None:
    process = start(
        """
        def blocked():
            return signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])

        during = []
        os.register_at_fork(
            before=lambda: during.clear(),
            after_in_parent=lambda: during.append(blocked()),
            after_in_child=lambda: (during.append(blocked()), os.kill(os.getpid(), signal.SIGTERM)),
        )
        botobs.init()
        child = os.fork()
        if child == 0:
            time.sleep(300)
        assert not blocked()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
        assert during == [True]
        """
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_a_program_may_close_what_it_does_not_know_and_fork(start: Start, receiver: OtlpReceiver) -> None:
    """What a daemon does at its start."""
    process = start(
        """
        botobs.init()
        if os.fork():
            os._exit(0)
        os.setsid()
        os.closerange(3, 1024)
        with botobs.span("of the daemon"):
            pass
        sys.exit(0)
        """,
        BOTOBS_SHUTDOWN_TIMEOUT="60s",
    )
    assert process.wait(PATIENCE) == 0
    receiver.wait_for(lambda: receiver.span_names == ["of the daemon"])
