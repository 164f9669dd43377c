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

from .._ops.console import styled
from .._ops.stack import Stack
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


async def show(stack: Stack, backends: Backends, console: Console, until: asyncio.Event) -> None:
    """Keep the view fresh until told to stop; where the output is no terminal, print a line now and then."""
    figures = Figures()
    if not console.is_terminal:
        await _lines(stack, backends, console, until, figures)
        return
    with Live(_view(stack, figures), console=console, auto_refresh=False, screen=False) as live:
        while not await _pause(until, _REFRESH):
            await _refresh(backends, figures)
            live.update(_view(stack, figures), refresh=True)


async def _lines(
    stack: Stack, backends: Backends, console: Console, until: asyncio.Event, figures: Figures
) -> None:
    console.print(_addresses(stack))
    while not await _pause(until, 15):
        await _refresh(backends, figures)
        parts = ", ".join(f"{label} {text}" for label, text in _numbers(figures))
        console.print(f"{parts}; firing: {', '.join(figures.alerts) or 'nothing'}")


async def _pause(until: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await until.wait()
    return until.is_set()


async def _refresh(backends: Backends, figures: Figures) -> None:
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


def _view(stack: Stack, figures: Figures) -> Group:
    numbers = Table(box=None, pad_edge=False, show_header=False)
    for label, text in _numbers(figures):
        numbers.add_row(label, styled((text, "bold")))
    firing = ", ".join(figures.alerts)
    numbers.add_row("alerts firing", styled((firing, "bold red") if firing else ("none", "green")))
    return Group(
        Panel(numbers, title="trading", title_align="left"),
        Panel(_addresses(stack), title="parts", title_align="left", subtitle="Ctrl-C stops everything"),
    )
