"""`python -m bench.scale.fit RESULTS.json`: from the measured runs, the coefficients that `botobs size` takes.

Each quantity is a sum of causes, none of which makes it smaller; the coefficients are those with the least squares of
the relative errors, so that a small platform counts as much as a large one. The runs of the set `checks` stay out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import botobs
from botobs._ops import sizing
from testbed.otlp_receiver import receiving

from .service import Platform

_PATHS = ("/v1/metrics", "/v1/traces")
Run = Mapping[str, Any]

Causes = Mapping[str, Callable[[Run], float]]

_CONSTANT: Causes = {"constant": lambda _: 1.0}
#: What a part's cores and memory depend on, besides its being there.
_LOADS: Mapping[str, Causes] = {
    "collector": {"point": lambda run: run["points"], "span": lambda run: run["spans"]},
    "prometheus": {"series": lambda run: run["series"], "point": lambda run: run["points"]},
    "tempo": {"span": lambda run: run["spans"]},
    "alertmanager": {},
}
#: The same for the tiers of a cluster.
_CLUSTER_LOADS: Mapping[str, Causes] = {
    **dict.fromkeys(("collector", "gateway", "front", "object-store"), _LOADS["collector"]),
    "mimir": _LOADS["prometheus"],
    **dict.fromkeys(
        (
            "tempo-distributor",
            "tempo-ingester",
            "tempo-metrics-generator",
            "tempo-querier",
            "tempo-query-frontend",
            "tempo-compactor",
        ),
        _LOADS["tempo"],
    ),
    "prometheus": {},
    "alertmanager": {},
}
#: The same for the chart's pods.
_POD_LOADS: Mapping[str, Causes] = {
    **dict.fromkeys(("agent", "gateway", "object-store"), _LOADS["collector"]),
    "mimir": _LOADS["prometheus"],
    "tempo": _LOADS["tempo"],
    "scraper": {},
    "alertmanager": {},
}
#: Parts whose most memory follows what they compact at the moment, more than the load: it is the most that was seen.
_BOUNDED = {"tempo"}
#: What the amounts of telemetry depend on.
_AMOUNTS: Mapping[str, Causes] = {
    "service_series": {
        "service": lambda run: run["workload"]["services"],
        "service_and_exchange": lambda run: run["workload"]["services"] * run["workload"]["exchanges"],
        "bot": lambda run: run["workload"]["bots"],
    },
    # The constant is what the stack says of itself.
    "points": {**_CONSTANT, "service_series": lambda run: run["service_series"]},
    "spans": {"order": lambda run: run["orders"], "turn": lambda run: _turns(run)},
}


def _turns(run: Run) -> float:
    """Turns a second; the services turn as often as they order, if that is more."""
    workload = run["workload"]
    return float(max(workload["bots"] / workload["turn_seconds"], workload["orders"]))


def solve(rows: Sequence[Sequence[float]], values: Sequence[float]) -> list[float]:
    """Coefficients, none negative, with the least squares of the relative errors; by coordinate descent."""
    scaled = [[cell / value for cell in row] for row, value in zip(rows, values, strict=True)]
    found = [0.0] * len(rows[0])
    for _ in range(20_000):
        for column in range(len(found)):
            weight = sum(row[column] ** 2 for row in scaled)
            rest = [
                1
                - sum(
                    cell * one
                    for place, (cell, one) in enumerate(zip(row, found, strict=True))
                    if place != column
                )
                for row in scaled
            ]
            best = (
                sum(row[column] * one for row, one in zip(scaled, rest, strict=True)) / weight
                if weight
                else 0.0
            )
            found[column] = max(0.0, best)
    return found


def fit_amounts(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    """Coefficients of the amounts of telemetry, by amount and cause."""
    return {
        amount: _fitted(runs, causes, [run[amount] for run in runs]) for amount, causes in _AMOUNTS.items()
    }


def fit_parts(runs: Sequence[Run], loads: Mapping[str, Causes]) -> dict[str, dict[str, dict[str, float]]]:
    """Coefficients of what each part needs: part, `cpu`, `memory` or `peak`, cause."""
    fitted = {
        part: {
            what: _fitted(runs, {**_CONSTANT, **causes}, [run[what][part] for run in runs])
            for what in ("cpu", "memory", "peak")
        }
        for part, causes in loads.items()
    }
    for part in _BOUNDED & fitted.keys():
        fitted[part]["peak"] = {"constant": max(run["peak"][part] for run in runs)}
    return fitted


def _fitted(runs: Sequence[Run], causes: Causes, values: Sequence[float]) -> dict[str, float]:
    rows = [[cause(run) for cause in causes.values()] for run in runs]
    return dict(zip(causes, solve(rows, values), strict=True))


def queued_bytes() -> tuple[float, float]:
    """Bytes of a stored sample and of a span while they wait in the collector's queue, which does not compress them."""
    with receiving() as receiver:
        handle = botobs.init("scale-000", endpoint=receiver.endpoint, metric_interval=3600)
        platform = Platform(0, 50, 2)
        for place in range(500):
            platform.turn(place, with_order=True)
        for calls in platform.calls:
            calls.record()
        handle.shutdown()
    sizes = {path: sum(len(one.body) for one in receiver.accepted if one.path == path) for path in _PATHS}
    points = (
        point
        for one in receiver.metric_exports
        for scope in one.scope_metrics
        for metric in scope.metrics
        for point in getattr(metric, metric.WhichOneof("data")).data_points
    )
    # Prometheus stores a histogram as its buckets, sum and count.
    samples = sum(len(point.bucket_counts) + 2 if hasattr(point, "bucket_counts") else 1 for point in points)
    return sizes["/v1/metrics"] / samples, sizes["/v1/traces"] / len(receiver.spans)


def predicted(run: Run) -> dict[str, tuple[float, float]]:
    """What is predicted for a run's workload, and what was measured, by what it is."""
    workload = run["workload"]
    size = sizing.predict(
        sizing.Platform(
            services=workload["services"],
            bots=workload["bots"],
            exchanges=workload["exchanges"],
            orders_per_second=workload["orders"],
            turn_seconds=min(workload["turn_seconds"], workload["bots"] / workload["orders"]),
        ),
        profile=_profile(run),
    )
    tiers = {tier.name: tier.memory + tier.peak for tier in size.tiers}
    return {
        **{name: (getattr(size, name), run[name]) for name in ("series", "points", "spans")},
        "cores": (size.cores, sum(run["cpu"].values())),
        "memory": (size.memory, sum(run["memory"].values())),
        "peak": (sum(tiers.values()), sum(run["peak"].values())),
        **{part: (tiers[part], run["peak"][part]) for part in ("mimir", "tempo") if part in tiers},
    }


def _compared(run: Run) -> str:
    """The same as a row of a table."""
    workload = run["workload"]
    cells = [run["set"], str(workload["services"]), str(workload["bots"]), f"{workload['orders']:g}"]
    cells += [
        f"{name}: {said:,.4g} of {measured:,.4g} ({said / measured - 1:+.0%})"
        for name, (said, measured) in predicted(run).items()
    ]
    return f"| {' | '.join(cells)} |"


def _profile(run: Run) -> str:
    """Of `botobs size`, by the set that a run is of."""
    first = run["set"].partition(" ")[0]
    return first if first in sizing.PROFILES else "machine"


def main() -> None:
    """Fit, and write the coefficients where `botobs size` reads them; what was not measured anew stays."""
    results = json.loads(Path(sys.argv[1]).read_text())
    made = json.loads(sizing.MEASURED.read_text())
    by_set: dict[str, list[Run]] = {}
    for run in results["runs"]:
        by_set.setdefault(run["set"], []).append(run)
    if runs := [*by_set.get("growth", ()), *by_set.get("further", ())]:
        made |= _fit_machine(runs) | {"measured_on": results["machine"]}
    for profile, loads in (("cluster", _CLUSTER_LOADS), ("kubernetes", _POD_LOADS)):
        if runs := by_set.get(profile, []):
            by_series = made["amounts"]["points"]["service_series"]
            made[profile] = {
                "series": median(run["series"] - run["service_series"] for run in runs),
                "points": median(run["points"] - by_series * run["service_series"] for run in runs),
                "parts": fit_parts(runs, loads),
            }
    sizing.MEASURED.write_text(json.dumps(made, indent=1) + "\n")
    for run in results["runs"]:
        print(_compared(run))


def _fit_machine(runs: Sequence[Run]) -> dict[str, Any]:
    """Of a stack of one process each, and what every profile shares with it."""
    point, span = queued_bytes()
    amounts = fit_amounts(runs)
    return {
        "span_bytes": median(run["span_bytes"] for run in runs),
        "queued_point_bytes": point,
        "queued_span_bytes": span,
        "amounts": amounts,
        "machine": {
            "series": median(run["series"] - run["service_series"] for run in runs),
            "points": amounts["points"].pop("constant"),
            "parts": fit_parts(runs, _LOADS),
        },
    }


if __name__ == "__main__":
    main()
