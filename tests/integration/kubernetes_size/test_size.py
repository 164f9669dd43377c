"""What platforms cost the chart's pods, beside what `botobs size` says of them.

`python -m bench.scale.fit .botobs/scale-pods.json` takes the figures for its coefficients.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from bench._harness import machine
from bench.scale.fit import predicted
from bench.scale.platform import Workload
from tests.support.configs import ROOT
from tests.support.kubernetes import measured
from tests.support.platforms import Record

_RESULTS = ROOT / ".botobs" / "scale-pods.json"
#: Two cores have the cluster itself to carry too. The coefficients are made of the first ones alone.
_WORKLOADS = [
    ("kubernetes", Workload(services=1, bots=10, exchanges=1, orders=0.5)),
    ("kubernetes", Workload(services=2, bots=100, exchanges=2, orders=50)),
    ("kubernetes", Workload(services=5, bots=1000, exchanges=4, orders=20)),
    ("kubernetes checks", Workload(services=2, bots=50, exchanges=1, orders=10)),
    ("kubernetes checks", Workload(services=4, bots=400, exchanges=3, orders=30)),
]
#: Seconds before the measurement, and of it.
_WARM_UP, _WINDOW = 45, 45
#: What does not depend on what else the machine does.
_STEADY = ("series", "points", "spans", "memory")


@pytest.fixture(scope="module")
def pods() -> Iterator[measured.Pods]:
    """The chart on a cluster of one node."""
    with measured.installed() as installed:
        yield installed


@pytest.fixture(scope="module")
def results() -> Path:
    """The file of the figures, without any."""
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps({"machine": machine(), "runs": []}))
    return _RESULTS


@pytest.mark.parametrize(
    ("name", "workload"), _WORKLOADS, ids=[f"{each.bots} bots" for _, each in _WORKLOADS]
)
def test_it_is_predicted(
    pods: measured.Pods, results: Path, name: str, workload: Workload, record_property: Record
) -> None:
    run = {"set": name, **asdict(pods.measure(workload, _WARM_UP, _WINDOW))}
    kept = json.loads(results.read_text())
    kept["runs"].append(run)
    results.write_text(json.dumps(kept, indent=1))
    pairs = predicted(run)
    for what, (said, found) in pairs.items():
        record_property(
            f"{workload.bots} bots: {what}", f"{said:,.4g} of {found:,.4g} ({said / found - 1:+.0%})"
        )
    assert {what for what in _STEADY if abs(pairs[what][0] / pairs[what][1] - 1) > 0.25} == set()
