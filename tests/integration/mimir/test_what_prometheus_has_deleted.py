"""Mimir still has what Prometheus has deleted, and both have the same of everything else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from testbed.otlp_load import Points
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.ledger import samples
from tests.support.waiting import eventually

_HOUR = 3600
#: How far back the points go, hour by hour; within the horizon of 24 h.
_HOURS = 20
_SERIES = 5


#: Nobody else writes: what is old could not be compacted, and then deleted, in a store that has seen the present.
_SILENT = {
    "BOTOBS_SCRAPE_INTERVAL": "1d",
    "BOTOBS_POSTGRES_SCRAPE_INTERVAL": "1d",
    "BOTOBS_EVALUATION_INTERVAL": "1d",
    "BOTOBS_HOST_METRICS_INTERVAL": "24h",
    "BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": str(24 * _HOUR * 1000),
}


@pytest.fixture(scope="module")
def silent() -> Iterator[LiveStack]:
    """A stack with Mimir that measures nothing by itself."""
    with LiveStack(_SILENT, mimir=True) as stack:
        yield stack


def _shorten_retention(live: LiveStack, to: str) -> None:
    """Have Prometheus keep samples for less than what it has; the setting does not go below the horizon."""
    path = live.home.config / "prometheus" / "prometheus.yml"
    text = path.read_text(encoding="utf-8")
    assert "time: 15d" in text
    live.call(live.supervisor.hold("prometheus"))
    path.write_text(text.replace("time: 15d", f"time: {to}"), encoding="utf-8")
    live.call(live.supervisor.resume("prometheus"))


def test_samples_and_series(silent: LiveStack) -> None:
    now = time.time()
    source = Points("long-term", _SERIES, clock=[now - hour * _HOUR for hour in range(_HOURS, -1, -1)])
    sent = _HOURS + 1

    def stored(part: str) -> dict[str, list[Any]]:
        with silent.client(part) as http:
            found = samples(http, source.selector, part, last="1d")
        return {one["metric"]["series"]: one["values"] for one in found}

    def everywhere(number: int) -> bool:
        found = [stored(part) for part in ("mimir", "prometheus")]
        return all(
            len(each) == _SERIES and {len(values) for values in each.values()} == {number} for each in found
        )

    # Hour by hour: Prometheus does not compact a head whose points have come before those that are older.
    for number in range(1, sent + 1):
        address, secrets = silent.stack.addresses["collector"], silent.home.secrets
        with Sender(address, secrets, [source], limit=1) as sender:
            sender.join()
        assert eventually(partial(everywhere, number), within=120)
    _shorten_retention(silent, "4h")
    long_term = stored("mimir")

    def prometheus_has_the_end_of_it() -> bool:
        short_term = stored("prometheus")
        return short_term.keys() == long_term.keys() and all(
            0 < len(values) < sent and values == long_term[series][-len(values) :]
            for series, values in short_term.items()
        )

    # Prometheus compacts once a minute, and deletes a block when all in it is too old; meanwhile there may be gaps.
    assert eventually(prometheus_has_the_end_of_it, within=400)
    assert stored("mimir") == long_term
