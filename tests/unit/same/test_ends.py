"""Programs end the same with botobs as without it: exit code or signal, output, and what is printed of an exception."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.otlp_receiver import receiving
from tests.support.same.workers import environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).parent / "programs" / "ends.py"
AUTOSTART = ROOT / "botobs" / "_sdk" / "autostart"

#: All but those that wait for a signal.
WAYS = tuple(
    way
    for way in re.findall(r"^def (\w+)\(\) -> ", PROGRAM.read_text(encoding="utf-8"), re.MULTILINE)
    if way not in ("waits", "loop_waits")
)
#: A program that waits is ended by each of these.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL, signal.SIGUSR1, signal.SIGQUIT)
#: Addresses, frames of botobs (docs/same.md allows them), and where a signal came upon a program that waits.
_VARIES = re.compile(
    r"""(?<=0x)[0-9a-f]+
      | \ *File\ "[^"]*/botobs/_sdk/[^"]*",.*\n.*\n(?:\ +[~^]+\n)?
      | line\ \d+,\ in\ waits\n.*\n(?:\ +[~^]+\n)?""",
    re.VERBOSE,
)
#: What `make test` runs; the lane `same` runs all.
SAMPLE = ("returns", "unhandled", "exits_with_a_text", "in_a_thread", "in_a_loop", "handler_exits")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All ways and signals in the long form, a sample otherwise."""
    every = metafunc.config.getoption("--long")
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", WAYS if every else SAMPLE)
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", SIGNALS if every else SIGNALS[:1])


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """A collector."""
    with receiving() as receiver:
        yield receiver.endpoint


def _end(
    way: str, with_it: bool, endpoint: str, home: Path, number: int | None = None
) -> tuple[int, str, str]:
    """Exit code, output and errors of a program; botobs comes into it as by `botobs run`."""
    variables = environment(home, endpoint) | {"BOTOBS_SERVICE_NAME": "tested"}
    if with_it:
        variables["PYTHONPATH"] = f"{AUTOSTART}:{ROOT}"
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), way],
        env=variables,
        cwd=home,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    first = process.stdout.readline() if number is not None else ""
    if number is not None:
        process.send_signal(number)
    output, errors = process.communicate()
    return process.returncode, first + output, _VARIES.sub("", errors)


def test_a_way_to_end(way: str, endpoint: str, tmp_path: Path) -> None:
    number = signal.SIGTERM if way == "handler_exits" else None
    without, with_it = (_end(way, each, endpoint, tmp_path, number) for each in (False, True))
    assert with_it == without


def test_a_signal(number: signal.Signals, endpoint: str, tmp_path: Path) -> None:
    without, with_it = (_end("waits", each, endpoint, tmp_path, number) for each in (False, True))
    assert with_it == without
    assert without[0] == -number


def test_a_signal_to_a_loop(number: signal.Signals, endpoint: str, tmp_path: Path) -> None:
    without, with_it = (_end("loop_waits", each, endpoint, tmp_path, number) for each in (False, True))
    assert with_it == without
