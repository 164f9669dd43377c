"""`python -m bench`: everything, as a table. `--help` says what can be left out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import exporting, logs, metrics, order_path, spans
from ._harness import Figure, Results, interleave, machine, ratio, workers

#: What is compared: label, operation, ours, theirs, operation of theirs, at least, goal.
ROWS = (
    ("order path", "order_path", "botobs", "stock", "order_path", 8, 15),
    ("current span, 8 attributes", "span", "botobs", "stock", "span", 6, 10),
    ("child span, 8 attributes", "child_span", "botobs", "stock", "child_span", 6, 10),
    ("the same by botobs.span", "own_span", "botobs", "stock", "span", 0, 0),
    ("counter add", "counter_add", "botobs", "stock", "counter_add", 4, 8),
    ("histogram record", "histogram_record", "botobs", "stock", "histogram_record", 4, 8),
    ("bound counter add", "bound_counter_add", "botobs", "stock", "counter_add", 40, 100),
    ("bound histogram record", "bound_histogram_record", "botobs", "stock", "histogram_record", 25, 60),
    ("unsampled root, to a sampled one", "span", "botobs unsampled", "stock", "span", 10, 20),
    (
        "unsampled root, to an unsampled one",
        "span",
        "botobs unsampled",
        "stock unsampled",
        "span",
        10,
        20,
    ),
    (
        "unsampled child, to a sampled one",
        "child_span",
        "botobs unsampled",
        "stock",
        "child_span",
        10,
        20,
    ),
    (
        "unsampled child, to an unsampled one",
        "child_span",
        "botobs unsampled",
        "stock unsampled",
        "child_span",
        10,
        20,
    ),
    ("disabled: span, to a recorded one", "span", "botobs disabled", "stock", "span", 10, 20),
    ("disabled: span, to a disabled one", "span", "botobs disabled", "stock disabled", "span", 10, 20),
    (
        "disabled: counter add, to a recorded one",
        "counter_add",
        "botobs disabled",
        "stock",
        "counter_add",
        10,
        20,
    ),
    ("the stock engine behind botobs: span", "span", "botobs stock", "stock", "span", 1, 1),
    ("logfire: span", "span", "botobs", "logfire", "span", 0, 0),
    ("ddtrace: span", "span", "botobs", "ddtrace", "span", 0, 0),
)


def _shown(figure: Figure, digits: int = 2) -> str:
    low, high = figure.spread
    return f"{figure.median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(results: Results) -> list[str]:
    """The comparison as Markdown: medians with quartiles."""
    lines = [
        _line(["what", "botobs, µs", "compared with, µs", "cheaper by", "at least", "goal"]),
        _line(["---"] * 6),
    ]
    for label, operation, ours, theirs, their_operation, least, goal in ROWS:
        mine, other = results.figure(ours, operation), results.figure(theirs, their_operation)
        if mine is not None and other is not None:
            aims = [f"{least} x", f"{goal} x"] if least else ["", ""]
            lines.append(
                _line([label, _shown(mine, 3), _shown(other), f"{_shown(ratio(mine, other), 1)} x", *aims])
            )
    return lines


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", choices=("order_path", "spans", "metrics", "logs", "cpu", "lag"), action="append"
    )
    parser.add_argument("--rounds", type=int, default=9, help="rounds after the warm-up")
    parser.add_argument("--spans", type=int, default=50_000, help="spans a round of the CPU measurement")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="seconds a round of the event-loop measurement"
    )
    parser.add_argument("--peers", help="a Python that has logfire and ddtrace; without it they are left out")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    options = parser.parse_args()
    wanted: Callable[[str], bool] = lambda name: not options.only or name in options.only  # noqa: E731
    saved: dict[str, Any] = {"machine": machine(), "rounds": options.rounds}
    print(
        f"{saved['machine']}; medians of {options.rounds} interleaved rounds, quartiles in brackets; "
        "µs of CPU of the calling thread",
        flush=True,
    )
    results = Results()
    for name, module in (("order_path", order_path), ("spans", spans), ("metrics", metrics)):
        if wanted(name):
            with workers(module.CONTENDERS, options.peers) as running:
                results.figures |= interleave(running, module.PLAN, options.rounds).figures
    if results.figures:
        print("\n".join(["", *table(results)]), flush=True)
        saved["microseconds"] = {f"{who}: {what}": values for (who, what), values in results.figures.items()}
    if wanted("logs"):
        with workers(logs.CONTENDERS, None) as running:
            added = logs.added(interleave(running, logs.PLAN, options.rounds))
        print("\nµs that the export of a log record adds to the call of the logger:")
        for name, figure in added.items():
            print(f"  {name:14} {_shown(figure)}", flush=True)
        print(f"  botobs is cheaper by {_shown(logs.cheaper(added), 1)} x (goal 3 x)", flush=True)
        saved["logs"] = {name: figure.values for name, figure in added.items()}
    if wanted("cpu"):
        saved["cpu"] = {}
        print("\nCPU seconds of the process for 1,000,000 spans, from creation to the socket:")
        with workers(exporting.CONTENDERS, None) as running:
            for label, unique in (("8 attributes that repeat", False), ("and an order's id each", True)):
                cpu = exporting.cpu(running, options.spans, min(options.rounds, 5), unique)
                for name, figure in cpu.items():
                    times = f"{_shown(ratio(cpu['botobs'], figure), 1)} x botobs'"
                    print(f"  {label:25} {name:14} {_shown(figure, 1)}   {times}", flush=True)
                saved["cpu"][label] = {name: figure.values for name, figure in cpu.items()}
    if wanted("lag"):
        with workers(exporting.CONTENDERS, None) as running:
            lag = exporting.lag(running, 10_000, options.seconds, min(options.rounds, 5))
        print("\nDelay in ms of a 1 ms timer on the event loop at 10,000 spans/s:")
        for name, percentiles in lag.items():
            shown = "   ".join(f"{key} {_shown(value)}" for key, value in percentiles.items())
            print(f"  {name:14} {shown}", flush=True)
        saved["lag"] = {name: {key: value.values for key, value in one.items()} for name, one in lag.items()}
    if options.json:
        options.json.write_text(json.dumps(saved, indent=1) + "\n")


if __name__ == "__main__":
    main()
