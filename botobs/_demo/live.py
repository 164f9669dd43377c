"""The live view of `make demo`: parts, trading, latency, alerts, addresses."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import httpx
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .._ops.console import styled
from .._ops.stack.stack import Stack
from . import embedded
from .gathering import Gathering
from .observe import Backends

_REFRESH = 2.0
_QUERIES = {
    "orders": 'sum(rate(exchange_client_operation_duration_seconds_count{exchange_operation="create_order"}[1m]))',
    "spans": 'sum(rate(otelcol_receiver_accepted_spans_total{service_instance_id="collector-0"}[1m]))',
    "p95": "histogram_quantile(0.95, sum by (le) (rate("
    'exchange_client_operation_duration_seconds_bucket{exchange_operation="create_order"}[1m])))',
}


@dataclass
class Figures:
    """The numbers on the screen; None until there is one."""

    values: dict[str, float | None] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)


async def show(
    stack: Stack, backends: Backends, gathering: Gathering, console: Console, until: asyncio.Event
) -> None:
    """Keep the view fresh until `until` is set; where the output is no terminal, print a line now and then."""
    figures = Figures()
    if not console.is_terminal:
        await _lines(stack, backends, gathering, console, until, figures)
        return
    with Live(_view(stack, gathering, figures), console=console, auto_refresh=False, screen=False) as live:
        while not await _pause(until, _REFRESH):
            await _refresh(stack, backends, figures)
            live.update(_view(stack, gathering, figures), refresh=True)


async def _lines(
    stack: Stack,
    backends: Backends,
    gathering: Gathering,
    console: Console,
    until: asyncio.Event,
    figures: Figures,
) -> None:
    console.print(_addresses(stack))
    while not until.is_set():
        await _refresh(stack, backends, figures)
        parts = ", ".join(f"{label} {text}" for label, text in _numbers(figures))
        firing = f"firing: {', '.join(figures.alerts) or 'nothing'}"
        console.print(
            f"{parts}; {firing if stack.takeover is not None else _coming(stack, gathering)}", markup=False
        )
        await _pause(until, 15)


async def _pause(until: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
    return until.is_set()


async def _refresh(stack: Stack, backends: Backends, figures: Figures) -> None:
    if stack.takeover is None and stack.first_minute is not None:
        figures.values = await asyncio.to_thread(embedded.figures, stack.first_minute.store)
        return
    # A backend that is down is news for the table of parts, not a reason to stop looking.
    with contextlib.suppress(httpx.HTTPError):
        for name, query in _QUERIES.items():
            value = await backends.value(query)
            figures.values[name] = None if value is None or value != value else value
        alerts = await backends.alerts()
        figures.alerts = sorted({alert["labels"]["alertname"] for alert in alerts} - {"Watchdog"})


def _numbers(figures: Figures) -> list[tuple[str, str]]:
    def text(name: str, form: str, scale: float = 1.0) -> str:
        value = figures.values.get(name)
        return "waiting" if value is None else form.format(value * scale)

    return [
        ("orders", text("orders", "{:.1f}/s")),
        ("spans", text("spans", "{:.0f}/s")),
        ("order latency p95", text("p95", "{:.0f} ms", 1000)),
    ]


def _addresses(stack: Stack) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, status in stack.supervisor.status.items():
        colour = "green" if status.state == "ready" else "yellow"
        restarts = f"restarted {status.restarts} times" if status.restarts else ""
        table.add_row(
            name, styled((status.state, colour)), stack.addresses[name], styled((restarts, "yellow"))
        )
    return table


def _coming(stack: Stack, gathering: Gathering) -> str:
    """What is to be said of the backends while they are not there."""
    problem = stack.first_minute.problem if stack.first_minute is not None else ""
    return f"no backends: {problem}" if problem else gathering.sentence


def _first_minute(stack: Stack, gathering: Gathering) -> Panel | None:
    """What stands in for the backends, and how far they are; nothing once they have taken over."""
    if stack.first_minute is None:
        return None
    if stack.takeover is not None:
        waiting = stack.takeover.waiting
        if not waiting:
            return None
        done = stack.takeover.progress.done
        return Panel(
            f"handing over what was kept: {done} requests done, {waiting} wait",
            title="backends",
            title_align="left",
        )
    table = Table(box=None, pad_edge=False, show_header=False)
    for program, state in gathering.rows:
        table.add_row(program, state)
    kept = Text(
        f"Until they run, figures and traces are from the embedded store: botobs traces --home {stack.home.path}"
    )
    if stack.first_minute.problem:
        kept = Text(_coming(stack, gathering), style="red")
    notes = [Text(note) for note in gathering.notes]
    return Panel(Group(table, *notes, kept), title="the backends are being made ready", title_align="left")


def _view(stack: Stack, gathering: Gathering, figures: Figures) -> Group:
    numbers = Table(box=None, pad_edge=False, show_header=False)
    for label, text in _numbers(figures):
        numbers.add_row(label, styled((text, "bold")))
    firing = ", ".join(figures.alerts)
    if stack.takeover is not None:
        numbers.add_row("alerts firing", styled((firing, "bold red") if firing else ("none", "green")))
    first_minute = _first_minute(stack, gathering)
    return Group(
        Panel(numbers, title="trading", title_align="left"),
        *([first_minute] if first_minute is not None else []),
        Panel(_addresses(stack), title="parts", title_align="left", subtitle="Ctrl-C stops everything"),
    )
