"""`botobs ledger`: per service, what was made, acknowledged, stored, and is missing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

from rich.table import Table

from ..._sdk import units
from .. import ledger
from ..access import clients
from ..console import out, print_json, print_table
from ..console.arguments import add_home, home_of
from ..home import state
from ..ledger import Account
from ..stack import StackError

#: As far as Tempo counts in one query.
_LONGEST = 24 * 3600


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "ledger",
        description="Per service: what was made, acknowledged, stored, and is missing. Exit code 1 if anything is.",
    )
    parser.add_argument("--last", default="1h", metavar="DURATION", help="how far to look back (default: 1h)")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Read and print."""
    try:
        last = units.seconds(options.last)
    except ValueError as error:
        raise StackError(f"--last: {error}") from None
    if not 0 < last <= _LONGEST:
        raise StackError(f"--last is {options.last}, and at most 24h can be looked through")
    running = state.require(home_of(options))
    secrets = running.home.secrets
    with (
        clients.client(secrets, running.url("prometheus")) as prometheus,
        clients.client(secrets, running.url("tempo")) as tempo,
    ):
        accounts = ledger.read(prometheus, tempo, last, time.time())
    if options.json:
        print_json([_as_json(account) for account in accounts])
    else:
        _show(accounts, options.last)
    return 0 if all(account.complete for account in accounts) else 1


def _show(accounts: list[Account], last: str) -> None:
    if not accounts:
        out.print(
            f"No service has told anything in the last {last}, without the last {ledger.SETTLE:g} s. "
            "Where there should be one, botobs doctor tells why."
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("service", no_wrap=True)
    for title in ("produced", "dropped", "sampled\nout", "acknowledged", "stored", "missing", "twice"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("metric\nexports", "missing", "points\nrefused"):
        table.add_column(title, justify="right", no_wrap=True)
    for account in accounts:
        spans, exports = account.spans, account.exports
        table.add_row(
            account.service,
            f"{spans.produced:,}",
            _by_reason(spans.dropped),
            f"{spans.sampled_out:,}",
            f"{spans.acknowledged:,}",
            f"{spans.stored:,}",
            _alarming(spans.missing),
            f"{spans.duplicate:,}",
            f"{exports.acknowledged:,}",
            _alarming(exports.missing),
            _by_reason(account.refused),
        )
    print_table(table)
    lost = [account.service for account in accounts if not account.complete]
    what = f"missing from {', '.join(lost)}" if lost else "nothing that was acknowledged is missing"
    out.print(f"\nLast {last}, without the last {ledger.SETTLE:g} s: {what}.")


def _alarming(count: int) -> str:
    return f"[bold red]{count:,}[/]" if count else "0"


def _by_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items())) or "0"


def _as_json(account: Account) -> dict[str, object]:
    spans, exports = account.spans, account.exports
    return {
        "service": account.service,
        "spans": {
            "produced": spans.produced,
            "dropped": dict(spans.dropped),
            "sampled_out": spans.sampled_out,
            "acknowledged": spans.acknowledged,
            "stored": spans.stored,
            "missing": spans.missing,
            "duplicate": spans.duplicate,
        },
        "metric_exports": {"acknowledged": exports.acknowledged, "missing": exports.missing},
        "points_refused": dict(account.refused),
    }
