"""Keeps an alert quiet for a time, and ends that; who did so is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
from markupsafe import Markup

from ...access import audit, clients
from ...alerting.alertmanager import Alertmanager, agreed
from ...errors import UserError
from ...report.backends import Refused
from .. import frame
from ..request import Page, Redirect, Request

#: How long: the seconds, and what people read.
_LASTS = {
    900: "15 minutes",
    3600: "1 hour",
    14400: "4 hours",
    28800: "8 hours",
    86400: "1 day",
    604800: "7 days",
}
#: Labels that a silence can be narrowed to.
GROUPED = ("deployment_environment_name", "service_name", "exchange_name", "botobs_bot_id")


def page(request: Request) -> Page:
    """The form; what it is about is in the address: a name, and labels."""
    name = request.path[1] if len(request.path) > 1 else ""
    given = {key: request.query[key] for key in GROUPED if request.query.get(key)}

    async def form() -> Markup:
        labels: Mapping[str, str] = given
        if name and not given:
            with suppress(Refused, UserError):
                labels = await request.ask(["alertmanager"], lambda http: agreed(name, GROUPED, http))
        matching = ({"alertname": name} if name else {}) | dict(labels)
        return frame.block(
            "silence-form.html", matching=matching, lasts=_LASTS, role=request.role, by=request.visitor.name
        )

    title = f"Silence {name}" if name else "Silence"
    return Page(title, "silence.html", "", {"name": name}, {"form": form}, ranged=False, refresh=0)


def change(request: Request) -> Redirect:
    """Make a silence, or end one.

    Raises:
        UserError: A part of it is missing.
        StackError: Alertmanager does not take it.
    """
    running = request.running
    with clients.of_part(running, "alertmanager") as http:
        if request.path[1:] == ["end"]:
            _end(request, http)
        else:
            _make(request, http)
    return Redirect("/")


def _make(request: Request, http: httpx.Client) -> None:
    form = request.form
    matching = {
        key.removeprefix("label-"): value for key, value in form.items() if key.startswith("label-") and value
    }
    # Who is signed in by name signs with it.
    by, why = request.visitor.name or form.get("by", "").strip(), form.get("why", "").strip()
    if not matching:
        raise UserError("a silence of everything would hide what matters: name at least an alert")
    if not by or not why:
        raise UserError("who silences it and why are missing: the next one on call must know")
    try:
        lasts = timedelta(seconds=int(form.get("lasts", "")))
        ends = datetime.now(UTC) + lasts
    except (ValueError, OverflowError):
        raise UserError("for how long is missing") from None
    made = Alertmanager(http).silence(_body(matching, by, why, ends))
    audit.record(
        request.running.home, "silence add", request.visitor.name, id=made, by=by, why=why, matching=matching,
        until=ends.isoformat(), through=f"console, {request.role}",
    )  # fmt: skip


def _end(request: Request, http: httpx.Client) -> None:
    identity = request.form.get("id", "")
    if not re.fullmatch(r"[0-9a-f-]{36}", identity):
        raise UserError("that is no silence's id")
    Alertmanager(http).expire(identity)
    through = f"console, {request.role}"
    audit.record(request.running.home, "silence expire", request.visitor.name, id=identity, through=through)


def _body(matching: Mapping[str, str], by: str, why: str, ends: datetime) -> dict[str, object]:
    return {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in matching.items()
        ],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": ends.isoformat(),
        "createdBy": by,
        "comment": why,
    }
