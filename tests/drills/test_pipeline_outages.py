"""A backend is stopped for a while, and then killed: what the collector has acknowledged is there in the end."""

from __future__ import annotations

import time

import pytest

from testbed.stack import LiveStack
from tests.support.faults import SPANS, FaultTable, held, load, pause, struck
from tests.support.ledger import samples, wait_for_all
from tests.support.own_metrics import own_series
from tests.support.waiting import eventually


@pytest.fixture
def outage(long_profile: bool) -> float:
    """Seconds that a backend is away."""
    return 240 if long_profile else 12


def test_prometheus(live: LiveStack, outage: float, faults: FaultTable) -> None:
    with load(live, "prometheus", spans=0) as running:
        with held(live, "prometheus"):
            pause(outage)
        running.flows()
        struck(live, "prometheus")
        running.flows()
    delivery = running.settle()
    faults.add(f"Prometheus stopped for {outage:g} s, then killed", delivery)
    # What it took in while it was stopping (docs/delivery.md): at most one request.
    assert delivery.missing <= 200, delivery


def test_tempo(live: LiveStack, outage: float, faults: FaultTable) -> None:
    with load(live, "tempo", points=0) as running:
        with held(live, "tempo"):
            pause(outage)
        running.flows()
    delivery = running.settle()
    faults.add(f"Tempo stopped for {outage:g} s", delivery)
    # As above.
    assert delivery.missing <= 8 * SPANS, delivery


def test_many_services_wait(live: LiveStack, faults: FaultTable) -> None:
    """More services than the queue has consumers: upstream's batches by service would wait for each other for good."""
    # Before the load, because a Prometheus that stops under load may take a request with it (docs/delivery.md).
    live.call(live.supervisor.hold("prometheus"))
    with load(live, "many", pause=0.02, spans=0, points=12) as running:
        pause(12)
        live.call(live.supervisor.resume("prometheus"))
        running.flows()
    delivery = running.settle()
    faults.add("Prometheus away for 12 s, 12 services", delivery)
    assert delivery.missing == 0, delivery


def test_points_that_waited_survive_a_kill(fresh: LiveStack, faults: FaultTable) -> None:
    """They are stored in their order: a TSDB that starts again lacks some that came out of order from two at once."""
    fresh.call(fresh.supervisor.hold("prometheus"))
    with load(fresh, "waited", pause=0, spans=0) as running:
        running.flows(2000)
    fresh.call(fresh.supervisor.resume("prometheus"))
    assert running.settle().missing == 0
    out_of_order = _out_of_order(fresh)
    struck(fresh, "prometheus")
    delivery = running.settle(within=30)
    faults.add("Prometheus killed once it had what waited", delivery, f"{out_of_order:,} came out of order")
    assert delivery.missing == 0, delivery
    # By two consumers, 26,845 of 401,400. A few are of another sender: the collector itself.
    assert out_of_order < delivery.acknowledged / 1000


def _out_of_order(live: LiveStack) -> int:
    """Points that Prometheus has stored out of order since it started."""
    with live.client("prometheus") as http:
        (found,) = own_series(http, "prometheus_tsdb_head_out_of_order_samples_appended_total", type="float")
    return int(found)


def _scraped(live: LiveStack, part: str, since: float) -> set[float]:
    """When Tempo was scraped, as far as a store knows."""
    with live.client(part) as http:
        found = samples(http, 'up{job="tempo"}', part)
    return {at for one in found for at, _ in one["values"] if at >= since}


def test_mimir(live: LiveStack, outage: float, faults: FaultTable) -> None:
    began = time.time()
    with load(live, "mimir", spans=0) as running:
        with held(live, "mimir"):
            pause(outage)
        running.flows()
        struck(live, "mimir")
        running.flows()
    in_prometheus = running.settle()
    in_mimir = wait_for_all(live, running.sender, part="mimir", within=180)
    faults.add(f"Mimir stopped for {outage:g} s, then killed", in_mimir)
    assert (in_prometheus.missing, in_mimir.missing) == (0, 0)
    # Scraped series come another way, out of Prometheus' write-ahead log.
    scraped = _scraped(live, "prometheus", began)
    assert scraped
    assert eventually(lambda: scraped <= _scraped(live, "mimir", began), within=120)
