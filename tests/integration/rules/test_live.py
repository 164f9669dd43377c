"""What the rules name exists: metrics, label matchers and labels, in a demo that runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from docs import losses
from testbed.stack import LiveStack
from tests.support import rules
from tests.support.waiting import eventually

#: Series that only a fault makes, with the reason why the healthy demo has none.
_ONLY_IN_A_FAULT = {
    "botobs_collector_refused_points_total": "no point is refused",
    "botobs_collector_unidentified_points_total": "every sender is of our SDK",
    'target_info{botobs_sender_process!=""}': "every sender is of our SDK",
    'otelcol_deltatocumulative_datapoints_total{error!=""}': "every delta point is added up",
    "botobs_bot_goodbye_timestamp_seconds": "no bot is stopped",
    "botobs_bot_restarts_total": "no bot fails",
    'botobs_sdk_dropped_total{signal="logs"}': "the demo exports no log records",
    "exchange_key_refused": "no key is refused",
    "exchange_listen_key_age_seconds": "the simulated exchange streams to an account without one",
    "exchange_listen_key_losses_total": "as above",
    "exchange_maintenance": "nobody asks the exchange for its state",
    "exchange_orderbook_resyncs_total": "no book is wrong",
    "exchange_ratelimit_rejections_total": "no request is refused for its rate",
    "exchange_ws_reconnects_total": "no connection is lost",
    "otelcol_connector_servicegraph_dropped_spans_total": "there is room for every edge",
    "otelcol_exporter_enqueue_failed_metric_points_total": "every queue takes what comes",
    "otelcol_exporter_enqueue_failed_spans_total": "every queue takes what comes",
    "otelcol_exporter_send_failed_metric_points_total": "Prometheus refuses nothing",
    "otelcol_exporter_send_failed_spans_total": "Tempo refuses nothing",
    'botobs_orders_total{botobs_order_outcome="unknown"}': "every order's outcome is known",
    'exchange_orders_total{exchange_order_outcome="unknown"}': "every order's outcome is known",
    'http_server_request_duration_seconds_count{http_response_status_code=~"5.."}': "no request fails",
    'botobs_bot_turn_duration_seconds_count{error_type!=""}': "no turn fails",
    'db_client_operation_duration_seconds_count{error_type!=""}': "no statement fails",
    'exchange_client_errors_total{exchange_error_category!~"order|funds|symbol|request|unsupported|cancelled|'
    'unsubscribed|closed"}': "the exchange fails no call",
    "collector:points_lost:increase": "Prometheus refuses nothing",
    "exchange:errors:rate": "the exchange fails no call",
    "bot:orders_unsettled:count": "every order's outcome is known",
    "botobs_order_settled_timestamp_seconds": "every order's outcome is known",
    "botobs_order_unknown_timestamp_seconds": "every order's outcome is known",
    "order:settled:timestamp_seconds": "every order's outcome is known",
    "order:unknown:timestamp_seconds": "every order's outcome is known",
    "order:settled:latest_timestamp_seconds": "every order's outcome is known",
    "order:unknown:latest_timestamp_seconds": "every order's outcome is known",
    "service:orders_unknown:increase": "every order's outcome is known",
    "pg_blocking_seconds": "no session waits for another",
    "botobs_orders_rejected_burst": "orders are rejected now and then, if at all",
    "exchange_orders_rejected_burst": "as above",
    "exchange:orders_rejected:lasting_ratio": "as above",
    'service:spans:rate{status_code="STATUS_CODE_ERROR"}': "no turn fails",
    'otelcol_processor_filter_spans_filtered_total{filter="filter/without_id"}': "no span goes through guards",
    "service:silent:timestamp_seconds": "services are heard",
    "host:silent:timestamp_seconds": "services are heard",
    "environment:silent:timestamp_seconds": "services are heard",
    "environment:services_silent:count": "services are heard",
    "host:services_silent:count": "services are heard",
    "service:silent_together:timestamp_seconds": "services are heard",
    "service:instance_dead:age_seconds": "no process has died",
    "botobs_service_death_timestamp_seconds": "no process has died",
    "service:instance_death:timestamp_seconds": "no process has died",
    "service:seen_dead:timestamp_seconds": "no process has died",
    "service:orders_left_behind:count": "no process has died",
    "service:orders_left_behind:lasting_count": "no process has died",
}
#: Series of an API that the demo has no use for.
_NOT_IN_THE_DEMO = {
    "botobs_feed_goodbye_timestamp_seconds": "the demo's streams are seen by themselves, none is reported by hand",
    "botobs_feed_last_message_timestamp_seconds": "as above",
    "botobs_feed_sequence_gaps_total": "as above",
    "exchange:feed_last_message:timestamp_seconds": "as above",
    "botobs_position_drift_ratio": "the demo reports no positions",
    "prometheus_remote_storage_samples_failed_total": "it has no long-term store",
    'prometheus_remote_storage_samples_dropped_total{reason!="dropped_series"}': "as above",
}
_EXPLAINED = _ONLY_IN_A_FAULT | _NOT_IN_THE_DEMO

_PROGRAMS = re.compile(
    r"(prometheus|tempo|tempodb|alertmanager|otelcol|net_conntrack|botobs_(intake|collector|sdk))_"
)
_LOSS = re.compile(
    "drop|refus|overflow|reject|discard|lost|fail|error|corrupt|exceed|invalid|miss|limit_reached|out_of_order|too_old"
    "|truncat|duplicate|evict|skipped|_late_|pruned|out_of_bound"
)
#: No counter of its own, or of what is done with samples out of order and old logs.
_PART = re.compile(r"_(seconds|bytes|bucket|sum|count|current)$|_wbl_(?!.*failed)|_truncations_total$")
_NO_LOSS = re.compile("|".join(f"(?:{pattern})" for pattern in losses.NO_LOSS))

#: All rules, each with its expression as Prometheus understands it.
_Read = list[tuple[rules.Rule, dict[str, Any]]]

_COMPARISON = re.compile(r"(>=|<=|==|!=|>|<)\s*(scalar\([^()]*\)|-?[\d.]+[smhd]?(?![\w.]))")
#: Labels that series have while something is wrong, with the reason.
_LABELS_OF_A_FAULT = {("OrderGhost", "botobs_bot_id"): "where no order is a ghost, no bot is named"}
#: Alerts of which nothing can be seen while nothing is wrong, with the reason.
_SEE_NOTHING_YET = {
    "HostStarved{warning}": "there is one host, and it is critical there",
    "TelemetryDropped{warning}": "the demo exports no log records",
    "BotRestartStorm": "no bot fails",
    "BotsPlaceNoOrders": "orders are placed",
    "CollectorExporterStalled": "data leaves",
    "CollectorFiltering": "no point is refused",
    "CollectorLosing": "nothing is lost",
    "InstanceShared": "every sender is of our SDK",
    "RemoteWriteLosing": "it has no long-term store",
    "SenderUnidentified": "every sender is of our SDK",
    "CollectorSilent": "the collector's own metrics arrive",
    "DatabaseLocked": "no session waits",
    "ExchangeBookResyncs": "no book is wrong",
    "ExchangeDisconnected": "connections are open",
    "ExchangeErrorsHigh": "the exchange fails no call",
    "ExchangeKeyRefused": "no key is refused",
    "ExchangeListenKeyLost": "the simulated exchange streams to an account without one",
    "ExchangeMaintenance": "nobody asks the exchange for its state",
    "ExchangeFeedSilent": "the demo's streams are seen by themselves, none is reported by hand",
    "ExchangeRateLimited": "no request is refused for its rate",
    "ExchangeReconnectStorm": "no connection is lost",
    "ExportsMissing": "nothing is lost",
    "OrderGhost": "the demo does not compare its account with what was reported",
    "OrderOrphaned": "as above",
    "OrderOutcomeUnknown": "every order's outcome is known",
    "OrdersLeftBehind": "no process has died",
    "OrderRejectsHigh": "orders are rejected too rarely to be sure of one",
    "PositionDrift": "as for OrderGhost",
    "ServiceAvailabilityNoData": "the data is there",
    "ServiceErrorsHigh": "no turn fails",
    "ServiceInstanceLost": "as many processes were started as have ended, none",
    "ServiceCrashLoop{critical}": "no process is dead",
    "ServiceLatencyNoData": "the data is there",
    "ServicesSilent": "services are heard",
    "ServiceHeartbeatLost": "services are heard",
    "ServiceMemoryGrowth": "no process is an hour old",
}


@pytest.fixture(scope="module")
def http(live: LiveStack) -> Iterator[httpx.Client]:
    """Prometheus, over one connection: thousands of questions are asked."""
    with live.client("prometheus") as client:
        yield client


@pytest.fixture(scope="module")
def read(http: httpx.Client, rendered: Path) -> _Read:
    """All rules, each with its expression as Prometheus understands it."""
    return [(rule, _get(http, "/api/v1/parse_query", query=rule.expr)) for rule in rules.read(rendered)]


def test_every_counter_that_sounds_like_a_loss_is_explained(http: httpx.Client) -> None:
    """Of all programs: each is a way to lose something, with its alert, or none, with the reason (docs/losses.py)."""
    names = http.get("/api/v1/label/__name__/values").json()["data"]
    counters = {
        name for name in names if _PROGRAMS.match(name) and _LOSS.search(name) and not _PART.search(name)
    }
    known = {name for found in losses.LOSSES.values() for loss in found for name in loss.counters}
    assert counters & known
    assert [name for name in sorted(counters - known) if not _NO_LOSS.fullmatch(name)] == []


def test_every_rule_is_loaded_and_evaluated(http: httpx.Client, rendered: Path) -> None:
    expected = sorted(rule.name for rule in rules.read(rendered))

    def evaluated() -> bool:
        groups = _get(http, "/api/v1/rules")["groups"]
        assert sorted(rule["name"] for group in groups for rule in group["rules"]) == expected
        # A group that is evaluated every few minutes may not have had its turn.
        patient = {group["name"] for group in groups if group["interval"] > 60}
        wrong = {
            rule["name"]: rule.get("lastError", "")
            for group in groups
            for rule in group["rules"]
            if rule["health"] != "ok" and not (rule["health"] == "unknown" and group["name"] in patient)
        }
        assert wrong == {}
        return True

    assert eventually(evaluated)


def test_every_metric_and_matcher_exists(http: httpx.Client, read: _Read) -> None:
    def seen() -> bool:
        missing = {
            selector: rule.title
            for rule, tree in read
            for selector in _selectors(tree)
            if not _explained(selector) and not _query(http, f"last_over_time({selector}[10m])")
        }
        assert missing == {}
        return True

    assert eventually(seen)


def test_every_label_that_rules_group_or_match_by_exists(http: httpx.Client, read: _Read) -> None:
    def seen() -> bool:
        missing = []
        for rule, tree in read:
            selectors = list(_selectors(tree))
            if not any(map(_explained, selectors)):
                known = {label for selector in selectors for label in _labels(http, selector)}
                missing += [
                    (rule.title, label)
                    for label in _grouping(tree)
                    if label not in known and (rule.name, label) not in _LABELS_OF_A_FAULT
                ]
        assert missing == []
        return True

    assert eventually(seen)


def test_what_an_alert_compares_is_measured(http: httpx.Client, rendered: Path) -> None:
    def seen() -> bool:
        blind = sorted(
            {
                rule.title
                for rule in rules.read(rendered)
                if rule.is_alert
                and _SEE_NOTHING_YET.keys().isdisjoint({rule.name, rule.title})
                and not _query(http, _always_true(rule.expr))
            }
        )
        assert blind == []
        return True

    assert eventually(seen, within=90)


def test_the_end_of_the_certificate_is_known(live: LiveStack) -> None:
    assert eventually(lambda: live.value("botobs:certificate:expiry_timestamp_seconds > time()"))


def test_every_explanation_is_needed(rendered: Path) -> None:
    everything = "\n".join(rule.expr for rule in rules.read(rendered))
    unknown = [name for name in _EXPLAINED if name.partition("{")[0] not in everything]
    assert unknown == []
    assert set(_SEE_NOTHING_YET) <= {
        name for rule in rules.read(rendered) for name in (rule.name, rule.title)
    }


def _always_true(expr: str) -> str:
    """The expression with comparisons that let every value pass."""
    return _COMPARISON.sub("!= -98765", expr)


def _explained(selector: str) -> bool:
    return selector in _EXPLAINED or selector.partition("{")[0] in _EXPLAINED


def _get(http: httpx.Client, path: str, **parameters: Any) -> Any:
    response = http.get(path, params=parameters)
    response.raise_for_status()
    return response.json()["data"]


def _query(http: httpx.Client, promql: str) -> list[dict[str, Any]]:
    return list(_get(http, "/api/v1/query", query=promql)["result"])


def _labels(http: httpx.Client, selector: str) -> list[str]:
    names: list[str] = _get(http, "/api/v1/labels", **{"match[]": selector})
    return names


def _selectors(tree: Any) -> Iterator[str]:
    """Each selector of a parsed expression, once for each of its matchers, without the others."""
    for node in _nodes(tree, lambda node: node.get("type") in ("vectorSelector", "matrixSelector")):
        matchers = [matcher for matcher in node["matchers"] if matcher["name"] != "__name__"]
        if not matchers:
            yield node["name"]
        for matcher in matchers:
            yield f'{node["name"]}{{{matcher["name"]}{matcher["type"]}"{matcher["value"]}"}}'


def _grouping(tree: Any) -> set[str]:
    by = _nodes(tree, lambda node: node.get("type") == "aggregation" and not node.get("without"))
    on = _nodes(tree, lambda node: bool((node.get("matching") or {}).get("on")))
    labels = {label for node in by for label in node.get("grouping") or []}
    return (labels | {label for node in on for label in node["matching"]["labels"]}) - {"le"}


def _nodes(tree: Any, wanted: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        if wanted(tree):
            yield tree
        for value in tree.values():
            yield from _nodes(value, wanted)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value, wanted)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("a > 0", "a != -98765"),
        ("a >= scalar(b:c) and d < 15m", "a != -98765 and d != -98765"),
        ("1 - a", "1 - a"),
    ],
)
def test_comparisons_are_made_true(expr: str, expected: str) -> None:
    assert _always_true(expr) == expected
