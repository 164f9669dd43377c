"""What botobs may not do to the service: no I/O on its threads, no exception, no deadlock, no growth."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.support.otlp_receiver import OtlpReceiver

Start = Callable[..., "subprocess.Popen[str]"]
PATIENCE = 120

TRACED = """
import asyncio, collections, socket

seen = collections.defaultdict(set)

def note(event):
    seen[threading.current_thread().name].add(event)

for name in ("connect", "send", "sendall", "recv", "recv_into", "sendto"):
    def traced(self, *arguments, _call=getattr(socket.socket, name), _name=name):
        note("socket." + _name)
        return _call(self, *arguments)
    setattr(socket.socket, name, traced)

QUIET = ("import", "compile", "exec", "object.", "code.", "sys.", "marshal.", "builtins.id", "gc.", "ctypes.")
started = False

def audit(event, arguments):
    if started and not event.startswith(QUIET):
        note(event)

sys.addaudithook(audit)
"""


def test_no_io_on_the_callers_thread_or_loop(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        TRACED
        + """
from opentelemetry import metrics

handle = botobs.init(span_interval=0.01, metric_interval=0.05)
counter = metrics.get_meter("mine").create_counter("hits")
histogram = metrics.get_meter("mine").create_histogram("wait", "s")

@botobs.span
async def work():
    with botobs.span("inner", {"n": 1}):
        counter.add(1)
        histogram.record(0.1)
    await asyncio.sleep(0)

async def main():
    for _ in range(3000):
        await work()

def steps():
    for _ in range(1000):
        with botobs.span("in a thread"):
            counter.add(1)

loop = asyncio.new_event_loop()
loop.run_until_complete(main())
seen.clear()
started = True
thread = threading.Thread(target=steps, name="another")
thread.start()
loop.run_until_complete(main())
thread.join()
until = time.monotonic() + 60
while "socket.sendall" not in seen["botobs-export"] and time.monotonic() < until:
    loop.run_until_complete(main())
started = False
mine = seen.pop("MainThread", set())
exported = seen.pop("botobs-export")
assert "socket.sendall" in exported or "socket.send" in exported, exported
assert not mine, mine
assert not seen, dict(seen)
"""
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_init_needs_no_network(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        TRACED
        + """
started = True
botobs.init(endpoint="http://collector.invalid:4318")
started = False
network = {event for event in seen["MainThread"] if event.startswith("socket.")}
assert network <= {"socket.gethostname"}, network
""",
        BOTOBS_SHUTDOWN_TIMEOUT="1s",
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_a_finalizer_that_ends_spans_does_not_deadlock(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        """
        import gc

        botobs.init()
        gc.set_threshold(5)

        class Holder:
            def __init__(self):
                self.itself = self

            def __del__(self):
                with botobs.span("finalized"):
                    pass

        for _ in range(3000):
            Holder()
            with botobs.span("x", {"a": [1, 2]}):
                pass
        gc.collect()
        """,
        BOTOBS_QUEUE_BYTES="1GiB",
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    names = [span.name for span in receiver.spans]
    assert (names.count("x"), names.count("finalized")) == (3000, 3000)


def test_a_signal_handler_that_records_does_not_deadlock(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        """
        botobs.init()

        def record(number, frame):
            with botobs.span("signalled"):
                pass

        signal.signal(signal.SIGALRM, record)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        for _ in range(10_000):
            with botobs.span("x"):
                pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        """,
        BOTOBS_QUEUE_BYTES="1GiB",
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    names = [span.name for span in receiver.spans]
    assert names.count("x") == 10_000
    assert names.count("signalled") > 0


def test_memory_stays_under_the_cap_while_nobody_takes_the_spans(
    start: Start, receiver: OtlpReceiver
) -> None:
    process = start(
        """
        import socket, psutil

        with socket.create_server(("127.0.0.1", 0)) as hole:
            handle = botobs.init(
                endpoint=f"http://127.0.0.1:{hole.getsockname()[1]}", queue_bytes="8MiB", shutdown_timeout=0.5
            )

            def record(times):
                for number in range(times):
                    with botobs.span("x", {"text": "y" * 500, "number": number}):
                        pass

            record(5000)
            before = psutil.Process().memory_info().rss
            record(20_000)
            grown = psutil.Process().memory_info().rss - before
            assert handle.counts.dropped["traces", "normal", "queue_full"] > 10_000
            # Its own estimate is of bytes in Python objects; the allowance is for the allocator.
            assert grown < 16 * 2**20, grown
        """
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


@pytest.mark.parametrize("broken", ["encode_spans", "collect_metrics", "span_size"])
def test_a_fault_inside_stays_inside(start: Start, receiver: OtlpReceiver, broken: str) -> None:
    process = start(
        f"""
        handle = botobs.init(shutdown_timeout=1, span_interval=0.01, metric_interval=0.01)

        def fail(*_):
            raise RuntimeError("broken")

        handle.engine.{broken} = fail
        for _ in range(100):
            with botobs.span("x"):
                pass
        time.sleep(0.1)
        """
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) <= 2, errors


def test_a_removed_working_directory_and_a_full_process_do_not_keep_the_service_down(
    start: Start, receiver: OtlpReceiver
) -> None:
    process = start(
        """
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")

        def full(_):
            raise RuntimeError("can't start new thread")

        working, threading.Thread.start = threading.Thread.start, full
        handle = botobs.init()
        assert not handle.running
        with botobs.span("unseen"):
            pass
        threading.Thread.start = working
        assert botobs.init(environment="again").running
        """
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "botobs does not run: RuntimeError: can't start new thread" in errors
    assert "Traceback" not in errors


def test_a_shutdown_that_fails_raises_nothing(start: Start, receiver: OtlpReceiver) -> None:
    process = start(
        """
        handle = botobs.init()

        def fail():
            raise RuntimeError("broken")

        handle.engine.shutdown = fail
        assert botobs.shutdown() is False
        assert botobs.init(environment="again").running
        """
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert errors == "botobs did not end cleanly: RuntimeError: broken\n"
