"""A collector that hands whole traces to two samplers, one of which is taken away."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import clients
from botobs._ops.components.collector import SAMPLING
from botobs._ops.components.ports import Auth, Port, free_ports
from botobs._ops.home.render import render_tree
from testbed.stack import LiveStack
from tests.support.configs import ROOT
from tests.support.ledger import accounts
from tests.support.otlp_traces import Span, send, stored
from tests.support.port_probes import keys, opens, right_key
from tests.support.reports import Report
from tests.support.reports import send as send_report
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

_POLL = Span("fetch_ticker binance", attributes={"exchange.operation": "fetch_ticker"})
_ORDER = Span("create_order binance")
_SAMPLERS = ("sampler-0", "sampler-1")


class _Tiers:
    """The stack as first tier, and its samplers."""

    def __init__(self, live: LiveStack, binaries: Mapping[str, Path], ports: Mapping[str, int]) -> None:
        self.live, self.ports = live, ports
        self._program = binaries["botobs-collector"]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a sampler, as on another host; returns when it is ready."""
        values = self.live.stack.values | {
            "BOTOBS_SAMPLER_INSTANCE": name,
            "BOTOBS_SAMPLER_PORT": str(self.ports[name]),
            "BOTOBS_SAMPLER_HEALTH_PORT": str(self.ports[f"{name} health"]),
        }
        folder = self.live.home.path / name
        render_tree(ROOT / "collector", folder, values, frozenset({"build"}))
        files = [folder / "sampler.yaml", folder / SAMPLING["on"][0]]
        with (folder / "log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [self._program, *(f"--config={file}" for file in files)],
                stdout=log,
                stderr=log,
                env=dict(os.environ),
            )
        assert eventually(lambda: self._is_ready(name)), (folder / "log").read_text(encoding="utf-8")

    def _is_ready(self, name: str) -> bool:
        with clients.client(
            self.live.home.secrets, f"https://127.0.0.1:{self.ports[f'{name} health']}"
        ) as http:
            try:
                return http.get("/").is_success
            except httpx.TransportError:
                return False

    def stop(self, name: str) -> None:
        """Stop a sampler: it decides on what it holds, and delivers."""
        process = self._running.pop(name)
        process.terminate()
        process.wait()

    def stop_all(self) -> None:
        """Stop what runs."""
        for name in list(self._running):
            self.stop(name)

    def accepted(self, name: str) -> float:
        """Spans that a sampler has taken."""
        query = f'otelcol_receiver_accepted_spans_total{{service_instance_id="{name}"}}'
        return self.live.value(query) or 0

    def give_to(self, heir: str) -> None:
        """Send the second sampler's share to another, queue included: a setting, and a restart."""
        self.live.call(self.live.supervisor.hold("collector"))
        values = self.live.stack.values | {"BOTOBS_SAMPLER_1_ENDPOINT": f"127.0.0.1:{self.ports[heir]}"}
        render_tree(ROOT / "collector", self.live.home.config / "collector", values, frozenset({"build"}))
        self.live.call(self.live.supervisor.resume("collector"))


@contextmanager
def _two_tiers(binaries: Mapping[str, Path]) -> Iterator[_Tiers]:
    names = [*_SAMPLERS, *(f"{name} health" for name in _SAMPLERS)]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    settings = {
        "BOTOBS_SAMPLING": "gateway",
        "BOTOBS_SAMPLING_PERCENT": "100",
        "BOTOBS_SAMPLING_WAIT": "1s",
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": "1s",
        "BOTOBS_SAMPLER_0_ENDPOINT": f"127.0.0.1:{ports['sampler-0']}",
        "BOTOBS_SAMPLER_1_ENDPOINT": f"127.0.0.1:{ports['sampler-1']}",
    }
    with LiveStack(settings) as live:
        tiers = _Tiers(live, binaries, ports)
        try:
            yield tiers
        finally:
            tiers.stop_all()


@pytest.fixture(scope="module")
def tiers(binaries: Mapping[str, Path]) -> Iterator[_Tiers]:
    """Two tiers with both samplers running."""
    with _two_tiers(binaries) as made:
        for name in _SAMPLERS:
            made.start(name)
        yield made


def _offered(live: LiveStack, service: str) -> float:
    return live.value(f'botobs_collector_sampling_offered_spans_total{{service_name="{service}"}}') or 0


def _missing(live: LiveStack, traces: list[str], names: list[str]) -> list[str]:
    return [trace for trace in traces if stored(live, trace) != names]


@pytest.mark.parametrize("listener", ["sampler-0", "sampler-0 health"])
def test_a_sampler_refuses_strangers(tiers: _Tiers, listener: str, tmp_path: Path) -> None:
    variable = "BOTOBS_SAMPLER_HEALTH_PORT" if "health" in listener else "BOTOBS_SAMPLER_GRPC_PORT"
    port = Port(variable, tiers.ports[listener], "sampler", "", Auth.CERTIFICATE)
    tiers.live.stack.values[variable] = str(tiers.ports[listener])
    assert opens(tiers.live, port, right_key(tiers.live, port))
    wrong = keys(tiers.live, port, tmp_path)
    assert [name for name, key in wrong.items() if opens(tiers.live, port, key)] == []


def test_every_sampler_gets_whole_traces(tiers: _Tiers) -> None:
    before = sum(tiers.accepted(name) for name in _SAMPLERS)
    traces = send(tiers.live, "shared", *[(_POLL, _POLL, _ORDER)] * 40)
    names = sorted([_POLL.name, _POLL.name, _ORDER.name])
    assert eventually(lambda: not _missing(tiers.live, traces, names))
    assert eventually(lambda: sum(tiers.accepted(name) for name in _SAMPLERS) == before + 120)
    assert all(tiers.accepted(name) > 0 for name in _SAMPLERS)
    for name in _SAMPLERS:
        assert tiers.accepted(name) % 3 == 0


def test_the_ledger_knows_what_samplers_kept(tiers: _Tiers, capsys: pytest.CaptureFixture[str]) -> None:
    """All of it here, and a sampler does not tell whose it was."""
    polls = send(tiers.live, "counted", *[(_POLL,)] * 40)
    assert eventually(lambda: not _missing(tiers.live, polls, [_POLL.name]))
    send_report(tiers.live, Report("counted", 1, 40, started=40, at=time.time_ns()))
    assert eventually(lambda: _offered(tiers.live, "counted") == 40)

    def counted() -> bool:
        services = accounts(tiers.live, capsys)[1]
        assert "counted" in services
        spans = services["counted"]["spans"]
        assert (spans["acknowledged"], spans["stored"]) == (40, 40)
        return bool(spans["sampled_out"] == spans["missing"] == 0)

    assert eventually(counted, within=120)


def test_what_a_removed_sampler_should_have_had_goes_to_the_other(tiers: _Tiers) -> None:
    tiers.stop("sampler-1")
    traces = send(tiers.live, "removed", *[(_POLL, _ORDER)] * 40)
    # What passes no sampler is there at once, and so is the other sampler's share.
    assert eventually(lambda: all(_ORDER.name in stored(tiers.live, trace) for trace in traces))
    share = [trace for trace in traces if trace[-1] in "01234567"]
    whole = sorted([_POLL.name, _ORDER.name])
    assert eventually(lambda: not _missing(tiers.live, share, whole))
    waiting = [trace for trace in traces if trace not in share]
    assert len(_missing(tiers.live, waiting, whole)) == len(waiting) > 0
    tiers.give_to("sampler-0")
    assert eventually(lambda: not _missing(tiers.live, traces, whole))
