"""How large a platform's telemetry becomes, and what its pipeline needs: from measured coefficients, not from guesses.

`make bench-scale` runs synthetic platforms of several sizes on a real stack and writes the coefficients.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...semconv import exchange

#: Written by `python -m bench.scale.fit`.
MEASURED = Path(__file__).parent / "measured.json"

_DAY = 86_400
#: Parts that keep samples and spans on disks of their own, where there is no object store.
_STORES = ("prometheus", "tempo")
#: Where there is one: who has what is recent beside it, and copies of it, by profile.
_RECENT = {"cluster": (("mimir", "tempo-ingester"), 3), "kubernetes": (("mimir", "tempo"), 1)}
#: Seconds for which they have it: `retention_period` of mimir/cluster.yaml, and what Tempo's generator keeps at most.
_RECENT_SECONDS = (13 * 3600, 2 * 3600)
#: Bytes of a sample in Mimir's write-ahead log, which is not compressed, as measured; and seconds that it reaches back
#: at most: a block of two hours is cut when the next is half full.
_LOGGED_BYTES, _LOGGED_SECONDS = 13.0, 4 * 3600
#: Bytes of a stored sample, the upper end of what Prometheus' documentation states:
#: https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects
SAMPLE_BYTES = 2.0
#: How a stack may run: as processes of one machine, as a cluster with three copies of what is recent, or as the chart
#: of the whole stack with its own values, on one node.
PROFILES = ("machine", "cluster", "kubernetes")
#: Channels that are subscribed for each market: its book, trades and ticker.
CHANNELS = 3


@dataclass(frozen=True)
class Platform:
    """What is monitored.

    Attributes:
        services: Processes that call `botobs.init`.
        bots: In all of them together.
        exchanges: That each service talks to.
        symbols: Markets that the setting `exchange_symbols` names; without it symbols make no series.
        orders_per_second: Of all bots.
        turn_seconds: From one turn of a bot to its next.
        metric_interval: Seconds between two exports of a service's metrics.
    """

    services: int
    bots: int
    exchanges: int
    orders_per_second: float
    symbols: int = 0
    turn_seconds: float = 60.0
    metric_interval: float = 10.0


@dataclass(frozen=True)
class Tier:
    """What a part of the pipeline needs.

    Attributes:
        name: Of the part.
        cores: Busy on average; leave as much again for queries, restarts and what has to be made up for.
        memory: Bytes, without queries.
        disk: Bytes, for as long as it keeps things.
        peak: Bytes on top of `memory` that it was seen to hold for a while, by compaction and after queries.
    """

    name: str
    cores: float
    memory: float
    disk: float = 0.0
    peak: float = 0.0


@dataclass(frozen=True)
class Size:
    """The predicted size of a platform.

    Attributes:
        series: Active ones, those of the stack included.
        points: Samples a second.
        spans: A second.
        metric_bytes: Of stored samples, a day.
        trace_bytes: Of stored spans, a day.
        tiers: Part by part.
    """

    series: float
    points: float
    spans: float
    metric_bytes: float
    trace_bytes: float
    tiers: tuple[Tier, ...]

    @property
    def cores(self) -> float:
        """CPU cores of all tiers."""
        return sum(tier.cores for tier in self.tiers)

    @property
    def memory(self) -> float:
        """Memory of all tiers in bytes."""
        return sum(tier.memory for tier in self.tiers)

    @property
    def peak(self) -> float:
        """Bytes of all tiers on top of `memory`, for a while."""
        return sum(tier.peak for tier in self.tiers)

    @property
    def disk(self) -> float:
        """Disk of all tiers in bytes."""
        return sum(tier.disk for tier in self.tiers)


def predict(
    platform: Platform, retention: float = 15 * _DAY, horizon: float = _DAY, profile: str = "machine"
) -> Size:
    """The size of a platform.

    Args:
        platform: What is monitored.
        retention: Seconds that samples and traces are kept.
        horizon: Maximum outage of a store in seconds, after which nothing is missing.
        profile: One of `PROFILES`.

    Raises:
        ValueError: A number is below zero, or there is no time between turns or exports.
    """
    for name, value in vars(platform).items():
        if value < 0 or (value == 0 and name in ("turn_seconds", "metric_interval")):
            raise ValueError(f"{name} cannot be {value:g}")
    measured = _measured()
    series_of, turns = measured["amounts"], platform.bots / platform.turn_seconds
    service_series = _sum(
        series_of["service_series"],
        service=platform.services,
        service_and_exchange=platform.services * platform.exchanges,
        bot=platform.bots,
    ) + _symbol_series(platform)
    stack = measured[profile]
    series = stack["series"] + service_series
    # Measured at the default interval.
    pace = 10.0 / platform.metric_interval
    points = stack["points"] + _sum(series_of["points"], service_series=service_series * pace)
    spans = _sum(series_of["spans"], order=platform.orders_per_second, turn=turns)
    causes = {"constant": 1.0, "series": series, "point": points, "span": spans}
    metric_bytes, trace_bytes = points * SAMPLE_BYTES * _DAY, spans * measured["span_bytes"] * _DAY
    queued = points * measured["queued_point_bytes"] + spans * measured["queued_span_bytes"]
    kept = (metric_bytes * retention / _DAY, trace_bytes * retention / _DAY)
    parts = stack["parts"]
    # Services wait in it first.
    disks = {next(iter(parts)): queued * horizon}
    if profile in _RECENT:
        disks |= {"object-store": sum(kept)} | _recent(profile, points, (metric_bytes, trace_bytes), horizon)
    else:
        disks |= dict(zip(_STORES, kept, strict=True))
    tiers = tuple(_tier(name, needs, causes, disks.get(name, 0.0)) for name, needs in parts.items())
    return Size(series, points, spans, metric_bytes, trace_bytes, tiers)


def _recent(
    profile: str, points: float, bytes_a_day: tuple[float, float], horizon: float
) -> dict[str, float]:
    """What stores have on disks of their own: what is recent, and what the object store did not take for so long."""
    stores, copies = _RECENT[profile]
    blocks = [
        each * (seconds + horizon) / _DAY for each, seconds in zip(bytes_a_day, _RECENT_SECONDS, strict=True)
    ]
    blocks[0] += points * _LOGGED_BYTES * _LOGGED_SECONDS
    return {store: copies * block for store, block in zip(stores, blocks, strict=True)}


def _tier(
    name: str, needs: Mapping[str, Mapping[str, float]], causes: Mapping[str, float], disk: float
) -> Tier:
    memory = _sum(needs["memory"], **causes)
    return Tier(
        name,
        _sum(needs["cpu"], **causes),
        memory,
        disk,
        # What was not measured in queries too has no peak of its own.
        max(0.0, _sum(needs["peak"], **causes) - memory) if "peak" in needs else 0.0,
    )


def _symbol_series(platform: Platform) -> float:
    """Series by market: each service subscribes to each of the markets in each of the usual channels."""
    by_symbol = sum(exchange.SYMBOL in metric.attributes for metric in exchange.METRICS)
    return float(platform.services * platform.symbols * by_symbol * CHANNELS)


def _sum(coefficients: Mapping[str, float], **causes: float) -> float:
    return sum(coefficient * causes[cause] for cause, coefficient in coefficients.items())


@cache
def _measured() -> Mapping[str, Any]:
    made: Mapping[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return made
