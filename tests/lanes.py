"""The lanes of long tests: `make drills LANE=<name>`, and which of them are due."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.support import bytecode

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_name("lanes.toml")
#: What ran, when, and on which commit: one entry a lane.
VERIFIED = ROOT / "docs" / "verified.json"


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


def verified(file: Path = VERIFIED) -> dict[str, dict[str, Any]]:
    """What is known of the last run of each lane; empty where none ran."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def due(lanes: Lanes, runs: Mapping[str, Mapping[str, Any]], root: Path = ROOT) -> dict[str, str]:
    """The lanes that want to run again, each with the reason.

    Args:
        lanes: All lanes.
        runs: What `verified` found.
        root: The checkout.
    """
    found = {}
    for lane in lanes.by_name.values():
        run = runs.get(lane.name)
        if run is None:
            found[lane.name] = "it has never run"
        elif not run["passed"] or run["failed"]:
            found[lane.name] = "it failed"
        else:
            changed = _changed(run["commit"], [*lane.code, *lane.tests], root)
            if changed is None:
                found[lane.name] = f"it ran on {run['commit'][:9]}, which this checkout does not know"
            elif changed:
                found[lane.name] = f"changed since: {', '.join(changed[:3])}{', …' if changed[3:] else ''}"
    return found


def print_changed() -> None:
    """Name the lanes that are due."""
    waiting = due(read(), verified())
    if waiting:
        print("\nLanes whose code has changed since they ran (make drills LANE=<name>):")
        for name, why in waiting.items():
            print(f"  {name:12} {why}")


def run(lane: Lane, profile: str, words: Sequence[str]) -> int:
    """Run a lane and write down what came of it; returns pytest's exit code."""
    report = ROOT / ".botobs" / f"lane-{lane.name}.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    drills = any(test.startswith("tests/drills") for test in lane.tests)
    chosen = [f"--drill-profile={profile}"] if drills and not lane.words else []
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--junitxml={report}",
        *chosen,
        *lane.words,
        *words,
        *lane.tests,
    ]
    code = subprocess.call(command, cwd=ROOT, env=bytecode.environ())
    if report.is_file() and not words:
        write(lane, profile, round(time.monotonic() - began), report)
    return code


def figures(report: Path) -> dict[str, str]:
    """What tests of a JUnit report have recorded with pytest's `record_property`."""
    found = ElementTree.parse(report).iter("property")
    return dict(sorted((str(each.get("name")), str(each.get("value"))) for each in found))


def _counts(report: Path) -> dict[str, int]:
    suites = list(ElementTree.parse(report).iter("testsuite"))
    total, failures, errors, skipped = (
        sum(int(suite.get(name, 0)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped")
    )
    return {"passed": total - failures - errors - skipped, "failed": failures + errors, "skipped": skipped}


def write(lane: Lane, profile: str, seconds: int, report: Path, file: Path = VERIFIED) -> None:
    """Write down what came of a run.

    Args:
        lane: The lane.
        profile: How long its outages lasted.
        seconds: How long it took.
        report: Its JUnit report.
        file: Where the runs are written down.
    """
    runs = verified(file)
    runs[lane.name] = {
        "commit": _git("rev-parse", "HEAD").strip(),
        "changed_since_commit": bool(_git("status", "--porcelain", "--untracked-files=no").strip()),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "profile": profile,
        "seconds": seconds,
        **_counts(report),
        "figures": figures(report),
    }
    file.write_text(json.dumps(dict(sorted(runs.items())), indent=2) + "\n", encoding="utf-8")


def _changed(commit: str, paths: Sequence[str], root: Path) -> list[str] | None:
    """Files below paths that differ from a commit, the working tree's changes included; None if it is unknown."""
    done = subprocess.run(
        ["git", "diff", "--name-only", commit, "--", *paths], cwd=root, capture_output=True, text=True
    )
    return done.stdout.split() if done.returncode == 0 else None


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def _print(lanes: Lanes) -> None:
    runs, waiting = verified(), due(lanes, verified())
    for lane in lanes.by_name.values():
        last = runs.get(lane.name)
        ran = (
            f"ran {last['date']} on {last['commit'][:9]}, {last['seconds'] // 60} min"
            if last
            else "never ran"
        )
        print(
            f"{lane.name:12} {lane.about}\n{'':12} about {lane.minutes} min; {ran}"
            f"{'; due: ' + waiting[lane.name] if lane.name in waiting else ''}"
        )
    print("\nRun one with: make drills LANE=<name>")


def main(words: Sequence[str] | None = None) -> int:
    """List the lanes, or run one; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    parser.add_argument("lane", nargs="?", help="the lane to run; without it they are listed")
    parser.add_argument("--profile", choices=["short", "long"], default="short", help="how long outages last")
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
    return run(lanes.by_name[options.lane], options.profile, further)


if __name__ == "__main__":
    sys.exit(main())
