"""`botobs ledger`: per service, what was made, acknowledged, stored, and is missing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from ..._sdk import units
from .. import ledger
from ..access import clients
from ..console import fail, name, out, print_json, print_table, styled
from ..console.arguments import add_home, add_last, home_of
from ..errors import StackError
from ..home import state
from ..ledger import Account, Ledger

#: As far as Tempo counts in one query.
_LONGEST = 24 * 3600
_COMPLETE, _LOSS, _CANNOT_TELL = 0, 1, 3


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs ledger` to the commands."""
    parser = subparsers.add_parser(
        "ledger",
        description="Per service: what was made, acknowledged, stored, and is missing. Exit code 1 if anything is, of "
        "a known or an unknown service; 3 if that is unknown, because a store does not respond or a service "
        "that sends spans does not report what it has made; else 0.",
    )
    add_last(parser, longest=_LONGEST)
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Read and print."""
    last = units.seconds(options.last)
    running = state.require(home_of(options))
    with (
        clients.of_part(running, "prometheus") as prometheus,
        clients.of_part(running, "tempo") as tempo,
    ):
        try:
            found = ledger.read(prometheus, tempo, last, time.time())
        except StackError as error:
            fail(f"whether anything is missing is unknown: {error.problem}", error.way_out, options)
            return _CANNOT_TELL
    if options.json:
        lost = [{"service": None, "lost": dict(found.lost)}] if found.lost else []
        print_json([_as_json(account) for account in found.accounts] + lost)
    else:
        _show(found, options.last)
    if not found.complete:
        return _LOSS
    return _CANNOT_TELL if found.silent or not found.accounts else _COMPLETE


def _show(found: Ledger, last: str) -> None:
    if not found.accounts:
        out.print(
            f"No service has reported anything in the last {last}, without the last {ledger.SETTLE:g} s. "
            "Where there should be one, botobs doctor says why."
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("service", no_wrap=True)
    for title in (
        "produced",
        "dropped",
        "sampled\nout",
        "acknowledged",
        "stored",
        "missing",
        "error",
        "stored\ntwice",
    ):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("metric\nexports", "missing", "points\nrefused"):
        table.add_column(title, justify="right", no_wrap=True)
    for account in found.accounts:
        spans, exports = account.spans, account.exports
        table.add_row(
            name(account.service),
            f"{spans.produced:,}",
            _by_reason(spans.dropped),
            f"{spans.sampled_out:,}",
            f"{spans.acknowledged:,}",
            f"{spans.stored:,}",
            _alarming(spans.missing) if account.tells else "?",
            f"{spans.error:,}" if account.tells else "?",
            f"{spans.duplicate:,}",
            f"{exports.acknowledged:,}",
            _alarming(exports.missing),
            _by_reason(account.refused),
        )
    print_table(table)
    for where, count in sorted(found.lost.items()):
        out.print(f"Lost, of an unknown service: {count:,} ({where})", markup=False)
    for service, count in found.twice.items():
        out.print(
            f"Stored twice: {count:,} spans of {service}, sent again after a response was late or lost. A trace shows "
            "each once; the count of what is stored has both, and would hide that as many are missing.",
            markup=False,
        )
    if found.silent:
        out.print(
            f"Unknown: {', '.join(found.silent)} sent something, and reported nothing of what it has made, "
            "has stopped to, or reports under an instance that another process has too.",
            markup=False,
        )
    lost = [account.service for account in found.accounts if not account.complete]
    what = f"missing from {', '.join(lost)}" if lost else "nothing is known to be missing beyond the error"
    out.print(f"\nLast {last}, without the last {ledger.SETTLE:g} s: {what}.")


def _alarming(count: int) -> Text:
    return styled((f"{count:,}", "bold red")) if count else Text("0")


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
            "error": spans.error,
            "duplicate": spans.duplicate,
        },
        "metric_exports": {"acknowledged": exports.acknowledged, "missing": exports.missing},
        "points_refused": dict(account.refused),
        "tells": account.tells,
    }
