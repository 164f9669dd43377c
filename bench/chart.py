"""`python -m bench.chart RESULTS.json PICTURE.svg`: the main figures of a run as bars on a logarithmic scale."""

from __future__ import annotations

import json
import math
import statistics
import sys
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
_PRODUCTS = (("botobs", "#2f9e64"), ("stock", "#6b7a90"), ("logfire", "#c9762b"), ("ddtrace", "#7d5ba6"))
_NAMES = {"stock": "OpenTelemetry SDK"}
_LEFT, _WIDTH, _BAR, _GAP = 250, 760, 15, 16


def _x(microseconds: float) -> float:
    """From 0.03 to 300 microseconds over the width that the bars have."""
    return (math.log10(microseconds) - math.log10(0.03)) / 4 * (_WIDTH - _LEFT - 70)


def draw(figures: dict[str, list[float]], caption: str) -> str:
    """The picture."""
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


def main() -> None:
    """Read the results, write the picture."""
    source, target = map(Path, sys.argv[1:3])
    results = json.loads(source.read_text())
    caption = f"Medians of {results['rounds']} interleaved rounds; {results['machine']}; make bench"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draw(results["microseconds"], caption))


if __name__ == "__main__":
    main()
