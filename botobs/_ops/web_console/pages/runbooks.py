"""Runbooks: what to do, with queries that are filled in and run by a click."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlencode

import httpx
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from ...alerting import runbooks
from ...alerting.alertmanager import agreed
from ...errors import StackError, UserError
from ...prometheus import PrometheusClient
from ...report.backends import Refused
from ...traces import TempoClient
from .. import frame
from ..request import Fragment, NoSuchPage, Page, Request
from .orders import unsettled_of

_OF_ALERT = re.compile(r'href="([A-Za-z]+)\.md"')
_PART = {"promql": "prometheus", "traceql": "tempo"}
_CODE = re.compile(r'<pre><code class="language-(?:promql|traceql)">')
#: Labels by which a page's queries can be filled in, as they stand in an address.
_LABELS = tuple(runbooks.PLACEHOLDERS.values())
#: Those whose alerts are about orders that wait for an outcome: a message's link leads to the orders themselves.
_OF_ORDERS = frozenset({"OrderInFlightTooLong", "OrderOutcomeUnknown", "OrdersLeftBehind"})
#: Rows of an answer at most.
_MOST = 40


def page(request: Request) -> Page:
    """One runbook, or the list.

    Raises:
        NoSuchPage: There is none of that name.
    """
    if len(request.path) < 2:
        listed = [runbooks.read(each) for each in runbooks.names()]
        return Page("Runbooks", "runbooks.html", "runbooks", {"runbooks": listed}, refresh=0, ranged=False)
    found = _read(request.path[1])

    async def text() -> Markup:
        labels: Mapping[str, str] = {key: request.query[key] for key in _LABELS if request.query.get(key)}
        if not labels:
            # A runbook is read above all when something does not answer.
            try:
                labels = await request.ask(["alertmanager"], lambda http: agreed(found.name, _LABELS, http))
            except (Refused, UserError):
                labels = {}
        return frame.block("runbook-text.html", text=_html(found, labels), labels=labels)

    async def orders() -> Markup:
        return await unsettled_of(request)

    blocks = {"text": text} | ({"orders": orders} if found.name in _OF_ORDERS else {})
    values = {"name": found.name, "orders": "orders" in blocks}
    return Page(found.name, "runbook.html", "runbooks", values, blocks, refresh=0, ranged=False)


def answer(request: Request) -> Fragment:
    """The answer to one query of a runbook: `/answers/<alert>/<number>?service_name=...`.

    Raises:
        NoSuchPage: There is no such query.
    """
    queries = _read(request.path[1]).queries if len(request.path) == 3 else []
    number = (
        int(request.path[2]) if queries and request.path[2].isascii() and request.path[2].isdigit() else -1
    )
    if not 0 <= number < len(queries):
        raise NoSuchPage("there is no such query")
    query = queries[number]
    text = query.filled({key: request.query[key] for key in _LABELS if request.query.get(key)})

    async def ask() -> Markup:
        rows = await request.ask([_PART[query.language]], lambda http: _ask(query.language, text, http))
        template = "traces-list.html" if query.language == "traceql" else "samples.html"
        key = "traces" if query.language == "traceql" else "samples"
        return frame.block(template, most=_MOST, **{key: rows})

    return Fragment(ask())


def _ask(language: str, text: str, http: httpx.Client | None) -> list[object]:
    if http is None:
        raise StackError(f"{_PART[language].capitalize()} is not part of the running stack.")
    if language == "traceql":
        return list(TempoClient(http).search(text, limit=_MOST))
    return list(PrometheusClient(http).samples(text))


def _read(name: str) -> runbooks.Runbook:
    try:
        return runbooks.read(name)
    except StackError as error:
        raise NoSuchPage(str(error)) from None


def _html(found: runbooks.Runbook, labels: Mapping[str, str]) -> Markup:
    # A page of Markdown may name a bot; what looks like HTML is text.
    made = _markdown().render(found.filled(labels))
    made = _OF_ALERT.sub(r'href="/runbooks/\1"', made)
    numbers = iter(range(len(found.queries)))
    about = urlencode({key: labels[key] for key in _LABELS if labels.get(key)})

    def runnable(code: re.Match[str]) -> str:
        address = escape(f"/answers/{found.name}/{next(numbers)}?{about}")
        return f'<button type="button" data-run="{address}">Run this query</button>{code[0]}'

    made = _CODE.sub(runnable, made)
    # What is wider than the screen is scrolled by keyboard, too.
    return Markup(made.replace("<pre><code", '<pre tabindex="0"><code'))


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
