"""A panel can only name what exists: a metric of ours, one of a listed exporter, or a recorded series."""

from __future__ import annotations

import re

import pytest
import yaml

from botobs.semconv import all_metrics, database, exchange, trading
from grafana.boards.exporters import EXPORTED
from grafana.boards.promql import Queries
from grafana.boards.recorded import RECORDED
from testbed.dashboards import ROOT, dashboards, queries

_PARTS = ("", "_bucket", "_sum", "_count")
_WORDS = {
    "and", "or", "unless", "on", "ignoring", "by", "offset", "bool", "group_right", "group_left", "sum", "max", "min",
    "count", "avg", "group", "topk", "rate", "increase", "last_over_time", "histogram_quantile", "vector", "time",
    "clamp_min",
}  # fmt: skip

_q = Queries(("environment", "service", "exchange", "bot"))


def known() -> set[str]:
    ours = {f"{metric.prometheus_name}{part}" for metric in all_metrics() for part in _PARTS}
    theirs = {f"{each.prometheus_name}{part}" for each in EXPORTED for part in _PARTS}
    return ours | theirs | {each.prometheus_name for each in RECORDED}


def names(expression: str) -> set[str]:
    """Names of metrics in an expression: words before a selector that are neither functions nor labels."""
    bare = re.sub(r"\b(by|on|ignoring|group_left|group_right) \([^)]*\)", "", expression)
    bare = re.sub(r"\{[^}]*\}", "{}", bare)
    return {name for name in re.findall(r"[a-zA-Z_:][\w:]*", bare.replace("$__", "")) if name not in _WORDS} - {
        "rate_interval", "interval", "range", "m", "h", "s",
    }  # fmt: skip


def test_every_name_in_a_query_exists() -> None:
    there = known()
    for asked in queries():
        if asked.is_promql:
            found = names(asked.target["expr"])
            assert found, asked
            assert found <= there, asked


def test_variables_and_annotations_name_what_exists() -> None:
    for content in dashboards().values():
        for variable in content["templating"]["list"]:
            metric = re.match(r"label_values\((\w+)", variable["query"]["query"])
            assert metric is not None
            assert metric[1] in known()
        for annotation in content["annotations"]["list"]:
            assert names(annotation.get("expr", "")) <= known()


def test_recorded_series_are_recorded() -> None:
    recorded = {
        rule["record"]
        for file in (ROOT / "prometheus/rules").glob("*.yml")
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    assert {each.prometheus_name for each in RECORDED} <= recorded


def test_an_unknown_name_is_found() -> None:
    assert not names('sum by (a) (rate(no_such_metric_total{x="y"}[$__rate_interval]))') <= known()


def test_a_label_that_a_metric_does_not_carry_is_refused() -> None:
    with pytest.raises(ValueError, match=r"botobs\.orders does not carry db\.namespace"):
        _q.rate(trading.ORDERS, (database.DB_NAMESPACE,))
    with pytest.raises(ValueError, match=r"botobs\.order\.stages does not carry exchange\.name"):
        _q.total(trading.ORDER_STAGES, where={exchange.NAME: "binance"})


def test_a_metric_is_filtered_by_the_variables_that_it_carries() -> None:
    selector = _q.select(trading.ORDERS, {trading.ORDER_OUTCOME: "!=filled"})
    assert selector == (
        'botobs_orders_total{deployment_environment_name=~"$environment",service_name=~"$service",'
        'exchange_name=~"$exchange",botobs_order_outcome!="filled"}'
    )


def test_a_filter_can_be_left_out() -> None:
    assert "exchange_name" not in _q.select(trading.DECISIONS, all_of="exchange")
