"""`python -m bench.chart`: the main figures of docs/performance.md as bars on a logarithmic scale.

Drawn from the page's table, so that picture and page cannot disagree.
"""

from __future__ import annotations

import math
import re
import statistics
from html import escape
from pathlib import Path

_GROUPS = (
    ("order path: 2 spans, 4 records", "order_path"),
    ("current span, 8 attributes", "span"),
    ("counter add, 2 attributes", "counter_add"),
    ("histogram record, 2 attributes", "histogram_record"),
    ("bound counter add", "bound_counter_add"),
    ("bound histogram record", "bound_histogram_record"),
)
#: Rows of the page's table.
_ROWS = {
    "order path": "order_path",
    "current span, 8 attributes": "span",
    "counter add": "counter_add",
    "histogram record": "histogram_record",
    "bound counter add": "bound_counter_add",
    "bound histogram record": "bound_histogram_record",
}
_ROOT = Path(__file__).parents[1]
PAGE, TARGET = _ROOT / "docs" / "performance.md", _ROOT / "docs" / "images" / "performance.svg"
_PRODUCTS = (("botobs", "#2f9e64"), ("stock", "#6b7a90"), ("logfire", "#c9762b"), ("ddtrace", "#7d5ba6"))
_NAMES = {"stock": "OpenTelemetry SDK"}
_LEFT, _WIDTH, _BAR, _GAP = 250, 760, 15, 16


def _x(microseconds: float) -> float:
    """From 0.03 to 300 microseconds over the width that the bars have."""
    return (math.log10(microseconds) - math.log10(0.03)) / 4 * (_WIDTH - _LEFT - 70)


def draw(figures: dict[str, list[float]], caption: str) -> str:
    """The chart as SVG, from the medians by contender and operation."""
    parts: list[str] = []
    top = 46
    for label, operation in _GROUPS:
        bars = [(name, colour, figures.get(f"{name}: {operation}")) for name, colour in _PRODUCTS]
        shown = [(name, colour, statistics.median(values)) for name, colour, values in bars if values]
        middle = top + len(shown) * _BAR / 2 + 4
        parts.append(
            f'<text x="{_LEFT - 12}" y="{middle:.0f}" text-anchor="end" class="l">{escape(label)}</text>'
        )
        for name, colour, value in shown:
            width = max(_x(value), 2)
            parts.append(
                f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 3}" fill="{colour}" rx="2"/>'
            )
            text = f"{value:.2g}" if value < 10 else f"{value:.0f}"
            parts.append(
                f'<text x="{_LEFT + width + 5:.1f}" y="{top + 10}" class="v">{text} µs {_NAMES.get(name, name)}</text>'
            )
            top += _BAR
        top += _GAP
    height = top + 16
    style = "text{font-family:system-ui,sans-serif;fill:#39424e}.l{font-size:13px}.v{font-size:11px}.c{font-size:11px}"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + 60} {height}" role="img">',
            "<title>What telemetry costs the thread that does the work</title>",
            f'<style>{style}</style><rect width="100%" height="100%" fill="#ffffff"/>',
            '<text x="12" y="24" font-size="15" font-weight="600">'
            "What telemetry costs the thread that does the work (logarithmic; shorter is better)</text>",
            *parts,
            f'<text x="12" y="{height - 10}" class="c">{escape(caption)}</text></svg>\n',
        )
    )


def figures_of(page: str) -> dict[str, list[float]]:
    """The medians in the page's table, in microseconds, by product and operation."""
    found: dict[str, list[float]] = {}
    for row in re.findall(r"^\| (.+?) \| ([\d.]+) \(.*?\| ([\d.]+) \(", page, re.MULTILINE):
        title, ours, theirs = row
        if operation := _ROWS.get(title):
            found[f"botobs: {operation}"] = [float(ours)]
            if not operation.startswith("bound"):
                found[f"stock: {operation}"] = [float(theirs)]
        elif title.endswith(": span") and title.split(":")[0] in ("logfire", "ddtrace"):
            found[title] = [float(theirs)]
    return found


def picture(page: str) -> str:
    """The chart of the figures in a page, as SVG."""
    machine = re.search(r"^On (.+?) \(.*medians of (\d+) rounds", page, re.MULTILINE)
    assert machine is not None
    return draw(figures_of(page), f"Medians of {machine[2]} interleaved rounds; {machine[1]}; make bench")


def main() -> None:
    """Draw the chart of docs/performance.md anew."""
    TARGET.write_text(picture(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
