"""The dashboards, one module each."""

from __future__ import annotations

from collections.abc import Callable

from grafana_foundation_sdk.models.dashboard import Dashboard

from . import bots, database, exchanges, orders, overview, pipeline, services, traces, trading_engine

BOARDS: tuple[Callable[[], Dashboard], ...] = tuple(
    module.build
    for module in (overview, trading_engine, bots, orders, exchanges, database, services, pipeline, traces)
)
