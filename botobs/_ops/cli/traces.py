"""`botobs traces`: search recent traces, or draw one as a waterfall."""

from __future__ import annotations

import argparse

from rich.table import Table
from rich.text import Text

from ..._sdk import units
from .. import typed
from ..access import clients
from ..console import name, out, print_json, print_table
from ..console.arguments import add_home, add_last, home_of
from ..errors import StackError
from ..home import state
from ..report.units import clock
from ..traces import (
    EmbeddedTraces,
    Part,
    Row,
    Share,
    Summary,
    TempoClient,
    Trace,
    TraceSource,
    Wanted,
    break_down,
    lay_out,
    part_of,
    throttled,
)
from ..traces.waterfall import bar
from ._stores import add_dev, embedded

#: Characters of a bar that stands for the whole time.
_PARTS_WIDTH = 40


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs traces` to the commands."""
    parser = subparsers.add_parser("traces", description="Search recent traces, or draw one as a waterfall.")
    parser.add_argument("id", nargs="?", type=typed.LINE, help="draw this trace")
    parser.add_argument("--service", type=typed.TEXT, help="only traces that this service took part in")
    parser.add_argument(
        "--min-duration",
        type=typed.duration(),
        metavar="DURATION",
        help="only traces that took at least this long: 150ms, 2s",
    )
    parser.add_argument("--error", action="store_true", help="only traces with a failed span")
    parser.add_argument(
        "--order",
        type=typed.TEXT,
        metavar="ID",
        help="only traces of this order, by our id or the exchange's",
    )
    parser.add_argument("--query", type=typed.TEXT, metavar="TRACEQL", help="a query of your own instead")
    add_last(parser)
    parser.add_argument(
        "--limit", type=typed.whole(1, 10_000), default=20, help="how many traces at most (default: 20)"
    )
    add_home(parser)
    add_dev(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Search, or draw."""
    wanted = _wanted(options)
    last = units.seconds(options.last)
    with embedded(options) as store:
        if store is not None:
            return _answer(EmbeddedTraces(store), options, wanted, last)
    running = state.require(home_of(options))
    if "tempo" not in running.parts:
        raise StackError("the running stack has no Tempo", "Start one with: botobs up")
    with clients.of_part(running, "tempo") as http:
        return _answer(TempoClient(http), options, wanted, last)


def _wanted(options: argparse.Namespace) -> Wanted:
    least = units.seconds(options.min_duration) if options.min_duration else None
    return Wanted(options.service, least, options.error, options.order, options.query)


def _answer(source: TraceSource, options: argparse.Namespace, wanted: Wanted, last: float) -> int:
    if options.id:
        return _draw(source.trace(options.id), options)
    return _list(source.find(wanted, last, options.limit), options)


def _list(found: list[Summary], options: argparse.Namespace) -> int:
    if options.json:
        print_json([{"trace_id": each.trace_id, "service": each.root_service, "name": each.root_name,
                     "start_ns": each.start_ns, "duration": each.duration} for each in found])  # fmt: skip
        return 0
    if not found:
        out.print(f"No trace in the last {options.last}. Is a service running? botobs doctor says why not.")
        return 0
    table = Table(box=None, pad_edge=False)
    for title in ("started (UTC)", "duration", "service", "name", "trace id"):
        # An id is there to be copied: where there is little room, names take two lines.
        table.add_column(title, justify="right" if title == "duration" else "left", no_wrap=title != "name")
    for each in found:
        table.add_row(
            clock(each.start_ns / 1e9),
            _time(each.duration),
            name(each.root_service) or "?",
            name(each.root_name) or "?",
            each.trace_id,
        )
    print_table(table)
    out.print(f"\nDraw one with: botobs traces {found[0].trace_id}")
    return 0


def _draw(trace: Trace, options: argparse.Namespace) -> int:
    rows = lay_out(trace)
    shares = break_down(trace)
    if options.json:
        parts = {share.part: share.seconds for share in shares}
        print_json({"trace_id": trace.trace_id, "parts": parts, "spans": [_as_json(row) for row in rows]})
        return 0
    services = " → ".join(name(service) for service in trace.services)
    out.print(f"trace {trace.trace_id}: {len(rows)} spans, {_time(trace.duration)}, {services}\n")
    out.print(_parts(shares))
    out.print()
    out.print(_waterfall(trace, rows))
    return 0


_COLOURS = {
    Part.THROTTLE: "yellow",
    Part.NETWORK: "blue",
    Part.DATABASE: "green",
    Part.POOL: "bright_magenta",
    Part.LOOP: "red",
    Part.CALL: "magenta",
    Part.OWN: "white",
    Part.UNSEEN: "bright_black",
}


def _parts(shares: list[Share]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", "right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for share in shares:
        length = max(1, round(share.ratio * _PARTS_WIDTH))
        bar_of = Text("█" * length, style=_COLOURS[share.part])
        table.add_row(share.part, _time(share.seconds), f"{share.ratio:.0%}", bar_of)
    return table


def _waterfall(trace: Trace, rows: list[Row]) -> Table:
    # Narrow screens keep the names, the times and the bars; details are for wide ones.
    width = max(20, min(60, out.width - 90))
    details = out.width >= 110
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(24, min(46, out.width - width - 12)))
    table.add_column(justify="right", no_wrap=True, min_width=8)
    table.add_column(no_wrap=True, min_width=width)
    if details:
        room = out.width - 46 - width - 14
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim", max_width=room)
    for row in rows:
        said = name(row.details) if row.details != row.span.name else ""
        cells = (_label(row), _time(row.span.duration), _bar(row, trace, width))
        table.add_row(*cells, *([said] if details else []))
    return table


def _label(row: Row) -> Text:
    label = Text("  " * row.depth)
    label.append(name(row.span.name), style="bold red" if row.span.error else "")
    label.append(f"  {name(row.span.service)}", style="dim")
    return label


def _bar(row: Row, trace: Trace, width: int) -> Text:
    """A span's bar, its first part for the time in which the rate limiter held the call back."""
    start, length = bar(row.offset, row.span.duration, trace.duration, width)
    waited = throttled(row.span)
    held = round(length * min(waited / row.span.duration, 1.0)) if row.span.duration else 0
    drawn = Text(" " * start).append("▒" * held, style=_COLOURS[Part.THROTTLE])
    colour = "red" if row.span.error else _COLOURS[part_of(row.span)]
    return drawn.append("█" * (length - held), style=colour)


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _as_json(row: Row) -> dict[str, object]:
    span = row.span
    return {"span_id": span.span_id, "parent_id": span.parent_id, "depth": row.depth, "service": span.service,
            "name": span.name, "kind": span.kind, "offset": row.offset, "duration": span.duration,
            "error": span.error, "message": span.message, "attributes": dict(span.attributes)}  # fmt: skip
