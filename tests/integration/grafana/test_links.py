"""Every link is followed: metric to trace and back, alert to dashboard and runbook, span to the order's row."""

from __future__ import annotations

import asyncio
import json
import re
import time
from functools import partial
from typing import Any

import asyncpg
import pytest
import yaml

from botobs.semconv.sdk import GOODBYE, HEARTBEAT
from testbed.dashboards import ROOT, PanelQuery, dashboards, fill, queries
from testbed.stack import LiveStack
from tests.support.waiting import eventually

_EXEMPLARS = [asked for asked in queries() if asked.target.get("exemplar")]


def provisioned(live: LiveStack, name: str) -> dict[str, Any]:
    """A data source as Grafana reads it: rendered, and each doubled dollar one."""
    folder = live.home.config / "grafana" / "provisioning" / "datasources"
    sources = [
        source
        for file in folder.glob("*.yaml")
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]
    ]
    found = next(source for source in sources if source["name"] == name)
    return dict(json.loads(json.dumps(found).replace("$$", "$")))


def spans(live: LiveStack, trace_id: str) -> list[dict[str, Any]]:
    """The spans of a trace, each with its resource's and its own attributes."""
    with live.client("tempo") as http:
        response = http.get(f"/api/v2/traces/{trace_id}")
    if response.status_code != 200:
        return []
    found = []
    for part in response.json()["trace"].get("resourceSpans", ()):
        resource = attributes(part["resource"]["attributes"])
        for scope in part["scopeSpans"]:
            found += [
                {**span, "resource": resource, "tags": attributes(span.get("attributes", []))}
                for span in scope["spans"]
            ]
    return found


def attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: next(iter(pair["value"].values())) for pair in pairs}


def exemplars(live: LiveStack, asked: PanelQuery) -> list[dict[str, Any]]:
    """What Grafana fetches beside a graph, newest first."""
    now = time.time()
    parameters: dict[str, str | float] = {
        "query": fill(asked.target["expr"], 600), "start": now - 600, "end": now,
    }  # fmt: skip
    with live.client("prometheus") as http:
        response = http.get("/api/v1/query_exemplars", params=parameters)
        response.raise_for_status()
    found = [exemplar for series in response.json()["data"] for exemplar in series["exemplars"]]
    return sorted(found, key=lambda exemplar: -float(exemplar["timestamp"]))


@pytest.mark.parametrize("asked", _EXEMPLARS, ids=str)
def test_an_exemplar_leads_to_its_trace(live: LiveStack, asked: PanelQuery) -> None:
    destination = provisioned(live, "Prometheus")["jsonData"]["exemplarTraceIdDestinations"][0]
    assert destination["datasourceUid"] == provisioned(live, "Tempo")["uid"]

    def followed() -> bool:
        return any(spans(live, each["labels"][destination["name"]]) for each in exemplars(live, asked)[:10])

    assert eventually(followed, within=90, every=1)


def test_a_span_leads_to_its_services_metrics(live: LiveStack) -> None:
    link = provisioned(live, "Tempo")["jsonData"]["tracesToMetrics"]
    assert link["datasourceUid"] == provisioned(live, "Prometheus")["uid"]
    found = eventually(lambda: live.search('{ name =~ "create_order .*" }', limit=1))
    for span in spans(live, found[0]["traceID"]):
        known = {**span["resource"], **span["tags"]}
        tags = ", ".join(f'{tag["value"]}="{known[tag["key"]]}"' for tag in link["tags"])
        for query in link["queries"]:
            expression = fill(query["query"].replace("$__tags", tags), 600)
            assert eventually(partial(live.query, expression), within=60), (
                query["name"],
                span["name"],
            )


def test_the_service_graph_has_its_series(live: LiveStack) -> None:
    """Grafana draws it from series with these names, in the data source that Tempo's names."""
    assert provisioned(live, "Tempo")["jsonData"]["serviceMap"]["datasourceUid"] == "prom"
    for name in ("request_total", "request_server_seconds_sum", "request_server_seconds_bucket"):
        edge = f'traces_service_graph_{name}{{client="bot-manager",server="trading-engine"}}'
        assert eventually(partial(live.query, edge), within=60), name


def test_an_alert_leads_to_its_dashboard_and_its_runbook(live: LiveStack) -> None:
    with live.client("prometheus") as http:
        groups = (
            http.get("/api/v1/rules", params={"type": "alert"}).raise_for_status().json()["data"]["groups"]
        )
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 40
    lost = [
        (rule["name"], link)
        for rule in rules
        for link in (rule["annotations"].get("dashboard"), rule["annotations"].get("runbook_url"))
        if not (link in dashboards() or (link and (ROOT / link).is_file()))
    ]
    assert not lost


def test_a_dashboard_shows_what_its_alerts_watch() -> None:
    """Each threshold of an alert that leads to a dashboard is drawn in one of the dashboards."""
    drawn = set(re.findall(r"botobs:threshold:\w+", json.dumps(dict(dashboards()))))
    assert {
        f"botobs:threshold:{name}" for name in ("order_ack_seconds", "query_seconds", "latency_seconds")
    } <= drawn


def test_an_orders_span_leads_to_its_row(live: LiveStack) -> None:
    correlation = provisioned(live, "Tempo")["correlations"][0]
    assert provisioned(live, "Orders")["uid"] == correlation["targetUID"]
    config = correlation["config"]
    transformation = config["transformations"][0]
    found = eventually(lambda: live.search('{ name = "order submit" }', limit=1))
    span = next(span for span in spans(live, found[0]["traceID"]) if span["name"] == "order submit")

    # Grafana keeps a span's attributes as a list of keys and values, and matches its JSON.
    field = [{"key": key, "value": value} for key, value in span[config["field"]].items()]
    match = re.search(transformation["expression"], json.dumps(field, separators=(",", ":")))
    assert match is not None
    name = transformation["mapValue"]
    statement = config["target"]["rawSql"].replace(f"${{{name}:sqlstring}}", f"'{match[1]}'")
    assert "$" not in statement

    async def rows() -> list[asyncpg.Record]:
        assert live.stack.database is not None
        connection = await asyncpg.connect(live.stack.database.url("demo", "trading"))
        found = await connection.fetch(statement)
        await connection.close()
        return list(found)

    [row] = asyncio.run(rows())
    assert row["client_order_id"] == span["tags"]["exchange.order.client_id"]
    assert row["exchange"] == span["tags"]["exchange.name"]


def test_a_deployment_is_marked_once(live: LiveStack) -> None:
    now = int(time.time())
    versions = {"1.0": range(now - 240, now - 120, 10), "2.0": range(now - 120, now, 10)}
    body = {"resourceMetrics": [signs_of_life(version, times) for version, times in versions.items()]}
    with live.client("prometheus") as http:
        http.post("/api/v1/otlp/v1/metrics", json=body).raise_for_status()
        annotation = next(
            each
            for each in dashboards()["botobs-overview"]["annotations"]["list"]
            if each["name"] == "Deployments"
        )
        parameters: dict[str, str | int] = {
            "query": fill(annotation["expr"], 600),
            "start": now - 200,
            "end": now,
            "step": 5,
        }
        result = (
            http.get("/api/v1/query_range", params=parameters).raise_for_status().json()["data"]["result"]
        )
    marked = {
        series["metric"]["service_version"]: [float(moment) for moment, _ in series["values"]]
        for series in result
        if series["metric"]["service_name"] == "deployed"
    }
    # The old version is no news within this range, the new one for a minute.
    assert min(marked["2.0"]) == pytest.approx(now - 120, abs=10)
    assert max(marked["2.0"]) == pytest.approx(now - 60, abs=10)


def signs_of_life(version: str, times: range) -> dict[str, Any]:
    """What a service of this version exported; it ended cleanly, so that no alert is left to other tests."""
    identity = {
        "service.name": "deployed",
        "service.version": version,
        "deployment.environment.name": "development",
    }
    metrics = [
        {
            "name": metric.name,
            "unit": metric.unit,
            "gauge": {
                "dataPoints": [{"timeUnixNano": str(each * 10**9), "asDouble": each} for each in moments]
            },
        }
        for metric, moments in ((HEARTBEAT, times), (GOODBYE, [times.stop]))
    ]
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in identity.items()]
    return {"resource": {"attributes": pairs}, "scopeMetrics": [{"metrics": metrics}]}
