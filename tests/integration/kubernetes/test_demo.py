"""The demo as pods, measured by the chart: what `make smoke` asks of a stack of one machine."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.kubernetes.installation import Installation
from tests.support.kubernetes.trading import Trading


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
    assert [f"{each.name}: {each.detail}" for each in found if not each.seen] == []


def test_nothing_of_it_was_lost_or_kept_in_memory_alone(botobs: Installation) -> None:
    for name in ("botobs_sdk_dropped_total", "botobs_sdk_journal_refused_total"):
        assert botobs.query(name), f"{name} does not exist"
        assert not botobs.query(f"{name} > 0")
