"""`botobs orders`: which orders are unsettled, and how a person settles one."""

from __future__ import annotations

import argparse
import datetime
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import httpx
from rich.table import Table

from ..._sdk import units
from .. import orders, typed
from ..access import audit, clients
from ..console import err, fail, name, out, print_json, print_table, styled
from ..console.arguments import add_home, add_last, home_meant, home_of
from ..embedded.receiver import Receiver
from ..embedded.store import Store
from ..errors import StackError, UserError
from ..home import state
from ..orders import Listing, Order
from ..processes import control
from ..traces import EmbeddedTraces
from ._stores import add_dev, embedded

_OUTCOMES = ("accepted", "rejected", "failed", "filled", "canceled", "expired")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs orders` to the commands."""
    parser = subparsers.add_parser(
        "orders",
        description="List the orders of unknown outcome, and those that wait for a response. "
        "Exit code 0 when no order is of unknown outcome, 1 when one is, 2 when that is unknown.",
    )
    add_last(parser, "14d", about=" for their names")
    add_home(parser)
    add_dev(parser)
    parser.set_defaults(function=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    settle = actions.add_parser(
        "settle",
        help="report the outcome of an order",
        description="Report the outcome of an order on behalf of its service, where a person has found it out: look at "
        "the exchange first. The alert on it ends. Exit code 0 when the collector has taken it.",
    )
    settle.add_argument(
        "id", type=typed.LINE, help="its client order id, or the exchange's id of an order that is listed"
    )
    settle.add_argument(
        "--exchange", required=True, type=typed.LINE, metavar="NAME", help="its exchange, as it is listed"
    )
    settle.add_argument(
        "--outcome",
        required=True,
        choices=_OUTCOMES,
        help="accepted: it is open; failed: it never came there",
    )
    settle.add_argument(
        "--service",
        type=typed.LINE,
        metavar="NAME",
        help="the service that sent it (default: as it is listed)",
    )
    add_last(settle, "14d", about=" for it")
    add_home(settle)
    add_dev(settle)
    settle.set_defaults(function=run_settle)


def run(options: argparse.Namespace) -> int:
    """List the orders; returns the exit code."""
    try:
        with embedded(options) as store:
            listing = _read(options, store)
    except UserError as error:
        problem, _, way_out = str(error).partition("\n")
        fail(problem, way_out, options)
        return 2
    if options.json:
        print_json(_as_json(listing))
    else:
        _show(listing, options.last)
    return listing.exit_code


def run_settle(options: argparse.Namespace) -> int:
    """Settle one order; returns the exit code."""
    with embedded(options) as store, _collector(options, store) as environ:
        if store is None:
            _require_way(options)
        listing = _read(options, store)
        found = orders.find(listing.orders or (), options.id, options.exchange, options.service)
        with _written_down(options) if store is None else nullcontext():
            orders.settle(found, options.id, options.exchange, options.outcome, options.service, environ)
    if options.json:
        print_json(
            {
                "settled": options.id,
                "exchange": options.exchange,
                "outcome": options.outcome,
                "listed": found is not None,
            }
        )
        return 0
    who = f" of {found.service}" if found is not None else ""
    out.print(
        name(f"The order {options.id}{who} on {options.exchange} is settled: {options.outcome}."),
        markup=False,
    )
    if found is None:
        out.print(
            "It is not among the orders that are listed; what was reported is found by its client order id.",
            markup=False,
        )
    elif store is None:
        out.print("The alert on it ends within seconds.")
    return 0


def _read(options: argparse.Namespace, store: Store | None) -> Listing:
    last = units.seconds(options.last)
    if store is not None:
        return orders.read_embedded(EmbeddedTraces(store), last)
    running = state.require(home_of(options))
    with ExitStack() as stack:

        def part(name: str) -> httpx.Client | None:
            if name not in running.parts:
                return None
            return stack.enter_context(clients.of_part(running, name))

        progress = stack.enter_context(_progress())
        return orders.read(part("tempo"), part("prometheus"), last, progress=progress)


def _require_way(options: argparse.Namespace) -> None:
    """See that the stack takes what is reported, rather than wait for it.

    Raises:
        StackError: A part of it stands still.
    """
    running = state.find(home_of(options))
    still = control.in_the_way(control.stopped(running.home.control)) if running is not None else []
    if still:
        raise StackError(
            f"{still[0]} stands still, so nothing can be reported", "See what runs: botobs status"
        )


def _written_down(options: argparse.Namespace) -> AbstractContextManager[object]:
    about = {"order": options.id, "exchange": options.exchange, "outcome": options.outcome}
    return audit.recording(home_meant(options), "orders settle", **about)


@contextmanager
def _collector(options: argparse.Namespace, store: Store | None) -> Iterator[dict[str, str]]:
    """The environment with which a settlement is sent to the stack, or to the embedded store."""
    environ = {**os.environ, **({"BOTOBS_HOME": options.home} if options.home else {})}
    if store is None:
        yield environ
        return
    receiver = Receiver(store, path=f"/{secrets.token_hex(16)}")
    receiver.start()
    try:
        yield {**environ, "BOTOBS_ENDPOINT": receiver.endpoint}
    finally:
        receiver.stop()


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is done, on a terminal's standard error, until it is done."""
    if not err.is_terminal:
        yield lambda _: None
        return
    with err.status("looking") as status:
        yield lambda text: status.update(text)


def _show(listing: Listing, last: str) -> None:
    if listing.orders:
        print_table(_table(listing))
        out.print(f"\nSee how one was sent with: botobs traces {name(listing.orders[0].trace_id)}")
        out.print("Settle one with: botobs orders settle ID --exchange NAME --outcome " + "|".join(_OUTCOMES))
    elif listing.orders is not None:
        out.print(f"No order of the last {last} is of unknown outcome or without a response.")
    if listing.orders is None:
        for each in listing.counted or ():
            bot = f", bot {each.bot}" if each.bot else ""
            sentence = f"{each.service}{bot}: {each.orders} unsettled on {each.exchange}"
            out.print(name(sentence), markup=False)
    for sentence in listing.disagreements:
        out.print(name(sentence), markup=False)
    if listing.disagreements:
        out.print(
            "They differ for up to half a minute after a change. Later, an order may be older than what Tempo keeps, "
            "its trace may not have been recorded (sampling), or its service reports no single orders.",
            markup=False,
        )
    for problem in listing.problems:
        err.print(name(problem), markup=False)


def _table(listing: Listing) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in (
        "state",
        "age",
        "service",
        "bot",
        "exchange",
        "symbol",
        "side",
        "client order id",
        "order id",
    ):
        table.add_column(title, justify="right" if title == "age" else "left", overflow="fold")
    table.add_column("trace id", no_wrap=True)
    for order in listing.orders or ():
        table.add_row(
            styled((order.state, "bold red" if order.is_unknown(listing.now) else "")),
            units.age(listing.now - order.submitted),
            *(
                name(text) or "-"
                for text in (
                    order.service,
                    order.bot,
                    order.exchange,
                    order.symbol,
                    order.side,
                    order.client_order_id,
                    order.order_id,
                )
            ),
            name(order.trace_id),
        )
    return table


def _as_json(listing: Listing) -> dict[str, object]:
    return {
        "orders": None
        if listing.orders is None
        else [_order_json(each, listing.now) for each in listing.orders],
        "counted": None
        if listing.counted is None
        else [
            {"service": each.service, "exchange": each.exchange, "bot": each.bot, "orders": each.orders}
            for each in listing.counted
        ],
        "disagreements": listing.disagreements,
        "problems": list(listing.problems),
    }


def _order_json(order: Order, now: float) -> dict[str, object]:
    submitted = datetime.datetime.fromtimestamp(order.submitted, datetime.UTC)
    return {
        "state": order.state,
        "service": order.service,
        "environment": order.environment,
        "bot": order.bot,
        "exchange": order.exchange,
        "symbol": order.symbol,
        "side": order.side,
        "client_order_id": order.client_order_id,
        "order_id": order.order_id,
        "submitted": submitted.isoformat(),
        "age": round(now - order.submitted, 1),
        "trace_id": order.trace_id,
        "span_id": order.span_id,
    }
