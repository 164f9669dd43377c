"""Draws the frame of a page and what stands in its places."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from ..._sdk.units import age
from ..._version import __version__
from ..access.people import Role
from ..errors import UserError, mendable
from ..report import units
from ..report.backends import Refused
from ..report.page import environment
from ..report.view import View
from ..why import times
from .ranges import CHOICES
from .request import Page, Request

logger = logging.getLogger(__name__)

#: The navigation: the first part of an address, and its words. What is urgent stands first.
PLACES = {
    "": "Alerts",
    "orders": "Orders",
    "bots": "Bots",
    "dashboards": "Dashboards",
    "traces": "Traces",
    "why": "Why",
    "runbooks": "Runbooks",
}
#: Seconds between two looks that can be chosen.
_REFRESHES = (0, 5, 15, 60)


def page(made: Page, request: Request) -> str:
    """The frame of a page."""
    here = "/" + "/".join(request.path)
    return render(
        made.template,
        page=made,
        here=here,
        environment=request.running.environment,
        role=request.role,
        who=request.visitor.name,
        range=request.range,
        choices=CHOICES,
        refreshes=_REFRESHES,
        query=request.query,
        now=round(time.time() * 1000),
        **made.context,
    )


def stranger(problem: str = "", provider: str = "", target: str = "/", left: str = "") -> str:
    """What is shown to whoever is not let in.

    Args:
        problem: What was wrong with what he gave.
        provider: The OpenID provider where he may sign in; empty where there is none.
        target: The page that he wanted.
        left: Of who has just signed out, where he had signed in: `here`, or at the provider, `there`.
    """
    return render("sign-in.html", problem=problem, provider=provider, target=target, left=left)


def refusal(problem: str, role: Role) -> str:
    """What is shown where a wish cannot be met."""
    first, _, way_out = problem.partition("\n")
    return render("refusal.html", problem=first, way_out=way_out, role=role)


def render(template: str, **values: Any) -> str:
    """A template of the console, filled."""
    return (
        _templates()
        .get_template(template)
        .render({"places": PLACES, "version": __version__, "moment": units.moment, **values})
    )


def block(template: str, **values: Any) -> Markup:
    """The same as a part of a page."""
    return Markup(render(template, **values))


def view(found: View, name: str) -> Markup:
    """What a panel shows."""
    return block("view.html", view=found, block=name)


def note(text: str) -> Markup:
    """One sentence in place of a block."""
    return block("note.html", text=text)


async def safely(make: Callable[[], Awaitable[Markup]]) -> Markup:
    """A block, or why there is none: what is wrong with one is no matter of the others."""
    try:
        return await make()
    except Refused as error:
        return block("note.html", text=str(error), refused=True)
    except Exception as error:
        problem = mendable(error)
        if problem is None:
            logger.exception("a block could not be made")
            problem = UserError(f"This is a fault of the console ({type(error).__name__}); its log has more.")
        return block("note.html", text=str(problem), refused=True)


@cache
def _templates() -> jinja2.Environment:
    made = environment(Path(__file__).parent / "templates")
    made.filters["part"] = _part
    made.filters["place"] = _place
    made.filters["seconds"] = units.duration
    made.filters["age"] = age
    made.filters["times"] = times
    return made


def _part(name: str) -> str:
    """A name as one part of an address, whatever it is called."""
    return quote(name, safe="")


def _place(link: str) -> str:
    """Where a link within the report leads in the console."""
    if link.startswith("#trace-"):
        return f"/traces/{link.removeprefix('#trace-')}"
    return f"/dashboards/{link.removeprefix('#')}" if link.startswith("#") else link
