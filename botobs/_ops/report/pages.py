"""Pages to which the links of messages lead: runbooks, and how to silence an alert."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from ..alerting import runbooks
from ..alerting.alertmanager import labels_of
from ..home import state
from .page import style, template

KINDS = ("runbooks", "silences")
#: What means nothing to a shell: people copy these commands.
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_GROUPED = ("deployment_environment_name", "service_name", "exchange_name")
_OF_ALERT = re.compile(r'href="([A-Za-z]+)\.md"')


def make(kind: str, name: str, running: state.Running) -> str:
    """A page as HTML.

    Args:
        kind: One of `KINDS`.
        name: Of an alert; empty for the list of runbooks.
        running: The stack, whose firing alert fills in queries and commands.

    Raises:
        StackError: There is no such runbook.
    """
    if not name:
        lines = (f"- [{each}](/runbooks/{each}): {runbooks.read(each).first}" for each in runbooks.names())
        return _page("Runbooks", "# Runbooks\n\n" + "\n".join(lines))
    runbook = runbooks.read(name)
    labels = labels_of(runbook.name, running)
    text = runbook.filled(labels) if kind == "runbooks" else _silence(runbook.name, labels)
    return _page(runbook.name, text)


def _silence(name: str, labels: Mapping[str, str]) -> str:
    matchers = [f"{key}={labels[key]}" for key in _GROUPED if _HARMLESS.fullmatch(labels.get(key, ""))]
    command = " ".join(["botobs silence add", f"alertname={name}", *matchers, '--for 1h --why "..."'])
    return (
        f"# Silence {name}\n\nOn the machine of the stack:\n\n```console\n$ {command}\n```\n\n"
        "What is silenced, and how it ends before its time:\n\n"
        "```console\n$ botobs silence list\n$ botobs silence expire ID\n```\n\n"
        f"[What to do about {name}](/runbooks/{name})"
    )


def _page(title: str, text: str) -> str:
    # A page of Markdown may name a bot; what looks like HTML is text.
    made = _markdown().render(text)
    body = Markup(_OF_ALERT.sub(r'href="/runbooks/\1"', made))
    return template("runbook.html").render(title=title, body=body, style=style())


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
