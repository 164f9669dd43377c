"""What follows from the maximum outage, and which settings would break it."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from botobs._ops.errors import StackError
from botobs._ops.settings.outage import METRICS, TRACES, Plan, check_disk, plan

_GIB = 2**30
_Usage = namedtuple("_Usage", "total used free")


def _sizes(made: Plan) -> tuple[int, int]:
    return int(made.variables[TRACES.size]), int(made.variables[METRICS.size])


def test_queues_last_as_long_as_the_maximum_outage() -> None:
    made = plan({"BOTOBS_HORIZON": "2h", TRACES.rate: "1000000", METRICS.rate: "500KB"})
    assert _sizes(made) == (7200 * 1_000_000, 7200 * 500_000)


def test_twice_the_outage_takes_twice_the_queues_and_disk() -> None:
    once, twice = plan({"BOTOBS_HORIZON": "24h"}), plan({"BOTOBS_HORIZON": "48h"})
    assert _sizes(twice) == tuple(2 * size for size in _sizes(once))
    assert twice.queue_disk == pytest.approx(2 * once.queue_disk)


def test_without_settings_it_is_a_day() -> None:
    assert plan({}) == plan({"BOTOBS_HORIZON": ""}) == plan({"BOTOBS_HORIZON": "24h"})


def test_the_long_term_store_has_a_queue_too() -> None:
    alone, both = plan({}), plan({}, mimir=True)
    assert both.queue_disk - alone.queue_disk >= _sizes(alone)[1]


def test_a_queue_is_never_smaller_than_a_request() -> None:
    made = plan({"BOTOBS_HORIZON": "10m", TRACES.rate: "1", METRICS.rate: "1"})
    assert _sizes(made) == (16 * 2**20, 16 * 2**20)


def test_a_given_size_stays() -> None:
    assert _sizes(plan({TRACES.size: "4GiB", METRICS.size: "33554432"})) == (4 * _GIB, 33554432)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"BOTOBS_HORIZON": "soon"}, "BOTOBS_HORIZON='soon' must be a duration"),
        ({"BOTOBS_HORIZON": "9m"}, "shorter than a restart"),
        ({"BOTOBS_PROMETHEUS_RETENTION": "24h"}, "BOTOBS_PROMETHEUS_RETENTION=24h is not longer"),
        (
            {"BOTOBS_HORIZON": "400h"},
            "BOTOBS_PROMETHEUS_RETENTION=15d is not longer than BOTOBS_HORIZON=400h",
        ),
        ({"BOTOBS_TEMPO_RETENTION": "12h"}, "BOTOBS_TEMPO_RETENTION=12h is not longer"),
        ({"BOTOBS_MIMIR_RETENTION": "1d"}, "BOTOBS_MIMIR_RETENTION=1d is not longer"),
        ({"BOTOBS_MIMIR_RETENTION": "for ever"}, "BOTOBS_MIMIR_RETENTION='for ever' must be a duration"),
        ({"BOTOBS_SPOOL_AGE": "90000"}, "BOTOBS_SPOOL_AGE=90000 is longer than BOTOBS_HORIZON=24h"),
        (
            {TRACES.size: "1GiB", TRACES.rate: "50000"},
            "is filled after 6.0 h at BOTOBS_TRACES_BYTES_PER_SECOND",
        ),
        ({METRICS.size: "1000"}, "less than the largest request"),
        ({METRICS.size: "much"}, "must be a number of bytes"),
        ({METRICS.rate: "0"}, "must be a number of bytes"),
        ({"BOTOBS_PROMETHEUS_RETENTION_SIZE": "half"}, "BOTOBS_PROMETHEUS_RETENTION_SIZE='half'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_does_not_agree_is_refused_by_name(values: dict[str, str], reason: str) -> None:
    with pytest.raises(StackError) as raised:
        plan(values)
    assert reason in str(raised.value)


def _disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(free, 0, free))


def test_a_disk_without_room_for_the_queues_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = plan({})
    _disk(monkeypatch, made.queue_disk // 2)
    with pytest.raises(StackError) as raised:
        check_disk(made, tmp_path)
    assert str(tmp_path) in str(raised.value)
    assert "BOTOBS_HORIZON of 12h" in str(raised.value)


def test_a_disk_without_room_for_the_store_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = plan({})
    _disk(monkeypatch, made.queue_disk + made.store_disk - 1)
    (warning,) = check_disk(made, tmp_path)
    assert "BOTOBS_PROMETHEUS_RETENTION_SIZE" in warning
    _disk(monkeypatch, made.queue_disk + made.store_disk)
    assert check_disk(made, tmp_path) == []


def test_room_that_is_taken_already_need_not_be_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = plan({TRACES.size: "16MiB", METRICS.size: "16MiB"})
    _disk(monkeypatch, made.queue_disk - 4096)
    with pytest.raises(StackError):
        check_disk(made, tmp_path)
    queue = tmp_path / "collector" / "queue"
    queue.mkdir(parents=True)
    (queue / "exporter").write_bytes(b"x" * 4096)
    assert len(check_disk(made, tmp_path)) == 1
