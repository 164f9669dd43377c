"""What botobs may not do to the service: no I/O on its threads, no exception, no deadlock, no growth."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]
PATIENCE = 120

PROGRAMS = Path(__file__).parent / "programs"


def test_no_io_on_the_callers_thread_or_loop(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "no_io.py")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_init_needs_no_network(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "init_without_network.py", BOTOBS_SHUTDOWN_TIMEOUT="1s")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


def test_a_finalizer_that_ends_spans_does_not_deadlock(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "finalizer.py", BOTOBS_QUEUE_BYTES="1GiB")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    names = receiver.span_names
    assert (names.count("x"), names.count("finalized")) == (3000, 3000)


def test_a_signal_handler_that_records_does_not_deadlock(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "faults.py", "handler_that_records", BOTOBS_QUEUE_BYTES="1GiB")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    names = receiver.span_names
    assert names.count("x") == 10_000
    assert names.count("signalled") > 0


def test_memory_stays_under_the_cap_while_nobody_takes_the_spans(
    start: Start, receiver: OtlpReceiver
) -> None:
    process = start(PROGRAMS / "memory_under_cap.py")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


@pytest.mark.parametrize("broken", ["encode_spans", "collect_metrics", "span_size"])
def test_a_fault_inside_stays_inside(start: Start, receiver: OtlpReceiver, broken: str) -> None:
    process = start(PROGRAMS / "faults.py", "engine_that_fails", broken)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert len(errors.splitlines()) <= 2, errors


def test_a_removed_working_directory_and_a_full_process_do_not_keep_the_service_down(
    start: Start, receiver: OtlpReceiver
) -> None:
    process = start(PROGRAMS / "faults.py", "no_folder_and_no_thread")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "botobs does not run: RuntimeError: can't start new thread" in errors
    assert "Traceback" not in errors


def test_a_shutdown_that_fails_raises_nothing(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "faults.py", "shutdown_that_fails")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert errors == "botobs did not end cleanly: RuntimeError: broken\n"
