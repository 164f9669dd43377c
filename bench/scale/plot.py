"""`python -m bench.scale.plot RESULTS.json PICTURE.svg`: what one bot costs, over the number of bots."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

Run = Mapping[str, Any]

_PANELS: Sequence[tuple[str, Callable[[Run, int], float]]] = (
    ("series for each bot", lambda run, bots: run["service_series"] / bots),
    ("bytes of telemetry for each bot, a second", lambda run, bots: _bytes(run) / bots),
    ("CPU of the pipeline for each bot, thousandths of a core", lambda run, bots: _cores(run) / bots * 1000),
    (
        "memory of the pipeline for each bot, MiB",
        lambda run, bots: sum(run["memory"].values()) / bots / 2**20,
    ),
    ("an evaluation of all rules, milliseconds", lambda run, _: run["rules"] * 1000),
    ("a query of the overview, median, milliseconds", lambda run, _: run["overview"][0] * 1000),
)
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 300, 150, 56, 64, 74


def _bytes(run: Run) -> float:
    """Stored: two for a sample, and what a span takes on disk."""
    return float(run["points"] * 2 + run["spans"] * run["span_bytes"])


def _cores(run: Run) -> float:
    return float(sum(run["cpu"].values()))


def draw(runs: Sequence[Run], caption: str) -> str:
    """The picture: a panel a quantity, both axes logarithmic."""
    bots = [run["workload"]["bots"] for run in runs]
    parts = [
        _panel(place, title, [(count, value(run, count)) for run, count in zip(runs, bots, strict=True)])
        for place, (title, value) in enumerate(_PANELS)
    ]
    width = 2 * (_WIDTH + _LEFT) + 60
    height = _TOP + (len(_PANELS) + 1) // 2 * (_HEIGHT + _GAP)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            "<title>What one bot costs, over the number of bots</title>",
            "<style>text{font-family:system-ui,sans-serif;fill:#39424e;font-size:11px}.t{font-size:13px}</style>",
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            '<text x="12" y="24" style="font-size:15px" font-weight="600">Growth: what one bot costs, over the '
            "number of bots (both axes logarithmic)</text>",
            *parts,
            f'<text x="12" y="{height - 8}">{escape(caption)}</text></svg>\n',
        )
    )


def _panel(place: int, title: str, points: Sequence[tuple[float, float]]) -> str:
    left = _LEFT + place % 2 * (_WIDTH + _LEFT + 20)
    top = _TOP + place // 2 * (_HEIGHT + _GAP)
    values = [value for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    first, last = math.log10(points[0][0]), math.log10(points[-1][0])

    def x(count: float) -> float:
        return left + (math.log10(count) - first) / (last - first) * _WIDTH

    def y(value: float) -> float:
        return top + _HEIGHT - (math.log10(value) - low) / (high - low) * _HEIGHT

    lines = [f'<text x="{left}" y="{top - 12}" class="t">{escape(title)}</text>']
    for exponent in range(low, high + 1):
        height = y(10**exponent)
        lines.append(f'<path d="M{left} {height:.1f}h{_WIDTH}" stroke="#e3e7ec"/>')
        lines.append(f'<text x="{left - 6}" y="{height + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>')
    path = " ".join(f"{x(count):.1f},{y(value):.1f}" for count, value in points)
    lines.append(f'<polyline points="{path}" fill="none" stroke="#2f9e64" stroke-width="2"/>')
    for count, value in points:
        lines.append(f'<circle cx="{x(count):.1f}" cy="{y(value):.1f}" r="3" fill="#2f9e64"/>')
        lines.append(
            f'<text x="{x(count):.1f}" y="{y(value) - 7:.1f}" text-anchor="middle">{value:.3g}</text>'
        )
        lines.append(
            f'<text x="{x(count):.1f}" y="{top + _HEIGHT + 16}" text-anchor="middle">{count:,}</text>'
        )
    return "".join(lines)


def main() -> None:
    """Read the results, write the picture."""
    source, target = map(Path, sys.argv[1:3])
    results = json.loads(source.read_text())
    runs = [run for run in results["runs"] if run["set"] == "growth"]
    target.write_text(draw(runs, f"{results['machine']}; one machine; make bench-scale"))


if __name__ == "__main__":
    main()
