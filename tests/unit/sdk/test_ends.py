"""A program ends as it does without botobs, in every way; what it recorded arrives where it can."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver, receiving

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "ends.py"
#: Seconds after which something hangs.
PATIENCE = 120

WAYS = {
    "returning": 0,
    "leaving": 3,
    "failing": 1,
    "interrupting": -signal.SIGINT,
    "ending at once": 4,
    "aborting": -signal.SIGABRT,
    "killing itself": -signal.SIGKILL,
    "SIGTERM": -signal.SIGTERM,
    "SIGTERM handled": 7,
    "SIGTERM ignored": 8,
    "SIGTERM reset": -signal.SIGTERM,
    "SIGTERM lent": -signal.SIGTERM,
    "SIGINT": -signal.SIGINT,
    "SIGHUP": -signal.SIGHUP,
    "becoming": 0,
    "becoming by path": 3,
    "cannot become": 9,
    "forking": 4,
}
#: Nobody can say or send anything any more, or has asked not to be kept.
SILENT = {"ending at once", "aborting", "killing itself"}


def run(environment: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Exit codes and errors, by the way; all run at once, because most of each is waiting."""
    with contextlib.ExitStack() as stack:
        processes = {way: stack.enter_context(started(way, environment)) for way in WAYS}
        for way, process in processes.items():
            if way.startswith("SIG") and way != "SIGTERM lent":
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                process.send_signal(getattr(signal, way.partition(" ")[0]))
        ended = {}
        for way, process in processes.items():
            _, errors = process.communicate("\n", timeout=PATIENCE)
            ended[way] = (process.returncode, errors)
        return ended


@contextlib.contextmanager
def started(way: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), way],
        env={**environment, "BOTOBS_SERVICE_NAME": way},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def unmonitored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    return run({"HOME": str(tmp_path_factory.mktemp("home"))})


@pytest.fixture
def monitored(environment: dict[str, str]) -> dict[str, str]:
    return {**environment, "MONITORED": "1", "BOTOBS_SHUTDOWN_TIMEOUT": "2s", "BOTOBS_EXPORT_TIMEOUT": "1h"}


def codes(ended: dict[str, tuple[int, str]]) -> dict[str, int]:
    return {way: code for way, (code, _) in ended.items()}


def last_lines(ended: dict[str, tuple[int, str]]) -> dict[str, list[str]]:
    return {way: errors.splitlines()[-1:] for way, (_, errors) in ended.items()}


def test_the_ways_are_what_they_are_called(unmonitored: dict[str, tuple[int, str]]) -> None:
    assert codes(unmonitored) == WAYS


def by_service(receiver: OtlpReceiver, metric: str) -> dict[object, dict[object, float]]:
    """The last value of each instance of each service."""
    values: dict[object, dict[object, float]] = {}
    for resource, _, point in receiver.points(metric):
        instances = values.setdefault(resource["service.name"], {})
        instances[resource["service.instance.id"]] = point.as_double or point.as_int
    return values


def test_everything_arrives(unmonitored: dict[str, tuple[int, str]], monitored: dict[str, str]) -> None:
    with receiving() as receiver:
        # Time enough for a busy machine: what it shows is that the answer is waited for.
        ended = run({**monitored, "BOTOBS_ENDPOINT": receiver.endpoint, "BOTOBS_SHUTDOWN_TIMEOUT": "60s"})
        assert codes(ended) == codes(unmonitored)
        # An interrupt's traceback begins where the interrupt came; it ends the same way.
        assert last_lines(ended) == last_lines(unmonitored)
        spans: dict[object, list[str]] = {}
        for one in receiver.traces:
            name = next(
                each.value.string_value for each in one.resource.attributes if each.key == "service.name"
            )
            spans.setdefault(name, []).extend(span.name for scope in one.scope_spans for span in scope.spans)
        expected = {way: ["last words"] for way in WAYS if way not in SILENT}
        expected["becoming"] *= 2
        expected["becoming by path"] *= 2
        expected["forking"] = ["last words", "of the child"]
        assert {way: sorted(names) for way, names in spans.items() if way not in SILENT} == expected
        goodbyes = by_service(receiver, "botobs.service.goodbye.timestamp")
        for way in WAYS.keys() - SILENT:
            said = [value > 0 for value in goodbyes[way].values()]
            # A death is told as one, and nothing else is.
            assert said == [way != "failing"] * (2 if len(expected[way]) == 2 else 1), way
        deaths = by_service(receiver, "botobs.service.death.timestamp")
        assert deaths.keys() == {"failing"}


@pytest.mark.parametrize("collector", ["that does not answer", "that is gone"])
def test_a_collector(
    unmonitored: dict[str, tuple[int, str]], monitored: dict[str, str], collector: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        if collector == "that is gone":
            server.close()
            endpoint = "http://127.0.0.1:9"
        else:
            endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert codes(run({**monitored, "BOTOBS_ENDPOINT": endpoint})) == codes(unmonitored)
