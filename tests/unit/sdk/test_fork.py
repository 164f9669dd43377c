"""A forked child is an instance of its own: its own id, counts from zero, its own export, no lock held for ever."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver, attributes, value_of

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)]
Start = Callable[..., "subprocess.Popen[str]"]
PATIENCE = 120

CHILDREN = 12

PROGRAMS = Path(__file__).parent / "programs"


def test_fork_while_threads_record(start: Start, receiver: OtlpReceiver) -> None:
    program = PROGRAMS / "fork_while_recording.py"
    process = start(program, str(CHILDREN), BOTOBS_QUEUE_BYTES="1GiB", BOTOBS_SHUTDOWN_TIMEOUT="60s")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    spans: dict[str, list[str]] = {}
    for one in receiver.traces:
        instance = attributes(one.resource)["service.instance.id"]
        spans.setdefault(instance, []).extend(span.name for scope in one.scope_spans for span in scope.spans)
    of_children = {instance: names for instance, names in spans.items() if "parent" not in names}
    assert len(of_children) == CHILDREN
    assert all(names == ["child"] * 10 for names in of_children.values())
    (of_parent,) = (names for instance, names in spans.items() if instance not in of_children)
    assert of_parent.count("open at the fork") == CHILDREN
    assert "child" not in of_parent
    for instance in of_children:
        for name in ("hits", "late", "botobs.sdk.spans.started"):
            values = [value_of(p) for resource, _, p in receiver.points(name) if _id(resource) == instance]
            assert values[-1] == {"hits": 10, "late": 1, "botobs.sdk.spans.started": 10}[name], name
        counts = [point.count for resource, _, point in receiver.points("wait") if _id(resource) == instance]
        assert counts[-1] == 10


def _id(resource: dict[str, object]) -> object:
    return resource["service.instance.id"]


def test_a_fork_of_a_fork(start: Start, receiver: OtlpReceiver) -> None:
    process = start(PROGRAMS / "forks.py", "fork_of_a_fork")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert len({attributes(one.resource)["service.instance.id"] for one in receiver.traces}) == 4
    assert {attributes(one.resource)["process.pid"] for one in receiver.traces} >= {process.pid}


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_multiprocessing(start: Start, receiver: OtlpReceiver, method: str) -> None:
    process = start(PROGRAMS / "forks.py", "processes", method)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert receiver.span_names == ["worked", "worked"]
    assert len({attributes(one.resource)["service.instance.id"] for one in receiver.traces}) == 2


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_concurrent_futures(start: Start, receiver: OtlpReceiver, method: str) -> None:
    process = start(PROGRAMS / "forks.py", "pool", method, BOTOBS_SHUTDOWN_TIMEOUT="60s")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert receiver.span_names == ["worked"] * 10


@pytest.mark.parametrize("preload", [[], ["--preload"]], ids=["", "preload"])
def test_gunicorn(
    environment: dict[str, str], receiver: OtlpReceiver, tmp_path: Path, preload: list[str]
) -> None:
    (tmp_path / "served.py").write_text(
        "import botobs, os\n"
        "botobs.init()\n"
        "def app(environ, start_response):\n"
        "    with botobs.span('served', {'pid': os.getpid()}):\n"
        "        start_response('200 OK', [])\n"
        "        return [b'ok']\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    words = [
        "-m",
        "gunicorn",
        "--workers",
        "2",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
        *preload,
    ]
    process = subprocess.Popen([sys.executable, *words, "served:app"], env=environment, cwd=tmp_path)
    try:
        served = 0
        deadline = time.monotonic() + PATIENCE
        while served < 20:
            assert time.monotonic() < deadline
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
                    served += answer.status == 200
            except OSError:
                time.sleep(0.05)
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert receiver.span_names == ["served"] * 20
    for one in receiver.traces:
        pids = {attributes(span)["pid"] for scope in one.scope_spans for span in scope.spans}
        assert pids == {attributes(one.resource)["process.pid"]}
    assert process.pid not in {attributes(one.resource)["process.pid"] for one in receiver.traces}
