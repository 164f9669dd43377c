"""The lanes of long tests: `make drills LANE=<name>`, and which of them are due."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import verified
from tests.support import bytecode
from tests.verified import Runs

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("lanes.toml")


@dataclass(frozen=True)
class Lane:
    """One lane; its fields are explained in `lanes.toml`."""

    name: str
    about: str
    minutes: int
    tests: Sequence[str]
    code: Sequence[str]
    words: Sequence[str] = ()
    sample: Sequence[str] = ()

    def parts(self, root: Path = ROOT) -> list[str]:
        """What of its tests is run and written down by itself: a file; of a folder, each file and folder in it."""
        return [part for test in self.tests for part in _parts(root / test, root)]


@dataclass(frozen=True)
class Lanes:
    """All lanes.

    Attributes:
        by_name: The lanes, in the order of the table.
    """

    by_name: Mapping[str, Lane]

    @property
    def integration(self) -> list[str]:
        """The integration tests that belong to a lane, and so not to `make test`."""
        tests = (test for lane in self.by_name.values() for test in lane.tests)
        return sorted(test for test in tests if test.startswith("tests/integration/"))

    @property
    def samples(self) -> list[str]:
        """The tests of lanes that `make test` runs too."""
        return [test for lane in self.by_name.values() for test in lane.sample]


def read(table: Path = TABLE) -> Lanes:
    """The lanes of a table."""
    content = tomllib.loads(table.read_text(encoding="utf-8"))
    return Lanes({name: Lane(name, **fields) for name, fields in content.items()})


def due(lanes: Lanes, runs: Runs, root: Path = ROOT) -> dict[str, dict[str, str]]:
    """The parts of lanes that want to run again, each with the reason.

    Args:
        lanes: All lanes.
        runs: What `verified.read` found.
        root: The checkout.
    """
    found = {}
    for lane in lanes.by_name.values():
        ran = runs.get(lane.name, {})
        waiting = {
            part: why
            for part in lane.parts(root)
            if (why := verified.why_again(ran.get(part), [*lane.code, part], root)) is not None
        }
        if waiting:
            found[lane.name] = waiting
    return found


def print_due() -> None:
    """Name the lanes that are due."""
    waiting = due(read(), verified.read())
    if waiting:
        print(
            "\nLanes that have not run, or whose code has changed since they ran (make drills LANE=<name>):"
        )
        for name, parts in waiting.items():
            print(f"  {name:18} {summary(parts)}")


def summary(waiting: Mapping[str, str]) -> str:
    """The parts of a lane that are due, in a line.

    Args:
        waiting: The reason of each part.
    """
    by_reason: dict[str, list[str]] = {}
    for part, why in waiting.items():
        by_reason.setdefault(why, []).append(Path(part).stem)
    return "; ".join(
        f"{why}: {', '.join(parts[:3])}{f' and {len(parts) - 3} more' if len(parts) > 3 else ''}"
        for why, parts in by_reason.items()
    )


def run(lane: Lane, profile: str, parts: Sequence[str], words: Sequence[str]) -> int:
    """Run a lane, or parts of it, and write down what came of each part; returns pytest's exit code.

    Args:
        lane: The lane.
        profile: How long its outages last.
        parts: Of `Lane.parts`.
        words: Further arguments of pytest. With any, it is not the lane that ran, and nothing is written down.
    """
    report = ROOT / ".botobs" / f"lane-{lane.name}.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    drills = any(test.startswith("tests/drills") for test in lane.tests)
    chosen = [f"--drill-profile={profile}"] if drills and not lane.words else []
    command = [sys.executable, "-m", "pytest", f"--junitxml={report}", *chosen, *lane.words, *words, *parts]
    code = subprocess.call(command, cwd=ROOT, env=bytecode.environ())
    # Whatever else pytest says, such as that it was broken off: not every test of a part has run.
    if code in (0, 1) and not words:
        verified.write(lane.name, parts, profile, report)
    return code


def _parts(path: Path, root: Path) -> list[str]:
    inside = [path] if path.is_file() else [each for each in path.iterdir() if any(_tests(each))]
    return sorted(each.relative_to(root).as_posix() for each in inside)


def _tests(path: Path) -> Iterator[Path]:
    """The files with tests at or below a path."""
    return (each for each in (path, *path.rglob("*")) if each.match("test_*.py"))


def _print(lanes: Lanes) -> None:
    waiting = due(lanes, verified.read())
    for lane in lanes.by_name.values():
        again = waiting.get(lane.name)
        print(f"{lane.name:18} {lane.about}\n{'':18} about {lane.minutes} min", end="")
        print(f"; due: {summary(again)}" if again else "; nothing is due")
    print(
        "\nRun one with: make drills LANE=<name>; what of it is due: … ARGS=--due; one part: … ARGS=<file or folder>"
    )


def main(words: Sequence[str] | None = None) -> int:
    """List the lanes, or run one; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    parser.add_argument("lane", nargs="?", help="the lane to run; without it they are listed")
    parser.add_argument("--profile", choices=["short", "long"], default="short", help="how long outages last")
    parser.add_argument(
        "--due", action="store_true", help="only what has not run, failed, or has changed since"
    )
    options, further = parser.parse_known_args(words)
    lanes = read()
    if not options.lane:
        _print(lanes)
        return 0
    if options.lane not in lanes.by_name:
        print(
            f"make drills: there is no lane {options.lane!r}; there are {', '.join(lanes.by_name)}",
            file=sys.stderr,
        )
        return 2
    lane = lanes.by_name[options.lane]
    parts = [part for part in lane.parts() if part in further] or lane.parts()
    if options.due:
        waiting = due(lanes, verified.read()).get(lane.name, {})
        parts = [part for part in parts if part in waiting]
        if not parts:
            print(f"make drills: nothing of {lane.name} is due")
            return 0
    return run(lane, options.profile, parts, [word for word in further if word not in lane.parts()])


if __name__ == "__main__":
    sys.exit(main())
