"""`make check` and `make test`: the parts of the suite, side by side, with how long each took.

Each part is a command of its own. Its output goes to `.botobs/suite/<part>.log`, and to the terminal when it fails.

Thousands of tests start processes and wait for sockets. Where a few of them fail, `make test` runs those once more,
alone, because a starved machine must not decide. They are named at the end either way: a test that needs a second try
is a fault to be mended, of the test or of what it tests.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from botobs._ops.programs.versions import pins
from tests import lanes
from tests.support import bytecode

ROOT = Path(__file__).parents[1]
LOGS = ROOT / ".botobs" / "suite"
#: Slowest tests that are listed at the end.
SLOWEST = 10
#: So many failed tests are run a second time; more are no accident of the machine.
SECOND_TRIES = 3

_BIN = Path(sys.executable).parent


@dataclass
class Part:
    """A command of the suite.

    Attributes:
        name: What it is called in the output, and its log and report files.
        commands: Run one after the other; the first that fails ends the part.
        report: Where its last command writes a JUnit report, if it runs tests.
        again: Runs only the tests that failed, alone, if it runs tests.
        second: Tests that failed and were run a second time.
    """

    name: str
    commands: Sequence[Sequence[str]]
    report: Path | None = None
    again: Sequence[str] = ()
    second: list[str] = field(default_factory=list, init=False)
    seconds: float = field(default=0.0, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _left: list[Sequence[str]] = field(default_factory=list, init=False)
    _began: float = field(default=0.0, init=False)

    @property
    def log(self) -> Path:
        """The file with its output."""
        return LOGS / f"{self.name}.log"

    def start(self) -> None:
        """Run it in the background."""
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        self._left = list(self.commands)
        self._began = time.monotonic()
        self._next()

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        assert self._process is not None
        code = self._process.poll()
        if code == 0 and self._left:
            self._next()
            return None
        if code == 1 and self.again and not self.second and self.report is not None:
            failed = failures(self.report)
            if 0 < len(failed) <= SECOND_TRIES:
                self.second = failed
                self._left = [self.again]
                self._next()
                return None
        if code is not None and not self.seconds:
            self.seconds = time.monotonic() - self._began
        return code

    def stop(self) -> None:
        """End it, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _next(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._left.pop(0),
                cwd=ROOT,
                env=bytecode.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


def tests_of(name: str, words: Sequence[str]) -> Part:
    """A part that runs pytest.

    Args:
        name: The part's name.
        words: Arguments of pytest.
    """
    report = LOGS / f"{name}.xml"
    pytest = [sys.executable, "-m", "pytest", "-q", "-o", f"cache_dir={LOGS / name}.cache"]
    command = [*pytest, f"--junitxml={report}", *words]
    # By files: pytest leaves out those without a failure, and then misses the tests in them that are named.
    files = dict.fromkeys(word.partition("::")[0] for word in words)
    again = [*pytest, "--last-failed", "--last-failed-no-failures=none", *files, "-n", "0"]
    return Part(name, [command], report, again)


def check(slow: bool = True) -> list[Part]:
    """What needs no backend: lint, types, unit tests; those that are marked as slow only where they are asked for."""
    lint = [
        [str(_BIN / "ruff"), "check", "."],
        [str(_BIN / "ruff"), "format", "--check", "."],
        [str(_BIN / "lint-imports"), "--no-logo"],
    ]
    return [
        Part("lint", lint),
        Part("types", [[str(_BIN / "mypy")]]),
        tests_of(
            "unit", ["tests/unit", "-n", "3", "--dist", "worksteal", *([] if slow else ["-m", "not slow"])]
        ),
    ]


#: What no other test needs: compose, a Kubernetes with what it runs, and what only a cluster has.
_OF_LANES = frozenset(("compose", "kubernetes", "dns", "policies", "scraper", "front", "object-store"))


def build() -> Part:
    """The programs of the stack; nothing to do where they are in the cache. A lane builds what it alone needs."""
    wanted = (name for name in pins() if name not in _OF_LANES)
    return Part("build", [[str(_BIN / "botobs"), "build", *wanted]])


def integration() -> Part:
    """What needs real backends, but for the tests that belong to a lane."""
    skipped = [f"--ignore={path}" for path in lanes.read().integration]
    return tests_of(
        "integration",
        ["tests/integration", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", *skipped],
    )


def samples() -> Part:
    """A few tests of each lane that has real faults, so that no subject waits for the lanes."""
    return tests_of("samples", ["--drill-profile=short", *lanes.read().samples])


def run(side_by_side: Sequence[Part], say: str, beside: Sequence[Part] = ()) -> list[Part]:
    """Run parts at the same time, and print each as it ends.

    Args:
        side_by_side: They are started already.
        say: What they are, for a person.
        beside: Others that run meanwhile and may go on; they are looked at, so that their time is theirs.

    Returns:
        Those that failed.
    """
    print(f"{say} (output: {LOGS.relative_to(ROOT)}/)", flush=True)
    waiting, failed = list(side_by_side), []
    while waiting:
        for part in list(waiting):
            if (code := part.poll()) is not None:
                waiting.remove(part)
                print(
                    f"  {part.name:12} {'passed' if code == 0 else 'FAILED'}   {part.seconds:6.0f} s",
                    flush=True,
                )
                if code != 0:
                    failed.append(part)
        for part in beside:
            part.poll()
        time.sleep(0.1)
    return failed


def failures(report: Path) -> list[str]:
    """The tests of a JUnit report that failed, or whose fixtures did."""
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in ElementTree.parse(report).iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]


def slowest(reports: Sequence[Path], count: int = SLOWEST) -> list[tuple[float, str]]:
    """The slowest tests of JUnit reports: seconds, and the test."""
    found = [
        (float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}")
        for report in reports
        if report.is_file()
        for case in ElementTree.parse(report).iter("testcase")
    ]
    return sorted(found, reverse=True)[:count]


def main(words: Sequence[str] | None = None) -> int:
    """Run `check` or `test`; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.suite", description=__doc__)
    parser.add_argument("what", choices=["check", "test"])
    options = parser.parse_args(words)
    began = time.monotonic()
    building = [build()] if options.what == "test" else []
    quick = check(slow=bool(building))
    for part in (*building, *quick):
        part.start()
    failed = run(quick, "lint, types and unit tests; no backend is needed", building)
    parts = list(quick)
    if building and not failed:
        failed = run(building, "the stack's programs: built from source where the cache lacks them")
        parts += building
    if building and not failed:
        backends = [integration(), samples()]
        for part in backends:
            part.start()
        failed = run(backends, "tests on real backends, and a sample of the lanes")
        parts += backends
    for part in building:
        part.stop()
    _finish(parts, failed, time.monotonic() - began, options.what)
    return 1 if failed else 0


def _finish(parts: Sequence[Part], failed: Sequence[Part], seconds: float, what: str) -> None:
    for part in failed:
        print(f"\n{part.name} failed:\n{part.log.read_text(encoding='utf-8', errors='replace')}")
    print(f"\nThe {SLOWEST} slowest tests:")
    for took, name in slowest([part.report for part in parts if part.report is not None]):
        print(f"  {took:6.1f} s  {name}")
    if second := [name for part in parts for name in part.second]:
        print("\nFailed at the first try, and were run again alone (the first failure is in the part's log):")
        for name in second:
            print(f"  {name}")
    if what == "test":
        lanes.print_due()
    print(f"\n{'FAILED' if failed else 'All passed'}, in {int(seconds) // 60}:{int(seconds) % 60:02d}")


if __name__ == "__main__":
    sys.exit(main())
