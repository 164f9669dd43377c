"""Commands tell times in UTC, as messages and the console do, and take them by the clock on the wall."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from botobs._ops.alerting.alertmanager import Silence
from botobs._ops.cli import silence, why
from botobs._ops.cli.status import Part


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("now", "text", "ends"),
    [
        ("2026-07-01T10:00", "18:30", "2026-07-01T16:30"),
        ("2026-07-01T17:00", "18:30", "2026-07-02T16:30"),
        # The clocks are changed before it ends.
        ("2026-03-28T23:30", "06:00", "2026-03-29T04:00"),
        ("2026-10-24T22:30", "06:00", "2026-10-25T05:00"),
        ("2026-03-28T10:00", "09:00", "2026-03-29T07:00"),
        ("2026-01-01T10:00", "2026-07-01T18:30", "2026-07-01T16:30"),
        ("2026-01-01T10:00", "2026-07-01T18:30Z", "2026-07-01T18:30"),
    ],
)
def test_a_silence_ends_when_the_clock_on_the_wall_says_so(now: str, text: str, ends: str) -> None:
    found = silence._moment(text, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found.astimezone(UTC).isoformat()[:16] == ends


def test_times_are_told_in_utc() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    made = Silence("id", "active", ("a=b",), noon, noon + timedelta(hours=1), "me", "why")
    assert "2026-07-01 13:00 UTC" in list(silence._table([made]).columns[2].cells)
    assert why._clock(noon.timestamp()) == "12:00:00 UTC"
    assert Part("", "", noon.astimezone(), 0).history == "since 07-01 12:00:00 UTC"
