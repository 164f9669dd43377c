"""Makes the page: one HTML file that needs nothing else. The console serves the same parts, with newer data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..._version import __version__
from ..shown import visible
from . import units
from .gather import Report
from .view import View
from .waterfalls import Waterfall

_CODE = re.compile(r"`([^`]+)`")
#: Style, scripts and the charting library.
STATIC = Path(__file__).parent / "_static"


def page(report: Report) -> str:
    """The page about a report."""
    return template("page.html").render(
        report=report,
        blocks=blocks(report),
        version=__version__,
        moment=units.moment,
        duration=units.duration,
        style=style(),
        library=_script("echarts.min.js"),
        scripts=[_script("charts.js"), _script("report.js")],
    )


def blocks(report: Report) -> dict[str, Markup]:
    """The parts of the page that hold data, by their id."""
    made = {panel_id: draw_view(view, panel_id) for panel_id, view in report.views.items()}
    made["alerts-history"] = draw_view(report.history, "alerts-history")
    made["alerts-current"] = draw_view(report.current, "alerts-current")
    made["traces-slow"] = draw_waterfalls(report.slow, "No trace in this time.")
    made["traces-failed"] = draw_waterfalls(report.failed, "No trace with a failed span in this time.")
    return made


def draw_view(view: View, block: str) -> Markup:
    """What a panel shows, as HTML."""
    return Markup(template("view.html").render(view=view, block=block))


def draw_waterfalls(waterfalls: Sequence[Waterfall], none: str) -> Markup:
    """Traces as HTML; `none` where there are none."""
    return Markup(template("waterfalls.html").render(waterfalls=waterfalls, none=none))


@cache
def environment(*folders: Path) -> jinja2.Environment:
    """Templates of these folders beside those of the report, with their filters."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, Path(__file__).parent / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A name must not turn the order of a line round, or hold what no file may.
        finalize=lambda shown: visible(shown) if type(shown) is str else shown,
    )
    made.filters["data"] = _data
    made.filters["code"] = _code
    # Where a link within the report leads.
    made.filters["place"] = str
    return made


def style() -> Markup:
    """The style sheet of the page."""
    return Markup(_text("report.css"))


def template(name: str) -> jinja2.Template:
    """A template of the page, with its filters."""
    return environment().get_template(name)


def _data(value: Any) -> Markup:
    """JSON that can stand in a script element, whatever its texts hold."""
    compact = json.dumps(_visible(value), separators=(",", ":"), allow_nan=False)
    return Markup(compact.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {_visible(key): _visible(each) for key, each in value.items()}
    return [_visible(each) for each in value] if isinstance(value, Sequence) else value


def _code(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(Markup.escape(visible(text)))))


@cache
def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


@cache
def _script(name: str) -> Markup:
    # The one sequence that would end the element before its end.
    return Markup(_text(name).replace("</script", "<\\/script"))
