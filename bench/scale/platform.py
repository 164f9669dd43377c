"""A platform of synthetic services on a real stack, of processes or of pods, and what it costs there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from testbed.dashboards import Stores, ask, queries
from testbed.stack import LiveStack

from .._processes import ROOT

#: Parts that are there for the demo's database alone.
_NOT_COUNTED = {"postgres", "postgres_exporter"}
#: The board that everybody looks at first.
OVERVIEW = "botobs-overview"
#: How often every dashboard is drawn, one after the other, before memory is read again.
_DRAWN = 3
#: The pace of production.
PACE = {
    "BOTOBS_SCRAPE_INTERVAL": "15s",
    "BOTOBS_SCRAPE_TIMEOUT": "10s",
    "BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": "15000",
    "BOTOBS_SPAN_METRICS_INTERVAL": "15s",
    "BOTOBS_POSTGRES_SCRAPE_INTERVAL": "15s",
    "BOTOBS_EVALUATION_INTERVAL": "15s",
}


@dataclass(frozen=True)
class Workload:
    """What a platform does.

    Attributes:
        services: Processes that call `botobs.init`.
        bots: In all of them together.
        exchanges: That each service talks to.
        orders: A second, of all bots.
        turn_seconds: From one turn of a bot to its next.
    """

    services: int
    bots: int
    exchanges: int
    orders: float
    turn_seconds: float = 30.0


@dataclass
class Cost:
    """What a workload cost in a window of time.

    Attributes:
        series: Active at the end.
        service_series: Of them those that the services sent.
        points: Samples a second that Prometheus stored.
        spans: Spans a second that Tempo took.
        orders: Orders a second that were really made.
        cpu: Cores by part; of those that there are several of, all together.
        memory: Bytes by part at the end, likewise.
        peak: The most bytes by part from the beginning of the window until all dashboards had been drawn three times.
        services_cpu: Cores of all services together.
        rules: Seconds that one evaluation of all rules takes.
        overview: Seconds of each query of the overview board, the median, and the slowest.
        lost: Items dropped, refused or failed anywhere.
        span_bytes: On Tempo's disk, for each span.
    """

    workload: Workload
    series: float
    service_series: float
    points: float
    spans: float
    orders: float
    cpu: Mapping[str, float]
    memory: Mapping[str, float]
    peak: Mapping[str, float]
    services_cpu: float
    rules: float
    overview: tuple[float, float]
    lost: float
    span_bytes: float = 0.0


@dataclass(frozen=True)
class Place:
    """Where a workload runs.

    Attributes:
        stores: Who is asked what it cost.
        parts: The processes of each part.
        environ: By which services find it.
    """

    stores: Stores
    parts: Mapping[str, Sequence[psutil.Process]]
    environ: Mapping[str, str]


def measure(workload: Workload, warm_up: float, window: float, cluster: bool = False) -> Cost:
    """Run a workload on a stack of its own, in one process of each kind or as a cluster."""
    with LiveStack(PACE, cluster=cluster) as live:
        home = str(live.home.path)
        place = Place(live, _parts(live), {"HOME": home, "BOTOBS_HOME": home})
        cost = observe(place, workload, warm_up, window)
        # A cluster keeps its blocks in an object store, in the same format.
        cost.span_bytes = 0.0 if cluster else _span_bytes(live)
        return cost


def observe(place: Place, workload: Workload, warm_up: float, window: float) -> Cost:
    """Run a workload beside a stack that has nothing else to do."""
    with _services(place, workload) as services:
        time.sleep(warm_up)
        return _observe(place, workload, services, window)


def _observe(place: Place, workload: Workload, services: list[psutil.Process], window: float) -> Cost:
    parts = place.parts
    _forget_peaks(parts)
    before, busy, began = _cpu_of(parts), sum(map(_cpu, services)), time.monotonic()
    time.sleep(window)
    after, elapsed = _cpu_of(parts), time.monotonic() - began

    def value(promql: str) -> float:
        asked = {"query": promql.replace("$window", f"{int(window)}s")}
        with place.stores.client("prometheus") as http:
            # The generators may leave little of the machine.
            response = http.get("/api/v1/query", params=asked, timeout=60)
            response.raise_for_status()
        found = response.json()["data"]["result"]
        return float(found[0]["value"][1]) if found else 0.0

    cost = Cost(
        workload=workload,
        series=value(_SERIES),
        service_series=value('count({service_name=~"scale-.+"})'),
        points=value(_POINTS),
        spans=value("sum(rate(tempo_distributor_spans_received_total[$window]))"),
        orders=value('sum(rate(botobs_orders_total{botobs_order_outcome="filled"}[$window]))'),
        cpu={name: (used - before[name]) / elapsed for name, used in after.items()},
        memory={name: float(sum(each.memory_info().rss for each in some)) for name, some in parts.items()},
        peak={},
        services_cpu=(sum(map(_cpu, services)) - busy) / elapsed,
        rules=value("sum(prometheus_rule_group_last_duration_seconds)"),
        overview=_overview(place.stores),
        lost=value(_LOST),
    )
    for _ in range(_DRAWN):
        for query in queries():
            ask(place.stores, query, 900)
    cost.peak = {name: float(sum(map(_most, some))) for name, some in parts.items()}
    return cost


#: Of each series a cluster's Mimirs hold three copies.
_SERIES = (
    "sum(cortex_ingester_memory_series) / clamp_max(count(cortex_ingester_memory_series), 3)"
    " or prometheus_tsdb_head_series"
)

#: Stored by Prometheus, or by Mimir in its place; an agent of Prometheus stores nothing.
_POINTS = (
    "sum(rate(cortex_distributor_received_samples_total[$window]))"
    " or sum(rate(prometheus_tsdb_head_samples_appended_total[$window]))"
)
_LOST = (
    'sum({__name__=~"otelcol_(receiver_refused|receiver_failed|exporter_send_failed|exporter_enqueue_failed)_.+_total|'
    'botobs_sdk_dropped_total"})'
)


@contextmanager
def _services(place: Place, workload: Workload) -> Iterator[list[psutil.Process]]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **place.environ}
    started: list[subprocess.Popen[str]] = []
    try:
        for number in range(workload.services):
            bots = workload.bots // workload.services + (number < workload.bots % workload.services)
            arguments = (
                number,
                bots,
                workload.exchanges,
                workload.orders / workload.services,
                workload.turn_seconds,
            )
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "bench.scale.service", *map(str, arguments)],
                    env=environ,
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        for each in started:
            assert each.stdout is not None
            if each.stdout.readline().strip() != "trading":
                raise RuntimeError("a service did not start; what it says stands above")
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait()


def _parts(live: LiveStack) -> dict[str, list[psutil.Process]]:
    """The processes of each part, of which a cluster has several: `mimir` for `mimir-0` and the others."""
    parts: dict[str, list[psutil.Process]] = {}
    for name, status in live.supervisor.status.items():
        if name not in _NOT_COUNTED:
            parts.setdefault(re.sub(r"-\d+$", "", name), []).append(psutil.Process(status.pid))
    return parts


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _cpu_of(parts: Mapping[str, Sequence[psutil.Process]]) -> dict[str, float]:
    return {name: sum(map(_cpu, some)) for name, some in parts.items()}


def _forget_peaks(parts: Mapping[str, Sequence[psutil.Process]]) -> None:
    """As proc_pid_clear_refs(5): the most that a process has held counts from now on."""
    for process in (each for some in parts.values() for each in some):
        Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def _most(process: psutil.Process) -> int:
    """The most bytes that it has held."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _span_bytes(live: LiveStack) -> float:
    """Have Tempo write what it holds, and divide what it takes on disk by the spans that it was given."""
    with live.client("tempo") as http:
        http.get("/flush").raise_for_status()
        text = http.get("/metrics").text
    spans = sum(
        float(found) for found in re.findall(r"^tempo_distributor_spans_received_total{.*} (.+)$", text, re.M)
    )
    taken = -1
    # Until it has stopped to change.
    while taken != (taken := _taken(live.home.data / "tempo")):
        time.sleep(5)
    return taken / spans


def _taken(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _overview(stores: Stores) -> tuple[float, float]:
    times = []
    for query in queries():
        if query.uid == OVERVIEW and query.is_promql:
            began = time.monotonic()
            ask(stores, query, 900)
            times.append(time.monotonic() - began)
    return median(times), max(times)
