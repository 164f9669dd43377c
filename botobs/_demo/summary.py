"""What was seen, at the end of a demo: orders, spans, and three traces to look at."""

from __future__ import annotations

import httpx
from rich.console import Console

from .._ops.console import name
from .observe import Backends

_ORDERS = 'sum(exchange_client_operation_duration_seconds_count{exchange_operation="create_order"})'


async def show(backends: Backends, console: Console, home: str) -> None:
    """Print the summary; the backends must still run."""
    try:
        orders = await backends.value(_ORDERS)
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
        console.print(f"  trace {trace['traceID'].rjust(32, '0')}  {name(trace['rootTraceName'])}")
    if traces:
        first = traces[0]["traceID"].rjust(32, "0")
        console.print(f"Draw one: botobs traces {first} --home {home}")
        console.print(f"(after the end, first: botobs up --detach --home {home})")
