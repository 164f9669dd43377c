"""Drills that break botobs itself; they need no demo."""

from __future__ import annotations

from . import deadman
from .drill import Drill, after
from .faults import full_disk, starved_host, taken

#: What says that something is dead whose signs of life may only be late.
_LIFE = ("ServicesSilent", "ServiceHeartbeatLost", "BotHeartbeatLost")
#: Seconds for which nothing must have left a queue.
_STALLED = 60.0

DRILLS = (
    Drill(
        name="collector-down",
        does="stops the collector and starts it again; services keep what they cannot send",
        alert="CollectorDown",
        labels={},
        fault=taken("collector", "hold"),
        signal="BOTOBS_HEALTH_SCRAPE_INTERVAL",
        never=_LIFE,
        traceql="{ }",
    ),
    Drill(
        name="tempo-down",
        does="stops Tempo and starts it again; the collector keeps the spans meanwhile",
        alert="CollectorExporterStalled",
        # The exporter has another name in a cluster.
        labels={"cause": "traces"},
        fault=taken("tempo", "hold"),
        signal="BOTOBS_COLLECTOR_METRICS_INTERVAL_MS",
        reach=after(_STALLED),
        never=_LIFE,
        also=("ScrapeDown",),
        traceql="{ }",
    ),
    Drill(
        name="prometheus-down",
        does="stops Prometheus and starts it again; only the dead man's switch reports it",
        alert=deadman.ALERT,
        labels={},
        fault=taken("prometheus", "hold"),
        signal="BOTOBS_DEADMAN_INTERVAL",
        never=_LIFE,
        traceql="{ }",
    ),
    Drill(
        name="disk-full",
        does="reports to the collector, as a host called drill, that its disk is 97 % full; no disk is touched",
        alert="DiskFilling",
        labels={"host_name": "drill", "severity": "critical"},
        fault=full_disk,
        signal="0",
        traceql="{ }",
    ),
    Drill(
        name="host-starved",
        does="reports to the collector, as a host called drill, that 400 tasks wait for 2 CPUs; nothing is slowed",
        alert="HostStarved",
        labels={"host_name": "drill", "severity": "critical"},
        fault=starved_host,
        signal="0",
        traceql="{ }",
    ),
)
