"""`botobs silence`: keep alerts quiet for a time, with a name and a reason."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

from rich.table import Table

from ..._sdk import units
from .. import typed
from ..access import audit
from ..alerting.alertmanager import Alertmanager, Silence, connect
from ..console import name, out, print_json, print_table
from ..console.arguments import add_home, home_of
from ..errors import Misuse, StackError
from ..home import state

_MATCHER = re.compile(r"\A([a-zA-Z_]\w*)(=~|!~|!=|=)(.*)", re.DOTALL)
_LONGEST = timedelta(days=3653)
_FLAGS = {"=": (False, True), "!=": (False, False), "=~": (True, True), "!~": (True, False)}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs silence` to the commands."""
    parser = subparsers.add_parser(
        "silence",
        description="Keep alerts quiet for a time. A silence ends by itself, says who made it and why, and survives a "
        "restart. Without a further word those that are there are listed.",
    )
    add_home(parser)
    parser.set_defaults(function=_list, all=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")

    add = actions.add_parser("add", help="silence alerts")
    add.add_argument(
        "matching", nargs="+", type=typed.TEXT, metavar="LABEL=VALUE",
        help="which alerts: all of these labels, with =, !=, =~ or !~, such as alertname=BotFailed area!=orders",
    )  # fmt: skip
    ends = add.add_mutually_exclusive_group()
    ends.add_argument(
        "--for",
        dest="lasts",
        type=typed.duration(),
        default="1h",
        metavar="DURATION",
        help="how long (default: 1h)",
    )
    ends.add_argument(
        "--until", type=typed.LINE, metavar="TIME", help="until when instead: 18:30, or 2026-12-01T18:30"
    )
    add.add_argument(
        "--by",
        type=typed.LINE,
        metavar="NAME",
        help="who (default: your name)",
    )
    add.add_argument(
        "--why", required=True, type=typed.TEXT, metavar="TEXT", help="why: the next one on call reads it"
    )
    add_home(add)
    add.set_defaults(function=_add)

    listed = actions.add_parser("list", help="show silences")
    listed.add_argument("--all", action="store_true", help="those that have ended too")
    add_home(listed)
    listed.set_defaults(function=_list)

    expire = actions.add_parser("expire", help="end silences before their time")
    expire.add_argument(
        "ids", nargs="+", type=typed.LINE, metavar="ID", help="the beginning of its id is enough"
    )
    add_home(expire)
    expire.set_defaults(function=_expire)


def _add(options: argparse.Namespace) -> int:
    matchers = [_matcher(text) for text in options.matching]
    now = datetime.now(UTC)
    ends = _ends(options, now)
    running = state.require(home_of(options))
    signed_in = audit.signed_in(running.home)
    body = {
        "matchers": matchers,
        "startsAt": now.isoformat(),
        "endsAt": ends.isoformat(),
        "createdBy": options.by or (signed_in.name if signed_in else audit.user()),
        "comment": options.why,
    }
    with connect(running) as alertmanager:
        about = {"matchers": options.matching, "ends": ends, "by": body["createdBy"], "why": options.why}
        with audit.recording(running.home, "silence add", **about) as line:
            made = line["id"] = alertmanager.silence(body)
        quiet = [alert for alert in alertmanager.alerts() if made in alert.silenced]
    if options.json:
        print_json({"id": made, "ends": ends, "alerts": [alert.labels for alert in quiet]})
        return 0
    out.print(f"silenced until {ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {made}")
    for alert in quiet:
        out.print(name(f"  {alert.name} {alert.where}".rstrip()))
    if any(alert.labels.get("area") == "orders" for alert in quiet):
        out.print("Alerts about orders are among them; area!=orders leaves them on.")
    out.print(f"End it with: botobs silence expire {made[:8]}")
    return 0


def _list(options: argparse.Namespace) -> int:
    with connect(state.require(home_of(options))) as alertmanager:
        found = [each for each in alertmanager.silences() if options.all or each.state != "expired"]
    if options.json:
        print_json([vars(each) for each in found])
    elif not found:
        out.print("No alert is silenced.")
    else:
        print_table(_table(found))
    return 0


def _expire(options: argparse.Namespace) -> int:
    running = state.require(home_of(options))
    with connect(running) as alertmanager:
        found = [_one(alertmanager, beginning) for beginning in options.ids]
        for silence in found:
            with audit.recording(running.home, "silence expire", id=silence.id, matchers=silence.matchers):
                alertmanager.expire(silence.id)
    if options.json:
        print_json([silence.id for silence in found])
    else:
        for silence in found:
            out.print(name(f"ended: {silence.id} {' '.join(silence.matchers)}"))
    return 0


def _one(alertmanager: Alertmanager, beginning: str) -> Silence:
    lasting = [each for each in alertmanager.silences() if each.state != "expired"]
    found = [each for each in lasting if each.id.startswith(beginning)]
    if len(found) != 1:
        what = "no silence" if not found else f"{len(found)} silences"
        raise StackError(f"{what} that last begin with {beginning!r}", "botobs silence list shows them.")
    return found[0]


def _matcher(text: str) -> dict[str, object]:
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise Misuse(f"{text!r} is no matcher", "Write LABEL=VALUE, such as alertname=BotFailed.")
    is_regex, is_equal = _FLAGS[found[2]]
    return {"name": found[1], "value": found[3].strip('"'), "isRegex": is_regex, "isEqual": is_equal}


def _ends(options: argparse.Namespace, now: datetime) -> datetime:
    if options.until is None:
        ends = now + timedelta(seconds=units.seconds(options.lasts))
    else:
        ends = _moment(options.until, now)
    if ends > now + _LONGEST:
        raise Misuse("a silence of more than ten years is a rule that should go")
    if ends <= now:
        raise Misuse("a silence that ends before it begins silences nothing")
    return ends


def _moment(text: str, now: datetime) -> datetime:
    """A time of today or tomorrow, or of a date; of this machine's zone unless it names one."""
    # Without a zone: between now and then the clocks may be changed, and the zone has another offset afterwards.
    here = now.astimezone().replace(tzinfo=None)
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            ends = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (ends if ends > here else ends + timedelta(days=1)).astimezone()
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse(f"--until {text!r} is no time", "Write 18:30, or 2026-12-01T18:30.") from None
    return found if found.tzinfo else found.astimezone()


def _table(found: list[Silence]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("id", "state", "until", "alerts", "by", "why"):
        table.add_column(title, no_wrap=title in ("id", "state", "until"))
    for each in found:
        until = f"{each.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        table.add_row(
            each.id[:8], each.state, until, *map(name, (" ".join(each.matchers), each.by, each.why))
        )
    return table
