"""The collector's queue is full, cut short, or out of disk."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import botobs
from testbed.stack import LiveStack
from tests.support.faults import FaultTable, Load, load, queue_files, resident
from tests.support.own_metrics import own_series
from tests.support.waiting import eventually

_MIB = 2**20
_TRACES = "exporter_otlp_grpc_tempo_traces"


def _until_held_back(running: Load, quiet: float = 4) -> None:
    """Wait until no request has been acknowledged for `quiet` seconds."""
    seen, since = running.acknowledged, time.monotonic()

    def silent() -> bool:
        nonlocal seen, since
        if running.acknowledged != seen:
            seen, since = running.acknowledged, time.monotonic()
        return time.monotonic() - since > quiet

    assert eventually(silent, within=240), "the sender is never held back"


def test_full(faults: FaultTable) -> None:
    with LiveStack({"BOTOBS_COLLECTOR_TRACES_QUEUE_BYTES": str(24 * _MIB)}) as live:
        live.call(live.supervisor.hold("tempo"))
        with load(live, "full", pause=0, points=0) as running:
            _until_held_back(running)
            before = resident(live)
            given_up = _press(live)
            after = resident(live)
            live.call(live.supervisor.resume("tempo"))
            running.flows()
        delivery = running.settle()
        faults.add(
            "queue full", delivery, f"collector's memory {before // _MIB} MiB, then {after // _MIB} MiB"
        )
        assert delivery.missing == 0, delivery
        # The sender of the SDK's spans was held back, and said which it gave up.
        assert given_up > 0
        assert after < before + 64 * _MIB


def _press(live: LiveStack) -> int:
    """Make more spans than the SDK may keep while nobody takes them; how many it gave up and counted."""
    handle = botobs.init(
        "pressed",
        endpoint=live.stack.addresses["collector"],
        certificate=str(live.home.secrets / "ca.pem"),
        token_file=str(live.home.secrets / "service.token"),
        queue_bytes=200_000,
        disabled_instrumentations=["all"],
        environ={},
    )
    try:
        for _ in range(2_000):
            # Larger than what room the full queue may still have for a small request.
            with botobs.span("pressed", {"text": "as long as it gets, " * 200}):
                pass
        assert not handle.flush(3.0)
        return sum(n for (_, _, reason), n in handle.counts.dropped.items() if reason == "queue_full")
    finally:
        botobs.shutdown(1.0)


def test_its_file_is_cut_short(fresh: LiveStack, faults: FaultTable) -> None:
    with load(fresh, "cut") as running:
        fresh.call(fresh.supervisor.hold("tempo"))
        running.flows(40)
        fresh.call(fresh.supervisor.hold("collector"))
        os.truncate(fresh.home.data / "collector" / "queue" / _TRACES, queue_files(fresh)[_TRACES] // 2)
        fresh.call(fresh.supervisor.resume("tempo"))
        fresh.call(fresh.supervisor.resume("collector"))
        before = running.acknowledged
        running.flows(20)
    delivery = running.drained()
    assert [name for name in queue_files(fresh) if ".backup" in name]
    # The default pace of this count is the host's, 15 s.
    aside = 'ALERTS{alertname="CollectorQueueSetAside", alertstate="firing"}'
    assert eventually(lambda: fresh.query(aside), within=60)
    faults.add("queue's file cut to half", delivery, "what was queued for Tempo is lost, and nothing else")
    spans = running.sender.acknowledged[0]
    assert delivery.missing <= before * running.sender.sources[0].items
    assert spans


@contextmanager
def _small_disk(live: LiveStack, part: str, mount: Path, mebibytes: int) -> Iterator[Path]:
    """Have the data of a part on a file system of its own; its folder."""
    mount.mkdir()
    options = f"size={mebibytes}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", mount], check=True)
    try:
        live.home.data.mkdir(parents=True)
        (live.home.data / part).symlink_to(mount)
        yield mount
    finally:
        subprocess.run(["umount", "--lazy", mount], check=True)


@pytest.fixture
def root() -> None:
    """Mounting takes root; a drill without it fails, since one that is skipped proves nothing."""
    if os.geteuid() != 0:
        pytest.fail("this drill mounts a small file system: run it as root, as continuous integration does")


def test_its_disk_is_full(root: None, faults: FaultTable, tmp_path: Path) -> None:
    live = LiveStack()
    with _small_disk(live, "collector", tmp_path / "disk", 24), live:
        live.call(live.supervisor.hold("tempo"))
        with load(live, "disk", pause=0, points=0) as running:
            _until_held_back(running)
            live.call(live.supervisor.resume("tempo"))
            running.flows()
        delivery = running.settle()
    faults.add("queue's disk full", delivery, f"answers {dict(running.sender.answers)}")
    assert delivery.missing == 0, delivery


def test_disk_of_prometheus_is_full(root: None, faults: FaultTable, tmp_path: Path) -> None:
    live = LiveStack()
    with _small_disk(live, "prometheus", tmp_path / "disk", 256) as folder, live:
        with load(live, "wal", spans=0) as running:
            ballast = folder / "ballast"
            _fill(ballast)
            failed = eventually(
                lambda: live.value("prometheus_tsdb_wal_writes_failed_total") or _wal_failures(live),
                within=60,
            )
            running.flows(20)
            ballast.unlink()
            running.flows(20)
            alert = 'ALERTS{alertname="PrometheusLosing"}'
            assert eventually(lambda: live.query(alert), within=60)
        delivery = running.drained()
        refused = live.value("sum(otelcol_exporter_send_failed_metric_points_total)") or 0
    faults.add("Prometheus' disk full", delivery, f"{refused:g} refused, {failed:g} writes failed")
    # Prometheus answers 200 to what it could not write (docs/delivery.md): all that can be asked is that it is told.
    assert failed


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError as error:
            assert "No space" in str(error)


def _wal_failures(live: LiveStack) -> float:
    """Straight from Prometheus, which cannot store its own."""
    with live.client("prometheus") as http:
        return sum(own_series(http, "prometheus_tsdb_wal_writes_failed_total"))
