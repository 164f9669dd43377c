"""A demo that trades for hours: nothing grows, nothing falls, and the ledger is complete.

`make drills LANE=soak` takes four hours; `ARGS=--minutes=5` shows in five minutes how it works.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from botobs._demo.services import PORTS, Load
from testbed.stack import LiveStack
from tests.support.faults import pause
from tests.support.ledger import accounts
from tests.support.soak import MIB, Bound, Sample, Trend, take
from tests.support.waiting import eventually

# It takes as long as it is told to.
pytestmark = pytest.mark.timeout(0)

#: Samples that are taken in all.
_SAMPLES = 240
#: The part of the time after which services have started all that they need.
_WARM_UP = 0.25
#: Minutes in which stores fill the memory in which they keep what is recent, and the shortest run that shows more.
_STORES_FILL, _STORES_SHOWN = 60, 120

#: What each quantity may grow by.
_SERVICE = {"memory": Bound(0.05, 6 * MIB), "descriptors": Bound(0.05, 4), "threads": Bound(0, 2)}
_STORE = {"memory": Bound(0.25, 48 * MIB), "descriptors": Bound(0.1, 24), "threads": Bound(0.1, 8)}


@dataclass(frozen=True)
class Soaked:
    """A stack after its time.

    Attributes:
        live: The stack, which still runs.
        samples: Of each process.
        began: When it ran, in the time of the samples.
        minutes: How long it ran.
    """

    live: LiveStack
    samples: dict[str, list[Sample]]
    began: float
    minutes: float


@pytest.fixture(scope="module")
def soaked(request: pytest.FixtureRequest) -> Iterator[Soaked]:
    """The demo's stack, after `--minutes`."""
    minutes = float(request.config.getoption("--minutes"))
    samples: dict[str, list[Sample]] = {}
    with LiveStack(demo=Load(bots=8, rate=4)) as live:
        began = time.monotonic()
        while time.monotonic() < began + 60 * minutes:
            pause(60 * minutes / _SAMPLES)
            for name, sample in take(live).items():
                samples.setdefault(name, []).append(sample)
        yield Soaked(live, samples, began, minutes)


def _grown(
    soaked: Soaked,
    names: Iterable[str],
    bounds: Mapping[str, Bound],
    since: float,
    record: Callable[[str, object], None],
) -> list[str]:
    """What has grown by more than its bound since some minute; each trend is recorded."""
    grown = []
    for name in names:
        samples = [sample for sample in soaked.samples[name] if sample.at >= soaked.began + 60 * since]
        for quantity, bound in bounds.items():
            values = [getattr(sample, quantity) for sample in samples]
            trend = Trend.of([sample.at for sample in samples], values)
            unit = MIB if quantity == "memory" else 1
            minutes = soaked.minutes - since
            reported = f"{trend.median / unit:.1f}, grown by {trend.growth / unit:.2f} in {minutes:g} min"
            record(f"{name}: {quantity}{', MiB' if unit == MIB else ''}", reported)
            if trend.exceeds(bound):
                grown.append(f"{name}: {quantity} {reported}")
    return grown


def test_no_service_grows(soaked: Soaked, record_property: Callable[[str, object], None]) -> None:
    assert not _grown(soaked, PORTS, _SERVICE, soaked.minutes * _WARM_UP, record_property)


def test_no_store_grows(soaked: Soaked, record_property: Callable[[str, object], None]) -> None:
    if soaked.minutes < _STORES_SHOWN:
        pytest.skip(
            f"stores fill their memory for {_STORES_FILL} min: it takes {_STORES_SHOWN} min to see more"
        )
    stores = sorted(set(soaked.samples) - set(PORTS))
    assert not _grown(soaked, stores, _STORE, _STORES_FILL, record_property)


def test_nothing_fell(soaked: Soaked) -> None:
    assert {
        name: status.restarts for name, status in soaked.live.supervisor.status.items() if status.restarts
    } == {}


def test_the_ledger_is_complete(
    soaked: Soaked, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    last = f"{soaked.minutes + 5:g}m"

    def complete() -> dict[str, Any]:
        found = accounts(soaked.live, capsys, last)[1]
        assert {"trading-engine", "bot-manager"} <= set(found)
        for name, account in found.items():
            spans, exports = account["spans"], account["metric_exports"]
            # What an SDK sent again after an answer was late is stored twice, and is no loss.
            assert (spans["missing"], exports["missing"]) == (0, 0), (name, account)
            assert spans["acknowledged"] > 0
            assert spans["dropped"] == {}, (name, account)
        return found

    for name, account in eventually(complete, within=120, every=5).items():
        record_property(f"{name}: spans acknowledged, none missing", account["spans"]["acknowledged"])


def test_ordinary_trading_loses_no_order(
    soaked: Soaked, record_property: Callable[[str, object], None]
) -> None:
    """The engine of the demo reconciles with both exchanges: it finds nothing, and no outcome is unknown."""
    looks = soaked.live.value("sum(botobs_reconcile_looks_total{botobs_reconcile_outcome='complete'})")
    assert looks is not None and looks > 2 * soaked.minutes
    record_property("accounts compared with the exchanges", int(looks))
    fired = {
        each["metric"]["alertname"]
        for each in soaked.live.query(
            f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{soaked.minutes:g}m]))'
        )
    }
    # A busy machine may be slow; it must not be taken for a lost order.
    record_property("alerts that fired", sorted(fired))
    assert not fired & {"OrderOrphaned", "OrderGhost", "PositionDrift", "OrderOutcomeUnknown"}
