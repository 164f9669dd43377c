"""The demo's figures from the embedded store, while there are no backends."""

from __future__ import annotations

import time

from .._ops.embedded.store import Store

#: Seconds that figures are of, as those of the backends are.
_WINDOW = 60.0
_ORDERS = "name GLOB 'create_order *'"


def figures(store: Store) -> dict[str, float | None]:
    """Orders and spans a second, and the 95th percentile of the orders' latency in seconds."""
    now = time.time()
    begin = round((now - _WINDOW) * 1e9)
    ((spans, first),) = store.rows("SELECT count(*), min(start_ns) FROM spans WHERE start_ns >= ?", (begin,))
    if not spans:
        return {}
    # In the first minute there is less of it.
    seconds = max(1.0, now - first / 1e9)
    lengths = store.rows(
        f"SELECT end_ns - start_ns FROM spans WHERE {_ORDERS} AND start_ns >= ? ORDER BY 1", (begin,)
    )
    return {
        "orders": len(lengths) / seconds,
        "spans": spans / seconds,
        "p95": lengths[int(len(lengths) * 0.95)][0] / 1e9 if lengths else None,
    }


def totals(store: Store) -> tuple[int, int]:
    """How many orders and spans the store has."""
    ((orders, spans),) = store.rows(f"SELECT count(*) FILTER (WHERE {_ORDERS}), count(*) FROM spans")
    return orders, spans
