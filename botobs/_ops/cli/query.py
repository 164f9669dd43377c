"""`botobs query`: ask the running stack's Prometheus or Tempo, with its password and authority."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from .. import typed
from ..access import clients
from ..alerting import runbooks
from ..alerting.alertmanager import labels_of
from ..console import name, out, print_json, print_table
from ..console.arguments import add_home, home_meant, home_of, secrets_of
from ..errors import Misuse
from ..home import state
from ..prometheus import PrometheusClient
from ..report import units
from ..traces import TempoClient

_PART = {"promql": "prometheus", "traceql": "tempo"}
#: Maximum number of rows of a result.
_MOST = 40


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs query` to the commands."""
    parser = subparsers.add_parser(
        "query",
        description="Ask the running stack's Prometheus a query in PromQL, or its Tempo one in TraceQL (it begins with "
        "a brace), with the stack's own password and authority.",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("query", nargs="?", type=typed.TEXT, metavar="QUERY", help="in PromQL or TraceQL")
    asked.add_argument(
        "--runbook", type=typed.LINE, metavar="ALERT", help="run every query of this alert's runbook instead"
    )
    parser.add_argument(
        "--set", action="append", default=[], type=typed.TEXT, metavar="NAME=VALUE",
        help="what $service, $exchange, $bot, $instance or $environment in the query stands for; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--url", type=typed.URL, metavar="URL",
        help="where Prometheus (or Tempo) is, of a stack that botobs up did not start: https://127.0.0.1:9090 with "
        "docker compose; --home names the folder of its secrets",
    )  # fmt: skip
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the queries and print their results."""
    given = _given(options.set)
    running = _elsewhere(options) if options.url else state.require(home_of(options))
    if options.runbook:
        page = runbooks.read(options.runbook)
        labels = {**labels_of(page.name, running), **given}
        queries = [query for query in page.queries if _PART[query.language] in running.parts]
    else:
        labels = given
        queries = [runbooks.RunbookQuery(_language(options.query), options.query)]
    answers = []
    for query in queries:
        text = query.filled(labels) if options.runbook or labels else query.text
        rows = ask(running, query.language, text)
        answers.append({"query": text, "language": query.language, "about": query.about, "rows": rows})
        if not options.json:
            _show(query.about, text, rows, titled=bool(options.runbook))
    if options.json:
        print_json(answers if options.runbook else answers[0]["rows"])
    return 0


def _elsewhere(options: argparse.Namespace) -> state.Running:
    """A stack of which only an address is known, and its secrets."""
    secrets_of(options)
    language = "promql" if options.query is None else _language(options.query)
    parts = {_PART[language]: options.url}
    return state.Running(home_meant(options), 0, "", parts)


def _language(query: str) -> str:
    """TraceQL begins with a brace; so does PromQL's selector by `__name__`."""
    return "traceql" if query.lstrip().startswith("{") and "__name__" not in query else "promql"


def _given(words: list[str]) -> dict[str, str]:
    labels = {}
    for word in words:
        key, equals, value = word.partition("=")
        label = runbooks.PLACEHOLDERS.get(f"${key.removeprefix('$')}")
        if not equals or label is None:
            known = ", ".join(each.removeprefix("$") for each in runbooks.PLACEHOLDERS)
            raise Misuse(f"--set {word!r} is not NAME=VALUE with one of {known}")
        labels[label] = value
    return labels


def ask(running: state.Running, language: str, query: str) -> list[Mapping[str, Any]]:
    """The result of a query now: series with their values, or traces.

    Args:
        running: The stack.
        language: `promql` or `traceql`.
        query: What is asked.

    Raises:
        PrometheusError: The query is wrong, or Prometheus does not respond.
        TempoError: The same of Tempo.
    """
    with clients.of_part(running, _PART[language]) as http:
        if language == "traceql":
            return [
                {"trace_id": each.trace_id, "service": each.root_service, "name": each.root_name,
                 "started": each.start_ns / 1e9, "seconds": each.duration}
                for each in TempoClient(http).search(query)
            ]  # fmt: skip
        data = PrometheusClient(http).query(query)
    if data["resultType"] in ("scalar", "string"):
        return [{"labels": {}, "value": data["result"][1]}]
    return [_row(each) for each in data["result"]]


def _row(series: Mapping[str, Any]) -> dict[str, Any]:
    """A series: of a vector its value, of a range its points, either of which may be native histograms."""
    row: dict[str, Any] = {"labels": series["metric"]}
    for kind in ("value", "histogram"):
        if kind in series:
            row[kind] = series[kind][1]
        if f"{kind}s" in series:
            row[f"{kind}s"] = series[f"{kind}s"]
            row[kind] = series[f"{kind}s"][-1][1]
    return row


def _show(about: str, query: str, rows: list[Mapping[str, Any]], titled: bool) -> None:
    if titled:
        out.print(Text(f"\n{about or ''}\n{query}".lstrip("\n") if about else f"\n{query}", style="bold"))
    if not rows:
        out.print("nothing")
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in rows[:_MOST]:
        cells: tuple[str, ...]
        if "trace_id" in row:
            cells = (
                f"{units.clock(row['started'])} UTC",
                f"{row['seconds']:.3f} s",
                row["service"] or "?",
                row["name"] or "?",
                row["trace_id"],
            )
        else:
            metric = row["labels"].get("__name__", "")
            labels = ", ".join(f"{key}={value}" for key, value in row["labels"].items() if key != "__name__")
            points = len(row.get("values", ())) + len(row.get("histograms", ()))
            cells = (_value(row), f"{metric}{{{labels}}}", *((f"the last of {points}",) if points else ()))
        table.add_row(*map(name, cells))
    print_table(table)
    if len(rows) > _MOST:
        out.print(f"and {len(rows) - _MOST} more; --json has all")


def _value(row: Mapping[str, Any]) -> str:
    if "histogram" in row and "value" not in row:
        return f"{row['histogram']['count']} in a histogram, sum {row['histogram']['sum']}"
    try:
        return f"{float(row['value']):.6g}"
    except ValueError:
        # A string, which PromQL has too.
        return str(row["value"])
