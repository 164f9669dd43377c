"""Which page an address is, and which change a form makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from ..report.page import STATIC
from .pages import alerts, bots, dashboards, orders, runbooks, silences, traces, why
from .request import Answer, NoSuchPage, Redirect, Request
from .response import Response

_PAGES: Mapping[str, Callable[[Request], Answer]] = {
    "orders": orders.page,
    "bots": bots.page,
    "dashboards": dashboards.page,
    "traces": traces.page,
    "why": why.page,
    "runbooks": runbooks.page,
    "answers": runbooks.answer,
    "silences": silences.page,
}
_CHANGES: Mapping[str, Callable[[Request], Redirect]] = {"silences": silences.change}
_KINDS = {".js": "text/javascript", ".css": "text/css"}


def page(request: Request) -> Answer:
    """The page of an address.

    Raises:
        NoSuchPage: There is none.
    """
    if not request.path:
        return alerts.page(request)
    make = _PAGES.get(request.path[0])
    if make is None:
        raise _unknown(request)
    return make(request)


def change(request: Request) -> Redirect:
    """Make a change.

    Raises:
        NoSuchPage: There is none of that name.
        Forbidden: Who asks may only look.
    """
    request.require_operator()
    make = _CHANGES.get(request.path[0]) if request.path else None
    if make is None:
        raise _unknown(request)
    return make(request)


def static(path: list[str]) -> Response:
    """A file of the pages."""
    found = _files().get("/".join(path))
    if found is None:
        return Response(404, "text/plain", "not found\n")
    # They change with an upgrade alone; a look at whether they have costs a request each.
    text = found.read_text(encoding="utf-8")
    return Response(200, _KINDS[found.suffix], text, {"Cache-Control": "private, max-age=300"})


@cache
def _files() -> dict[str, Path]:
    folders = (STATIC, Path(__file__).parent / "static")
    return {file.name: file for folder in folders for file in folder.iterdir() if file.suffix in _KINDS}


def _unknown(request: Request) -> NoSuchPage:
    return NoSuchPage(f"there is no page /{'/'.join(request.path)}")
