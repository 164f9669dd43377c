"""`botobs alert`: try the channels by which alerts reach people."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

from .. import typed
from ..alerting.rehearsal import PATIENCE, TEST, Answer, labels_of_rule, rehearse
from ..console import out, print_json
from ..console.arguments import add_home, home_meant, secrets_of
from ..errors import StackError
from ..home.home import Home
from ..programs.binaries import Binaries, Silent
from ..settings import receivers, values
from ..settings.channels import BY_NAME
from ..settings.receivers import Way


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs alert` to the commands."""
    parser = subparsers.add_parser("alert", description="Try the channels by which alerts reach people.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    test = actions.add_parser(
        "test",
        help="send a firing and a resolved test message",
        description="Send a firing and a resolved test message by each channel that is set up, and say what the other "
        "side answered. The stack need not run. Exit code 0 when everything was taken.",
    )
    test.add_argument(
        "--channel", action="append", type=typed.LINE, metavar="NAME",
        help=f"only this one, or this receiver of your own; may be repeated: {', '.join(BY_NAME)}",
    )  # fmt: skip
    test.add_argument(
        "--as", dest="rule", type=typed.LINE, metavar="ALERT",
        help="send it as this alert, to the channels that its severity, area and owner go to",
    )  # fmt: skip
    test.add_argument(
        "--patience", type=typed.PATIENCE, default=PATIENCE, metavar="SECONDS",
        help=f"how long the other side has for each message (default: {PATIENCE:g})",
    )  # fmt: skip
    add_home(test)
    test.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Send the test messages and print the result of each."""
    secrets_of(options)
    home = home_meant(options)
    environment = values.gather(home).texts.get("BOTOBS_ENVIRONMENT", "development")
    labels = labels_of_rule(home, options.rule) if options.rule else TEST
    labels = {**labels, "deployment_environment_name": environment}
    ways = _ways(home, options.channel, labels if options.rule else None)
    if not ways:
        raise StackError(f"{options.rule} goes by none of these channels")
    binaries = Binaries()
    binaries.require(["alertmanager"], Silent())
    answers = []
    for answer in rehearse(home, binaries["alertmanager"], ways, labels, options.patience):
        answers.append(answer)
        if not options.json:
            _say(answer)
    if options.json:
        print_json([vars(answer) for answer in answers])
    return 0 if all(answer.taken for answer in answers) else 1


def _ways(home: Home, wanted: list[str] | None, labels: Mapping[str, str] | None) -> list[Way]:
    """The ways to try, one a receiver: it sends by all that it has."""
    found = receivers.of_home(home)
    if found is None or not found.ways:
        raise StackError(
            "nobody receives alerts",
            "Name a channel, such as: botobs config set alert_receiver email alert_email_to you@example.com; then "
            "start the stack: botobs up.",
        )
    ways: dict[str, Way] = {}
    for way in found.ways:
        earlier = ways.get(way.channel.name)
        ways[way.channel.name] = replace(way, missing=(*earlier.missing, *way.missing)) if earlier else way
    if missing := [name for name in wanted or () if name not in ways]:
        raise StackError(
            f"no alert goes by {', '.join(missing)} as the stack was last started",
            f"Set alert_{missing[0]} with botobs config set, and start it again: botobs up."
            if missing[0] in BY_NAME
            else f"Alerts go by {', '.join(ways)}.",
        )
    notified = ways if labels is None else [way.channel.name for way in found.ways_of(labels)]
    return [ways[name] for name in wanted or ways if name in notified]


def _say(answer: Answer) -> None:
    what = f"taken after {answer.seconds:g} s" if answer.taken else f"not taken: {answer.said}"
    out.print(f"{answer.channel:10} {answer.status:9} {what}")
