"""What one bot costs in series and bytes, beside the budget of docs/sizing.md."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import botobs
import botobs.trading
from testbed.otlp_receiver import OtlpReceiver

_ROOT = Path(__file__).parents[3]
_FILE = _ROOT / "tests" / "snapshots" / "per_bot.toml"
_BUDGET = tomllib.loads(_FILE.read_text(encoding="utf-8"))
#: Bots that are measured: the second number less the first, so that what a service costs does not count.
_FEW, _MANY = 20, 120

pytestmark = pytest.mark.parametrize("engine", ["fast", "stock"], indirect=True)


def _live(run: str, number: int) -> None:
    """All that can happen to a bot, once, and one order that is filled."""
    bot = botobs.trading.bot(f"bot-{run}-{number:04}", exchange="binance", strategy="grid")
    for state in ("starting", "running", "paused", "running", "failed", "starting", "running"):
        bot.state(state)
    with bot.turn(), botobs.trading.decision(bot) as decision:
        order = decision.order(
            f"order-{run}-{number:04}", exchange="binance", symbol="BTC/USDT", side="buy", type="limit"
        )
        with order.submission():
            order.acknowledged(f"{number:08}")
    with order.update():
        order.filled(1, 100, complete=True)


def _series(resource: Any) -> Iterator[int]:
    """Series of each point: as many as Prometheus makes of it."""
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in getattr(metric, metric.WhichOneof("data")).data_points:
                # Buckets with explicit bounds are a series each; sum and count besides.
                yield len(point.bucket_counts) + 2 if metric.HasField("histogram") else 1


def _measure(handle: botobs.Handle, receiver: OtlpReceiver, run: str, bots: range) -> dict[str, int]:
    before, spans = len(receiver.requests), len(receiver.spans)
    for number in bots:
        _live(run, number)
    assert handle.flush(30)
    sent = receiver.requests[before:]
    metrics = [each for each in sent if each.path == "/v1/metrics"][-1]
    return {
        "series": sum(_series(receiver.metric_exports[-1])),
        "metric_bytes": len(metrics.body),
        # Of the spans alone: into how many requests they go, each with its resource, is a matter of the pace.
        "span_bytes": sum(span.ByteSize() for span in receiver.spans[spans:]),
    }


def test_a_bot_costs_what_its_budget_allows(
    init: Callable[..., botobs.Handle], receiver: OtlpReceiver
) -> None:
    handle = init(metric_interval=3600)
    # Of this test alone: bots of one process are known over a second `init`.
    run = secrets.token_hex(4)
    few = _measure(handle, receiver, run, range(_FEW))
    many = _measure(handle, receiver, run, range(_FEW, _MANY))
    bots = _MANY - _FEW
    each = {
        "series": (many["series"] - few["series"]) / bots,
        "metric_bytes": (many["metric_bytes"] - few["metric_bytes"]) / bots,
        "span_bytes": many["span_bytes"] / bots,
    }
    over = {name: value for name, value in each.items() if value > _BUDGET[name]["most"]}
    assert not over, f"{over}: more than docs/sizing.md allows"
    changed = {
        name: value for name, value in each.items() if value != pytest.approx(_BUDGET[name]["now"], rel=0.02)
    }
    assert not changed, (
        f"{changed}: if that is meant, write it to {_FILE.relative_to(_ROOT)} and docs/sizing.md"
    )


def test_the_page_states_the_budget(engine: str) -> None:
    page = (_ROOT / "docs" / "sizing.md").read_text(encoding="utf-8")
    for name, row in _BUDGET.items():
        assert f"| {row['now']:,} | {row['most']:,} |" in page, name
