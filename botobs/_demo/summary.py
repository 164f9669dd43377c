"""What was seen, at the end of a demo: orders, spans, and three traces to look at."""

from __future__ import annotations

import httpx
from rich.console import Console

from .._ops.console import name
from .._ops.embedded.store import Store
from .._ops.stack.stack import Stack
from .._ops.traces import EmbeddedTraces, Wanted, full_trace_id
from .embedded import totals
from .observe import Backends


async def show(stack: Stack, backends: Backends, console: Console) -> None:
    """Print the summary; what runs must still run."""
    home = str(stack.home.path)
    if stack.takeover is None and stack.first_minute is not None:
        _of_the_embedded_store(stack.first_minute.store, console, home)
        return
    try:
        orders = await backends.orders()
        spans = await backends.spans_stored()
        # In a cluster each series is with three Mimirs.
        series = await backends.value("prometheus_tsdb_head_series or max(cortex_ingester_memory_series)")
        found = await backends.search('{ name =~ "create_order .+" }', limit=20)
    except httpx.HTTPError as error:
        console.print(f"no summary: {error}", markup=False)
        return
    console.print(
        f"\nSeen in Prometheus: {orders or 0:.0f} orders, {series or 0:.0f} series. "
        f"Stored in Tempo: {spans} spans."
    )
    # The newest may not be complete yet.
    traces = [trace for trace in found if trace.get("rootServiceName") and trace.get("rootTraceName")][:3]
    for trace in traces:
        console.print(f"  trace {full_trace_id(trace)}  {name(trace['rootTraceName'])}")
    if traces:
        first = full_trace_id(traces[0])
        console.print(f"Draw one: botobs traces {first} --home {home}")
        console.print(f"(after the end, first: botobs up --detach --home {home})")


def _of_the_embedded_store(store: Store, console: Console, home: str) -> None:
    orders, spans = totals(store)
    console.print(
        f"\nIn the embedded store: {orders} orders, {spans} spans; the backends were not there yet."
    )
    found = EmbeddedTraces(store).find(Wanted(service="trading-engine"), last=600.0, limit=20)
    whole = [trace for trace in found if trace.root_name][:3]
    for trace in whole:
        console.print(f"  trace {trace.trace_id}  {trace.root_name}", markup=False)
    if whole:
        console.print(f"Draw one: botobs traces {whole[0].trace_id} --home {home}", markup=False)
