"""Workers of process pools end as their library ends them: at once, by the default action of SIGTERM."""

from __future__ import annotations

import multiprocessing
import multiprocessing.spawn
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import botobs
from botobs._sdk.process._exit_workers import is_daemonic
from testbed.otlp_receiver import OtlpReceiver, attributes, value_of

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
METHODS = ["fork", "spawn", "forkserver"]
#: Seconds after which something hangs.
PATIENCE = 240

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(environment: dict[str, str]) -> Iterator[Run]:
    """Starts one of the programs; all that it has started ends with the test."""
    started = []

    def call(*words: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *words],
            env=environment | variables,
            cwd=PROGRAMS,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("method", METHODS)
def test_pools_close(run: Run, method: str, long: bool) -> None:
    pools = 300 if long else 12
    process = run("pools.py", method, str(pools))
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert output.splitlines()[-1:] == [f"{pools} {process.pid}"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what the kernel does at a signal")
@pytest.mark.parametrize(
    ("library", "method"),
    [("billiard", "fork"), ("billiard", "spawn"), *(("multiprocessing", one) for one in METHODS)],
)
def test_a_worker_has_for_signals_what_it_has_without_botobs(run: Run, library: str, method: str) -> None:
    seen = []
    for variables in ({}, {"MONITORED": "1"}):
        process = run("workers.py", library, method, **variables)
        output, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
        seen.append(output.splitlines())
    assert seen[0] == seen[1]
    assert seen[0][0] == "process: 0 default default"


def test_what_a_terminated_worker_has_sent_stays(run: Run, receiver: OtlpReceiver) -> None:
    process = run("forked.py", "terminated")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert receiver.span_names == ["worked"]
    promises = last_of_each(receiver, "botobs.service.goodbye.promised")
    goodbyes = last_of_each(receiver, "botobs.service.goodbye.timestamp")
    (parent,) = (pid for pid in goodbyes if pid == process.pid)
    (child,) = (pid for pid in goodbyes if pid != process.pid)
    assert goodbyes[parent] > 0
    assert (promises[child], goodbyes[child]) == (0, 0)


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="workers are asked where Linux' sockets are")
@pytest.mark.parametrize("method", METHODS)
def test_what_a_terminated_worker_has_not_sent_arrives(run: Run, receiver: OtlpReceiver, method: str) -> None:
    process = run(
        "terminated.py",
        method,
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
        # Nothing is sent before its end.
        BOTOBS_SPAN_INTERVAL="3600s",
        BOTOBS_METRIC_INTERVAL="3600s",
        BOTOBS_SHUTDOWN_TIMEOUT="60s",
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    expected = {"pool": 8, "process": 1, "executor": 1, "daemon": 1}
    assert Counter(receiver.span_names) == expected, errors
    last = {
        (resource["service.instance.id"], labels["by"]): value_of(point)
        for resource, labels, point in receiver.points("done")
    }
    assert {by: sum(count for (_, one), count in last.items() if one == by) for by in expected} == expected


def test_a_worker_that_fails_is_a_death_and_one_that_ends_is_none(run: Run, receiver: OtlpReceiver) -> None:
    process = run("forked.py", "ended", BOTOBS_SHUTDOWN_TIMEOUT="60s")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    pids = {
        span.name: attributes(one.resource)["process.pid"]
        for one in receiver.traces
        for scope in one.scope_spans
        for span in scope.spans
    }
    promises = last_of_each(receiver, "botobs.service.goodbye.promised")
    goodbyes = last_of_each(receiver, "botobs.service.goodbye.timestamp")
    assert (promises[pids["fails"]], goodbyes[pids["fails"]]) == (1, 0)
    assert goodbyes[pids["ends"]] > 0


def last_of_each(receiver: OtlpReceiver, metric: str) -> dict[int, float]:
    """The last value of each process."""
    return {resource["process.pid"]: value_of(point) for resource, _, point in receiver.points(metric)}


def test_a_worker_with_a_handler_says_goodbye(run: Run, receiver: OtlpReceiver) -> None:
    process = run("forked.py", "handles", BOTOBS_SHUTDOWN_TIMEOUT="60s")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert receiver.span_names == ["worked"]
    assert all(last_of_each(receiver, "botobs.service.goodbye.timestamp").values())


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_what_the_main_module_starts_in_a_worker_stays(
    run: Run, receiver: OtlpReceiver, tmp_path: Path, method: str
) -> None:
    program = tmp_path / "main.py"
    program.write_text(
        "import botobs, multiprocessing, sys\n"
        "botobs.init('parent' if __name__ == '__main__' else 'worker')\n"
        "def work():\n"
        "    with botobs.span('worked'):\n"
        "        pass\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context(sys.argv[1]).Process(target=work)\n"
        "    process.start()\n"
        "    process.join()\n"
    )
    process = run(str(program), method)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert {attributes(one.resource)["service.name"] for one in receiver.traces} == {"worker"}


@pytest.mark.parametrize(("executable", "given"), [(sys.executable, True), ("/opt/other/python", False)])
def test_only_this_python_is_given_something(
    receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, executable: str, given: bool
) -> None:
    seen = []

    class Watched(multiprocessing.Process):
        @staticmethod
        def _Popen(process_obj: Any) -> Any:
            seen.append(vars(process_obj).keys() - before)
            raise OSError

    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", executable)
    with botobs.init("tested", endpoint=receiver.endpoint, environ={"HOME": str(tmp_path)}):
        process = Watched()
        before = vars(process).keys() | set()
        with pytest.raises(OSError):
            process.start()
    assert seen == [{"_botobs_continued"} if given else set()]
    assert vars(process).keys() == before


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_worker_that_starts_ends_at_once(run: Run, method: str) -> None:
    process = run("starting_worker.py", method)
    output, errors = process.communicate(timeout=PATIENCE)
    assert output == "0\n", errors


def test_a_worker_of_ray_promises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_daemonic()
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    monkeypatch.setattr(sys, "orig_argv", ["python", "/x/ray/_private/workers/default_worker.py", "--mode=1"])
    assert is_daemonic()
