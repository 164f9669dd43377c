"""`botobs size`: what a platform's telemetry amounts to, and what its pipeline needs."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from rich.table import Table

from .. import typed
from ..console import fail, out, print_json, print_table
from ..errors import StackError
from ..settings.outage import length_of_time
from ..sizing import PROFILES, Platform, Size, predict

_DAY = 86_400


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs size` to the commands."""
    parser = subparsers.add_parser(
        "size",
        description="Calculate what a platform's telemetry amounts to, and what its pipeline needs, from measured "
        "coefficients (docs/sizing.md).",
    )
    counts = (
        ("services", 2, "processes that call botobs.init"),
        ("bots", 20, "bots in all of them together"),
        ("exchanges", 2, "exchanges that each service talks to"),
        ("symbols", 0, "markets that the setting exchange_symbols names"),
    )
    for name, default, text in counts:
        parser.add_argument(
            f"--{name}", type=typed.whole(0, 10**6), default=default, help=f"{text} (default: {default})"
        )
    parser.add_argument(
        "--orders-per-second",
        type=typed.number(0, 10**6),
        default=1.0,
        help="orders of all bots a second (default: 1)",
    )
    parser.add_argument(
        "--turn-seconds",
        type=typed.number(0.001, 86_400.0),
        default=60.0,
        help="seconds from one turn of a bot to its next (default: 60)",
    )
    parser.add_argument(
        "--retention",
        type=typed.duration(),
        default="15d",
        help="how long samples and traces are kept (default: 15d)",
    )
    parser.add_argument(
        "--horizon",
        type=typed.duration(),
        default="24h",
        help="the maximum outage without a loss (default: 24h)",
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default="machine",
        help="one process of each kind, a cluster with three copies of what is recent, or the Helm chart of the whole "
        "stack with its own values, on one node (default: machine)",
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Predict the size of the stack and print it."""
    platform = Platform(
        services=options.services,
        bots=options.bots,
        exchanges=options.exchanges,
        symbols=options.symbols,
        orders_per_second=options.orders_per_second,
        turn_seconds=options.turn_seconds,
    )
    try:
        retention = length_of_time("--retention", options.retention)
        horizon = length_of_time("--horizon", options.horizon)
        size = predict(platform, retention, horizon, options.profile)
    except (StackError, ValueError) as error:
        return fail(str(error), "", options)
    if options.json:
        print_json(
            {
                **asdict(size),
                "cores": size.cores,
                "memory": size.memory,
                "peak": size.peak,
                "disk": size.disk,
                "platform": asdict(platform),
            }
        )
    else:
        _print(size, options)
    return 0


def _print(size: Size, options: argparse.Namespace) -> None:
    out.print(
        f"{size.series:,.0f} series, {size.points:,.0f} samples/s, {size.spans:,.0f} spans/s; on disk "
        f"{_gigabytes(size.metric_bytes)} of samples and {_gigabytes(size.trace_bytes)} of spans a day\n"
    )
    table = Table(box=None, pad_edge=False)
    table.add_column("part")
    for heading in ("cores", "memory", "for a while", "disk"):
        table.add_column(heading, justify="right")
    for tier in size.tiers:
        table.add_row(
            tier.name,
            f"{tier.cores:.2f}",
            _gigabytes(tier.memory),
            _gigabytes(tier.memory + tier.peak),
            _gigabytes(tier.disk),
        )
    table.add_row(
        "all",
        f"{size.cores:.2f}",
        _gigabytes(size.memory),
        _gigabytes(size.memory + size.peak),
        _gigabytes(size.disk),
        style="bold",
    )
    print_table(table)
    out.print(
        f"\nDisk is what {options.retention} of samples and traces take, and the queue of an outage of "
        f"{options.horizon}. Cores are busy\non average: leave as much again for queries, and for what has to be "
        "made up for after an outage. *For a while* is memory\nafter compaction and queries: a limit below it ends the "
        "part."
    )
    out.print(
        f"The bill, a month: {size.cores * 730:,.0f} core-hours, {size.memory / 2**30 * 730:,.0f} GiB-hours of memory, "
        f"{size.disk / 2**30:,.1f} GiB-months of disk."
    )


def _gigabytes(number: float) -> str:
    return f"{number / 2**30:,.2f} GiB"
