"""What ran of the lanes, when, on which commit, and what came of it: `docs/verified.json`.

Each part of a lane has an entry of its own, so that a lane of an hour may run in pieces, and one failure is one piece
to run again.
"""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "verified.json"

#: The entry of each part of each lane.
Runs = Mapping[str, Mapping[str, Mapping[str, Any]]]


def read(file: Path = FILE) -> dict[str, dict[str, dict[str, Any]]]:
    """What is known of the last run of each part of each lane; empty where none ran."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def write(lane: str, parts: Sequence[str], profile: str, report: Path, file: Path = FILE) -> None:
    """Write down what came of a run.

    Args:
        lane: The lane's name.
        parts: Files and folders of tests that ran.
        profile: How long outages lasted.
        report: The JUnit report.
        file: Where the runs are written down.
    """
    runs = read(file)
    head = {
        "commit": _git("rev-parse", "HEAD").strip(),
        "changed_since_commit": bool(_git("status", "--porcelain", "--untracked-files=no").strip()),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "profile": profile,
    }
    cases = list(ElementTree.parse(report).iter("testcase"))
    ran = {part: head | _result([case for case in cases if _belongs(case, part)]) for part in parts}
    runs[lane] = dict(sorted((runs.get(lane, {}) | ran).items()))
    file.write_text(json.dumps(dict(sorted(runs.items())), indent=2) + "\n", encoding="utf-8")


def why_again(run: Mapping[str, Any] | None, paths: Sequence[str], root: Path = ROOT) -> str | None:
    """Why a part of a lane wants to run again; None where it does not.

    Args:
        run: Its entry, if it ever ran.
        paths: What it tests, and its tests.
        root: The checkout.
    """
    if run is None:
        return "never ran"
    if not run["passed"] or run["failed"]:
        return "failed"
    changed = _changed(run["commit"], root)
    if changed is None:
        return f"ran on {run['commit'][:9]}, which this checkout does not know"
    return "changed" if any(_below(file, path) for file in changed for path in paths) else None


def _result(cases: Sequence[ElementTree.Element]) -> dict[str, Any]:
    """Counts, seconds, and the figures that tests have recorded with pytest's `record_property`."""
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    figures = {
        str(each.get("name")): str(each.get("value")) for case in cases for each in case.iter("property")
    }
    return {
        "seconds": round(sum(float(case.get("time", 0)) for case in cases)),
        "passed": len(cases) - failed - skipped,
        "failed": failed,
        "skipped": skipped,
        "figures": dict(sorted(figures.items())),
    }


def _belongs(case: ElementTree.Element, part: str) -> bool:
    # A file that cannot be imported is a case without a class, whose name is the module's.
    module = case.get("classname") or case.get("name") or ""
    return _below(module.replace(".", "/"), part.removesuffix(".py"))


def _below(file: str, path: str) -> bool:
    return file == path or file.startswith(f"{path}/")


@functools.cache
def _changed(commit: str, root: Path) -> list[str] | None:
    """Files that differ from a commit, the working tree's changes included; None if it is unknown."""
    done = subprocess.run(["git", "diff", "--name-only", commit], cwd=root, capture_output=True, text=True)
    return done.stdout.split() if done.returncode == 0 else None


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout
