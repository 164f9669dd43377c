"""`python -m bench.scale RESULTS.json`: run the workloads one after the other; each is written down when it is done."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .._harness import machine
from .platform import Cost, Workload, measure

#: The same orders for each bot, so that only the number of bots grows.
GROWTH = (
    Workload(services=1, bots=10, exchanges=1, orders=0.5),
    Workload(services=1, bots=100, exchanges=2, orders=5),
    Workload(services=5, bots=1000, exchanges=4, orders=50),
    Workload(services=20, bots=4000, exchanges=4, orders=200),
    Workload(services=40, bots=8000, exchanges=4, orders=400),
)
#: Besides those, so that what depends on bots and what depends on orders can be told apart.
FURTHER = (
    Workload(services=2, bots=100, exchanges=2, orders=50),
    Workload(services=8, bots=1000, exchanges=4, orders=5),
    Workload(services=12, bots=60, exchanges=6, orders=2),
)
#: What the prediction is compared with; it does not know of them.
CHECKS = (
    Workload(services=2, bots=50, exchanges=1, orders=10),
    Workload(services=4, bots=400, exchanges=3, orders=30),
    Workload(services=10, bots=2000, exchanges=4, orders=60),
)
#: Run as a cluster, to see what each of its tiers takes.
CLUSTERS = (
    Workload(services=1, bots=100, exchanges=2, orders=5),
    Workload(services=2, bots=100, exchanges=2, orders=50),
    Workload(services=5, bots=1000, exchanges=4, orders=50),
)
SETS = {"growth": GROWTH, "further": FURTHER, "checks": CHECKS, "cluster": CLUSTERS}


def main() -> None:
    """Measure, print a line each."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument(
        "results", type=Path, help="where the figures go; what is there already is not measured again"
    )
    parser.add_argument("--bots", type=int, default=10**9, help="no workload with more bots (default: all)")
    parser.add_argument(
        "--warm-up", type=float, default=45, help="seconds before the measurement (default: 45)"
    )
    parser.add_argument("--window", type=float, default=60, help="seconds of the measurement (default: 60)")
    options = parser.parse_args()
    saved: dict[str, Any] = {"machine": machine(), "runs": []}
    if options.results.exists():
        saved = json.loads(options.results.read_text())
    done = [(run["set"], run["workload"]) for run in saved["runs"]]
    wanted = [
        (name, workload)
        for name, workloads in SETS.items()
        for workload in workloads
        if (name, asdict(workload)) not in done and workload.bots <= options.bots
    ]
    for name, workload in wanted:
        cost = measure(workload, options.warm_up, options.window, cluster=name == "cluster")
        saved["runs"].append({"set": name, **asdict(cost)})
        options.results.write_text(json.dumps(saved, indent=1) + "\n")
        _print(cost)


def _print(cost: Cost) -> None:
    cores = ", ".join(f"{part} {used:.2f}" for part, used in cost.cpu.items())
    print(
        f"{cost.workload.bots} bots in {cost.workload.services} services, {cost.orders:.1f} orders/s: "
        f"{cost.series:,.0f} series, {cost.points:,.0f} points/s, {cost.spans:,.0f} spans/s; cores: {cores}; "
        f"lost {cost.lost:.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
