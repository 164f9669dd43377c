"""The page of everything that can be lost is what rules, ledger and metrics know of losses, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from botobs import semconv
from botobs._ops.ledger import _read
from docs.losses import LOSSES, Loss
from tests.support import rules
from tests.support.configs import ROOT
from tests.support.rules import Rule

ALL = [loss for losses in LOSSES.values() for loss in losses]
COUNTERS = {name for loss in ALL for name in loss.counters}
#: Alerts of the pipeline whose counters say that something stands still, fills or is wrong, and not that it is lost.
_NO_LOSS = {"CollectorDown", "CollectorSilent", "CollectorExporterStalled", "CollectorQueueFilling"} | {
    *("ScrapeDown", "DiskFilling", "HostStarved", "CertificateExpiring", "ConfigurationRejected"),
    "ExportsMissing",
    "Watchdog",
}
#: How metrics of ours are called that count what is given up.
_GIVEN_UP = re.compile(r"dropped|refused|overflow|rejected|unidentified|discarded|lost")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every alert of the pipeline."""
    found = rules.read(rules.render(tmp_path_factory.mktemp("rules")))
    return [rule for rule in found if rule.is_alert and rule.labels["area"] == "pipeline"]


def _name(loss: Loss) -> str:
    return loss.counters[0] if loss.counters else loss.what.replace(" ", "-")[:40]


@pytest.mark.parametrize("loss", ALL, ids=_name)
def test_the_alert_reads_what_counts_it(loss: Loss, pipeline: list[Rule]) -> None:
    if loss.alert is None:
        assert loss.silent
        return
    read = {name for rule in pipeline if rule.name == loss.alert for name in rule.metrics}
    assert set(loss.counters) <= read


@pytest.mark.parametrize("loss", ALL, ids=_name)
def test_what_tests_it_is_there(loss: Loss) -> None:
    assert loss.tests
    for test in loss.tests:
        file, _, function = test.partition("::")
        text = Path(ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^ *def {function}\(", text, re.MULTILINE), test


def test_no_rule_reads_a_counter_that_is_not_there(pipeline: list[Rule]) -> None:
    read = {name for rule in pipeline if rule.name not in _NO_LOSS for name in rule.metrics}
    counters = {name for name in read if name.endswith("_total") and ":" not in name}
    assert counters <= COUNTERS
    assert {rule.name for rule in pipeline} - _NO_LOSS == {loss.alert for loss in ALL if loss.alert}


def test_what_a_service_gives_up_is_there() -> None:
    named = {metric.prometheus_name for metric in semconv.all_metrics() if ".sdk." in metric.name}
    assert {name for name in named if _GIVEN_UP.search(name)} <= COUNTERS


def test_what_the_ledger_adds_up_is_there() -> None:
    assert {selector.partition("{")[0] for selector, _ in _read._LOST} <= COUNTERS
