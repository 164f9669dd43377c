"""What drills have shown: as JSON, as a table, as a folder of evidence, as figures."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from ..home.private import make_folder, write_secret
from .catalogue import DRILLS
from .drill import Drill
from .profile import PRODUCTION, Profile
from .runner import Result
from .timing import Promise, promised


def listing() -> Table:
    """The drills, for a person who chooses one."""
    table = Table(box=None, pad_edge=False)
    for column in ("drill", "alert", "what it does"):
        table.add_column(column)
    for drill in DRILLS:
        table.add_row(drill.name, drill.alert, drill.does)
    return table


def describe_drill(drill: Drill) -> dict[str, Any]:
    """A drill as JSON."""
    return {
        "drill": drill.name,
        "does": drill.does,
        "alert": drill.alert,
        "labels": dict(drill.labels),
        "also": list(drill.also),
        "silent": list(drill.silent),
        "needs": sorted(drill.needs),
        "production_seconds": _describe_promise(promised(drill, PRODUCTION)),
    }


def describe(result: Result, profile: Profile) -> dict[str, Any]:
    """A result as JSON: the moments in UTC, and their distance from the fault in seconds."""
    moments = {
        "fault_in": result.fault_in,
        "pending": result.pending,
        "firing": result.firing,
        **{f"{channel}_received": at for channel, at in result.received.items()},
        "fault_out": result.fault_out,
        **{f"{channel}_resolved": at for channel, at in result.resolved.items()},
    }
    known = {name: at for name, at in moments.items() if at is not None}
    return {
        **describe_drill(result.drill),
        "passed": result.passed,
        "problems": result.problems,
        "profile": profile.name,
        "profile_seconds": _describe_promise(promised(result.drill, profile)),
        "moments": {name: datetime.fromtimestamp(at, UTC).isoformat() for name, at in known.items()},
        "seconds": {name: round(at - result.fault_in, 2) for name, at in known.items()},
        "stayed_silent": sorted(stayed_silent(result)),
        "also_told": sorted(also_told(result)),
        "values": result.values,
        "trace_id": result.trace_id,
        "notifications": result.notifications,
    }


def stayed_silent(result: Result) -> set[str]:
    """Names of alerts that were inhibited and sent no notification."""
    return result.inhibited - {message.alert for message in result.messages}


def also_told(result: Result) -> set[str]:
    """Names of other alerts that people were notified of during the drill."""
    notified = {message.alert for message in result.messages if not message.resolved}
    return notified - {result.drill.alert, ""}


def table(results: Iterable[Result]) -> Table:
    """Results side by side, in seconds after the fault; production's seconds are computed from its settings."""
    shown = Table(box=None, pad_edge=False)
    for column in ("drill", "alert", "seen", "firing", "email", "slack", "undone", "over", "stayed silent"):
        shown.add_column(column, justify="left" if column in ("drill", "alert", "stayed silent") else "right")
    shown.add_column("production", justify="right")
    for result in results:
        over = max(result.resolved.values(), default=None)
        times = (
            result.pending,
            result.firing,
            result.received.get("email"),
            result.received.get("slack"),
            result.fault_out,
            over,
        )
        promise = promised(result.drill, PRODUCTION)
        shown.add_row(
            result.drill.name,
            Text(result.drill.alert, style="green" if result.passed else "red"),
            *("" if at is None else f"{at - result.fault_in:.1f}" for at in times),
            ", ".join(sorted(stayed_silent(result))),
            f"{promise.typical:.0f} to {promise.latest:.0f}",
        )
    return shown


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """Seconds from fault to mailbox over the drills: measured here, and computed for production."""
    measured = [
        result.received["email"] - result.fault_in for result in results if "email" in result.received
    ]
    promises = [promised(result.drill, PRODUCTION) for result in results]
    return {
        "drills": len(results),
        "passed": sum(result.passed for result in results),
        "measured_mailbox_seconds": _quantiles(measured),
        "production_mailbox_seconds": {
            "typical": _quantiles([promise.typical for promise in promises]),
            "latest": _quantiles([promise.latest for promise in promises]),
        },
    }


def write_evidence(folder: Path, result: Result, profile: Profile) -> Path:
    """Write a drill's report and its messages; returns the drill's folder."""
    mine = folder / result.drill.name
    make_folder(mine)
    report = json.dumps(describe(result, profile), indent=2)
    write_secret(mine / "report.json", report + "\n")
    for number, message in enumerate(result.messages, 1):
        when = datetime.fromtimestamp(message.at, UTC).isoformat()
        text = f"{message.channel}, {when}\nSubject: {message.subject}\n\n{message.text}"
        write_secret(mine / f"{number:03}-{message.channel}.txt", text)
    return mine


def _describe_promise(promise: Promise) -> dict[str, float]:
    return {"typical": round(promise.typical, 1), "latest": round(promise.latest, 1)}


def _quantiles(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    # The nearest rank: over so few drills an interpolation would claim more than there is.
    p95 = ordered[min(len(ordered) - 1, -(-95 * len(ordered) // 100) - 1)]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(p95, 1)}
