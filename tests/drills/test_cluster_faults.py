"""Faults of a cluster under load: what an agent has acknowledged is there in the end, and queries go on meanwhile."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from botobs._ops.components.cluster import members
from testbed.otlp_load import Points, Spans
from testbed.stack import LiveStack
from tests.support.faults import FaultTable, Load, held, load, pause, struck
from tests.support.line import Cut, Line
from tests.support.waiting import eventually

#: Seconds between two requests of a connection: two cores run some twenty processes beside it.
_PAUSE = 0.25
_MIMIRS = tuple(member.name for member in members.MIMIRS)
_GATEWAYS = tuple(member.name for member in members.GATEWAYS)
#: One of each tier, in the order of the data's way; the long form kills every process.
_TIERED = ("collector", "gateway-0", "tempo-ingester-0", "mimir-0", "object-store")
#: Tiers that have several processes, of which one may be away.
_TIERS = {"gateways": _GATEWAYS, "Mimir": _MIMIRS, "Tempo's ingesters": members.INGESTERS}


@dataclass(frozen=True)
class Cluster:
    """A running cluster with lines between its tiers that can be cut."""

    live: LiveStack
    lines: dict[str, Line]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A cluster whose parts fall one after the other."""
    with Line() as gateways, Line() as mimir, Line() as tempo:
        variables = {
            "BOTOBS_GATEWAYS_URL": f"https://127.0.0.1:{gateways.port}",
            "BOTOBS_MIMIR_URL": f"https://127.0.0.1:{mimir.port}",
            "BOTOBS_TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{tempo.port}",
            "BOTOBS_COLLECTOR_RETRY_INTERVAL": "2s",
        }
        live = LiveStack(variables, cluster=True)
        lines = {"agent and gateways": gateways, "gateways and Mimir": mimir, "gateways and Tempo": tempo}
        ends = ("BOTOBS_FRONT_GATEWAY_PORT", "BOTOBS_FRONT_MIMIR_PORT", "BOTOBS_TEMPO_DISTRIBUTOR_OTLP_PORT")
        with live:
            for line, end in zip(lines.values(), ends, strict=True):
                line.target = int(live.stack.values[end])
            yield Cluster(live, lines)


@pytest.fixture
def outage(long_profile: bool) -> float:
    """Seconds that something is away."""
    return 180 if long_profile else 6


@contextmanager
def _crashed(live: LiveStack, part: str) -> Iterator[None]:
    """Have a part killed, and dead for the length of a block."""
    live.call(live.supervisor.hold(part, signal.SIGKILL))
    try:
        yield
    finally:
        live.call(live.supervisor.resume(part))


def _answers(live: LiveStack, running: Load) -> bool:
    """Whether queries find what was sent: every series in Mimir, and the first trace in Tempo."""
    spans, points = running.sender.sources
    assert isinstance(spans, Spans)
    assert isinstance(points, Points)
    with live.client("tempo") as http:
        trace = http.get(f"/api/traces/{spans.trace_id(running.sender.acknowledged[0][0]).hex()}")
    return trace.status_code == 200 and live.value(f"count({points.selector})") == points.items


def _settled(running: Load, faults: FaultTable, fault: str, remark: str = "") -> None:
    delivery = running.settle()
    faults.add(fault, delivery, remark)
    assert delivery.missing == 0, delivery


def test_every_process_is_killed_in_turn(cluster: Cluster, long_profile: bool, faults: FaultTable) -> None:
    names = [name for name in cluster.live.supervisor.processes if not name.startswith("postgres")]
    chosen = names if long_profile else list(_TIERED)
    assert set(chosen) <= set(names)
    with load(cluster.live, "killed", _PAUSE) as running:
        for part in chosen:
            struck(cluster.live, part)
            running.flows(2)
    _settled(running, faults, f"cluster: {len(chosen)} processes killed in turn")


@pytest.mark.parametrize("tier", _TIERS)
def test_a_tier_is_restarted_one_after_the_other(cluster: Cluster, faults: FaultTable, tier: str) -> None:
    with load(cluster.live, f"rolled-{_TIERS[tier][0]}", _PAUSE) as running:
        assert eventually(lambda: _answers(cluster.live, running))
        for part in _TIERS[tier]:
            with held(cluster.live, part):
                assert eventually(lambda: _answers(cluster.live, running)), f"no answers without {part}"
                running.flows(2)
    _settled(running, faults, f"cluster: rolling restart of {tier}")


@pytest.mark.parametrize("part", ["mimir-1", "tempo-ingester-1"])
def test_an_ingester_is_lost_with_its_disk(cluster: Cluster, faults: FaultTable, part: str) -> None:
    live = cluster.live
    with load(live, f"lost-{part}", _PAUSE) as running:
        assert eventually(lambda: _answers(live, running))
        with _crashed(live, part):
            shutil.rmtree(live.home.data / part)
            (live.home.data / part).mkdir()
            assert eventually(lambda: _answers(live, running)), f"no answers without {part}"
        running.flows()
    _settled(running, faults, f"cluster: {part} lost with its disk")


def test_the_object_store_is_away(cluster: Cluster, outage: float, faults: FaultTable) -> None:
    live = cluster.live
    with load(live, "store", _PAUSE) as running:
        with held(live, "object-store"):
            pause(outage)
            running.flows()
            points = running.sender.sources[1]
            assert isinstance(points, Points)
            # What is younger than a block is with the ingesters.
            assert live.value(f"count({points.selector})") == points.items
        running.flows()
    _settled(running, faults, f"cluster: object store stopped for {outage:g} s")


@pytest.mark.parametrize("gone", _GATEWAYS)
def test_a_gateway_is_taken_away_and_added(cluster: Cluster, faults: FaultTable, gone: str) -> None:
    with held(cluster.live, gone):
        with load(cluster.live, f"without-{gone}", _PAUSE) as running:
            running.flows()
        # The other one is enough, for as long as it takes.
        _settled(running, faults, f"cluster: {gone} taken away")
    with load(cluster.live, f"with-{gone}", _PAUSE) as running:
        running.flows()
    _settled(running, faults, f"cluster: {gone} added")


@pytest.mark.parametrize("how", ["refused", "black-holed"])
@pytest.mark.parametrize("between", ["agent and gateways", "gateways and Mimir", "gateways and Tempo"])
def test_the_network_is_cut(
    cluster: Cluster, outage: float, long_profile: bool, faults: FaultTable, between: str, how: Cut
) -> None:
    if how == "refused" and not long_profile:
        pytest.skip("the harder of the two is enough: make drills")
    name = f"cut-{how}-{between}".replace(" ", "-")
    with load(cluster.live, name, _PAUSE) as running, cluster.lines[between].cut(how):
        pause(outage)
        running.flows()
    _settled(running, faults, f"cluster: {between} {how} for {outage:g} s")
