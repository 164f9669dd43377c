"""Makes the page: one HTML file that needs nothing else."""

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

_CODE = re.compile(r"`([^`]+)`")
_STATIC = Path(__file__).parent / "_static"


def page(report: Report, refresh: int = 0) -> str:
    """The page.

    Args:
        report: What it shows.
        refresh: Seconds after which it asks for newer data where it came from; 0 for a file, which stays as it is.
    """
    return template("page.html").render(
        report=report,
        blocks=blocks(report),
        refresh=refresh,
        version=__version__,
        moment=units.moment,
        duration=units.duration,
        style=style(),
        library=_script("echarts.min.js"),
        script=_script("report.js"),
    )


def blocks(report: Report) -> dict[str, Markup]:
    """The parts of the page that change with the data, by their id."""
    made = {panel_id: _view(view, panel_id) for panel_id, view in report.views.items()}
    made["alerts-history"] = _view(report.history, "alerts-history")
    made["alerts-current"] = _view(report.current, "alerts-current")
    waterfalls = template("waterfalls.html")
    made["traces-slow"] = Markup(waterfalls.render(waterfalls=report.slow, none="No trace in this time."))
    made["traces-failed"] = Markup(
        waterfalls.render(waterfalls=report.failed, none="No trace with a failed span in this time.")
    )
    window = f"{units.moment(report.window.start)} to {units.moment(report.window.end)} UTC"
    made["when"] = Markup.escape(window)
    return made


def _view(view: View, block: str) -> Markup:
    return Markup(template("view.html").render(view=view, block=block))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A name must not turn the order of a line round, or hold what no file may.
        finalize=lambda shown: visible(shown) if type(shown) is str else shown,
    )
    environment.filters["data"] = _data
    environment.filters["code"] = _code
    return environment


def style() -> Markup:
    """The style sheet of the page."""
    return Markup(_text("report.css"))


def template(name: str) -> jinja2.Template:
    """A template of the page, with its filters."""
    return _environment().get_template(name)


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
    return (_STATIC / name).read_text(encoding="utf-8")


@cache
def _script(name: str) -> Markup:
    # The one sequence that would end the element before its end.
    return Markup(_text(name).replace("</script", "<\\/script"))
