"""`botobs why`: what is behind an alert, a bot or an order, and what speaks for that."""

from __future__ import annotations

import argparse
import shlex
import time
from contextlib import ExitStack
from dataclasses import asdict

from rich.table import Table

from ..._sdk.units import age
from .. import typed, why
from ..access import clients
from ..console import err, name, out, print_json, print_table, styled
from ..console.arguments import add_home, home_of
from ..home import state
from ..report import units
from ..why import Alert, Answer, Explanation, times


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs why` to the commands."""
    parser = subparsers.add_parser(
        "why",
        description="Say what is likely behind an alert, a bot that does not trade, or an order that went wrong: what "
        "else fires, what changed just before, which errors and traces belong to it, and a first guess with its "
        "reasons. Exit code 0 when something explains it or nothing is wrong, 1 when nothing explains it.",
    )
    parser.add_argument(
        "name",
        type=typed.TEXT,
        nargs="?",
        help="an alert, a bot's id, or a client order id (default: the worst alert)",
    )
    parser.add_argument(
        "--exchange",
        type=typed.TEXT,
        metavar="NAME",
        help="where several alerts of this name fire: on this one",
    )
    parser.add_argument("--service", type=typed.TEXT, metavar="NAME", help="the same, by service")
    parser.add_argument("--bot", type=typed.TEXT, metavar="ID", help="the same, by bot")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Explain the alert, bot or order, and print the result."""
    wanted = {
        "exchange_name": options.exchange,
        "service_name": options.service,
        "botobs_bot_id": options.bot,
    }
    running = state.require(home_of(options))
    with ExitStack() as stack:
        prometheus = stack.enter_context(clients.of_part(running, "prometheus"))
        tempo = stack.enter_context(clients.of_part(running, "tempo")) if "tempo" in running.parts else None
        if err.is_terminal:
            stack.enter_context(err.status("looking"))
        answer = why.explain(
            options.name, prometheus, tempo, {label: value for label, value in wanted.items() if value}
        )
    if options.json:
        print_json(None if answer is None else _as_json(answer))
    elif answer is None:
        out.print("No alert fires or is pending. Name a bot or an order to ask about it.")
    else:
        _show(answer)
    return 0 if answer is None or answer.guess else 1


def _show(answer: Answer) -> None:
    subject, evidence = answer.subject, answer.evidence
    _say(f"{subject.name}: {subject.what}")
    _say(f"since {_clock(subject.since)}, {age(time.time() - subject.since)} ago")
    if answer.guess is None:
        _say("\nNothing that is known explains it: it is the first cause, or its cause is not measured.")
        _say(f"botobs runbook {subject.alerts[0].name} says what to look at.")
    else:
        out.print(styled("\n", ("First guess", "bold")))
        _explain(answer.guess)
        if answer.guess.runbook:
            _say(f"  botobs runbook {answer.guess.runbook} says what to do.")
    if len(answer.explanations) > 1:
        out.print(styled("\n", ("Less likely", "bold")))
        for each in answer.explanations[1:4]:
            _explain(each)
    _others_of_its_name(subject.alerts[0], evidence.alerts)
    _also(subject.alerts[0], evidence.alerts)
    for change in evidence.changes:
        versions = f" of the new version {', '.join(change.versions)}" if change.versions else ""
        _say(
            f"\nIn the quarter of an hour before, {change.service} started {change.started} processes{versions}."
        )
    if evidence.messages:
        out.print(styled("\n", ("What its failed traces say", "bold")))
        for message, count in evidence.messages:
            _say(f"  {times(count)}: {message}")
    if evidence.traces:
        _say(f"\nDraw the newest with: botobs traces {evidence.traces[0].trace_id}")
    for problem in evidence.problems:
        err.print(name(problem), markup=False)


def _explain(explanation: Explanation) -> None:
    _say(f"  {explanation.name}: {explanation.what}")
    for reason in explanation.reasons:
        _say(f"    {reason}")


def _others_of_its_name(subject: Alert, alerts: tuple[Alert, ...]) -> None:
    """How to ask about the same alert of another exchange or service, which can have another cause."""
    for label, option in (("exchange_name", "--exchange"), ("service_name", "--service")):
        named = dict.fromkeys(
            alert.labels[label]
            for alert in alerts
            if alert.name == subject.name
            and alert.labels.get(label, "") not in ("", subject.labels.get(label))
        )
        for each in list(named)[:3]:
            _say(
                f"\n{subject.name} is also about {each}: botobs why {subject.name} {option} {shlex.quote(each)}"
            )


def _also(subject: Alert, alerts: tuple[Alert, ...]) -> None:
    """What else fires. The same alert of twenty bots is one line."""
    others: dict[tuple[str, str, str], list[Alert]] = {}
    for alert in alerts:
        if alert is not subject:
            others.setdefault((_state(alert), alert.name, alert.about_what), []).append(alert)
    if not others:
        return
    out.print(styled("\n", ("What else fires, or waits for its time", "bold")))
    table = Table(box=None, pad_edge=False, show_header=False)
    for (how, what, about), same in list(others.items())[:10]:
        where = same[0].about if len(same) == 1 else f"{about} ({len(same)} of them)".strip()
        table.add_row(
            f"  {how}", name(what), name(where), f"since {_clock(min(each.since for each in same))}"
        )
    print_table(table)
    if len(others) > 10:
        _say(f"  and {len(others) - 10} more; botobs status shows all")


def _state(alert: Alert) -> str:
    if alert.firing:
        return alert.severity
    return "pending" if alert.over is None else "over"


def _say(text: str) -> None:
    """A sentence, which stays one line whatever is named in it."""
    sentence = text.lstrip("\n")
    out.print("\n" * (len(text) - len(sentence)) + name(sentence), markup=False)


def _clock(moment: float) -> str:
    return f"{units.clock(moment)} UTC"


def _as_json(answer: Answer) -> dict[str, object]:
    subject, evidence = answer.subject, answer.evidence
    return {
        "subject": {
            "kind": subject.kind,
            "name": subject.name,
            "what": subject.what,
            "since": subject.since,
            "labels": dict(subject.labels),
        },
        "explanations": [asdict(each) for each in answer.explanations],
        "alerts": [
            {
                "name": alert.name,
                "labels": dict(alert.labels),
                "firing": alert.firing,
                "since": alert.since,
                "value": alert.value,
                "expr": alert.expr,
            }
            for alert in evidence.alerts
        ],
        "changes": [asdict(each) for each in evidence.changes],
        "errors": [asdict(each) for each in evidence.errors],
        "messages": [{"message": message, "count": count} for message, count in evidence.messages],
        "traces": [each.trace_id for each in evidence.traces],
        "traceql": subject.traceql,
        "problems": list(evidence.problems),
    }
