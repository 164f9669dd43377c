"""Records every metric of botobs once, and some with odd names; says when, and ends with its input.

`FORKS` makes it fork first, as servers with workers do.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from opentelemetry import metrics

import botobs
from botobs.semconv import Metric, all_metrics

ODD = [
    ("odd.requests", "counter", "{request}"),
    ("odd.requests.total", "counter", "1"),
    ("odd.total.things", "counter", ""),
    ("odd.rate", "gauge", "By/s"),
    ("odd.speed", "gauge", "m/min"),
    ("odd.share", "gauge", "1"),
    ("odd.ratio.of", "gauge", "1"),
    ("odd.size.bytes", "updowncounter", "By"),
    ("odd-with/signs", "histogram", "ms"),
    ("odd__two", "gauge", "Cel"),
    ("odd.percent", "gauge", "%"),
]
ATTRIBUTES: dict[str, Any] = {
    "side": "buy",
    "a.b": True,
    "a_b": 7,
    "_hidden": "x",
    "list": ["a", "b"],
    "empty": "",
}


def record(metric: Metric) -> None:
    """One measurement."""
    meter = metrics.get_meter("recorder")
    if metric.kind.startswith("observable_"):
        metric.create(meter, [lambda _: [metrics.Observation(1, ATTRIBUTES)]])
        return
    instrument = metric.create(meter)
    name = {"histogram": "record", "gauge": "set"}.get(metric.kind, "add")
    getattr(instrument, name)(1, ATTRIBUTES)


def main() -> None:
    """Run."""
    botobs.init(disabled_instrumentations=["all"])
    if "FORKS" in os.environ:
        os.fork()
    with botobs.span("recorded"):
        for metric in all_metrics():
            record(metric)
        for name, kind, unit in ODD:
            record(Metric(name, kind, unit, ""))  # type: ignore[arg-type]
    print("ready", flush=True)
    sys.stdin.read()


main()
