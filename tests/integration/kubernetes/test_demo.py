"""The demo as pods, measured by the chart: what `make smoke` asks of a stack of one machine."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.kubernetes.installation import Installation
from tests.support.kubernetes.trading import Trading

#: The scraper is not asked for itself; who is, test_chart.py says.
_ELSEWHERE = "every part is scraped"


def test_what_smoke_checks_is_seen(
    botobs: Installation, record_property: Callable[[str, object], None]
) -> None:
    """Bots, engine, exchange and database in a namespace of their own, by the pod of the page."""
    trading = Trading(botobs)
    trading.start()
    botobs.upgrade(
        {"postgresExporter": {"enabled": True, "uri": "postgres.trading.svc:5432/postgres?sslmode=disable"}}
    )
    found = trading.trade(orders=40)
    record_property("demo as pods", "; ".join(f"{each.name}: {each.detail}" for each in found))
    missing = [f"{each.name}: {each.detail}" for each in found if not each.seen]
    assert [line for line in missing if not line.startswith(_ELSEWHERE)] == []
