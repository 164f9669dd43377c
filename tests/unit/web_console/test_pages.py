"""What the pages show, and what they ask for it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

import pytest

from botobs._ops.alerting import runbooks
from botobs._ops.errors import UserError
from botobs._ops.orders import Listing, Order
from botobs._ops.shown import visible
from botobs._ops.web_console import frame
from botobs._ops.web_console.ranges import Range
from tests.support.hostile_names import NAMES

from .conftest import Parts, Visitor, alert

PAGES = (
    "/",
    "/orders",
    "/bots",
    "/bots/grid-1",
    "/dashboards",
    "/traces",
    "/why",
    "/runbooks",
    "/runbooks/BotFailed",
)


def _vector(*samples: tuple[Mapping[str, str], float]) -> dict[str, Any]:
    result = [{"metric": labels, "value": [1000, str(value)]} for labels, value in samples]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def test_the_worst_alert_stands_first_with_where_to_go_on(operator: Visitor, parts: Parts) -> None:
    parts.answers["/api/v2/alerts"] = [
        alert("Slow", "warning", service_name="engine"),
        alert("Watchdog", "none"),
        alert("BotFailed", "critical", botobs_bot_id="grid/1 & co", service_name="engine"),
    ]
    shown = operator.blocks("/")["alerts"]
    assert re.findall(r"<strong>(\w+)</strong>", shown) == ["BotFailed", "Slow"]
    assert "2 alerts fire" in shown
    assert "owner trading" in shown
    about = "service_name=engine&amp;botobs_bot_id=grid%2F1+%26+co"
    for place in ("why", "silences", "runbooks"):
        assert f'href="/{place}/BotFailed?{about}"' in shown
    assert 'href="/dashboards/botobs-orders"' in shown


def test_fifty_bots_that_fail_for_one_reason_bury_nothing(operator: Visitor, parts: Parts) -> None:
    bots = [f"grid-{number}" for number in range(50)]
    parts.answers["/api/v2/alerts"] = [
        *(alert("BotFailed", "critical", botobs_bot_id=bot, service_name="engine") for bot in bots),
        alert("ExchangeBanned", "critical", exchange_name="okx"),
        alert("BotFailed", "critical", botobs_bot_id="other", service_name="other"),
    ]
    shown = operator.blocks("/")["alerts"]
    assert "52 alerts fire" in shown
    assert re.findall(r"<strong>(\w+)</strong> <span>([\w, ]*)", shown) == [
        ("BotFailed", "engine"), ("ExchangeBanned", "okx"), ("BotFailed", "other, other"),
    ]  # fmt: skip
    assert "and 49 more like it" in shown
    assert "All 50" in shown
    for bot in bots:
        assert f'href="/why/BotFailed?service_name=engine&amp;botobs_bot_id={bot}"' in shown
    assert 'href="/silences/BotFailed?service_name=engine"' in shown


def test_thousands_of_orders_are_no_page_that_hangs() -> None:
    orders = [
        Order("unknown", f"k{n}", "okx", f"c/{n}", "", "BTC/USDT", "buy", "engine", "test", "grid", "a" * 32, "b", n)
        for n in range(300)
    ]  # fmt: skip
    shown = frame.block("orders-unsettled.html", listing=Listing(orders, None, [], 1000.0), most=200)
    assert shown.count("<tr>") == 201
    assert "200 of 300 are shown" in shown
    assert 'href="/why/c%2F0"' in shown


def test_a_reader_is_not_offered_a_silence(reader: Visitor, parts: Parts) -> None:
    parts.answers["/api/v2/alerts"] = [alert("BotFailed", "critical")]
    assert "/silences/" not in reader.blocks("/")["alerts"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_never_more_than_a_name(operator: Visitor, parts: Parts, name: str) -> None:
    parts.answers["/api/v2/alerts"] = [alert(name, name, service_name=name, botobs_bot_id=name)]
    parts.answers["/api/v1/query"] = _vector(({"botobs_bot_id": name, "botobs_bot_state": name}, 1.0))
    parts.answers["/api/search"] = {
        "traces": [{"traceID": "a" * 32, "rootServiceName": name, "rootTraceName": name, "durationMs": 5}]
    }
    for page in ("/", "/bots", "/traces"):
        for block in operator.blocks(page).values():
            assert not re.search(r"<(?:img|script(?! type=\"application/json\"))|<a href=\"tg:", block)
            text = html.unescape(re.sub(r"<[^>]+>", "", block))
            assert visible(text) == text


@pytest.mark.parametrize(
    ("page", "part", "lives"),
    [
        ("/", "alertmanager", {"history"}),
        ("/orders", "prometheus", {"newest"}),
        ("/traces", "tempo", {"graph"}),
        ("/dashboards/botobs-traces", "tempo", {"botobs-traces-2"}),
    ],
)
def test_a_frozen_part_is_said_and_the_rest_lives(
    operator: Visitor, parts: Parts, page: str, part: str, lives: set[str]
) -> None:
    parts.frozen.add(part)
    # The frame needs nobody, and every block comes to an end.
    assert operator.get(page).status == 200
    blocks = operator.blocks(page)
    refused = {
        name for name, shown in blocks.items() if f"{part.capitalize()} " in shown and "refused" in shown
    }
    assert refused, blocks
    assert not refused & lives
    if page == "/" and part == "alertmanager":
        assert "no notification is sent for them now" in blocks["alerts"]


def test_a_search_for_traces_is_traceql(operator: Visitor, parts: Parts) -> None:
    operator.blocks('/traces?service=a"b&bot=grid&order=x-1&min=1.5s&error=1')
    asked = next(values for values in parts.of("/api/search") if "1500000us" in values["q"])
    for condition in (
        r'{ resource.service.name = "a\"b" }',
        "{ traceDuration >= 1500000us }",
        "{ status = error }",
        '{ span.exchange.order.client_id = "x-1" || span.exchange.order.id = "x-1" }',
        '{ span.botobs.bot.id = "grid" }',
    ):
        assert condition in asked["q"]
    assert asked["q"].endswith("with (most_recent=true)")
    assert operator.get("/traces?min=soon").status == 400


def test_the_queries_of_a_runbook_are_filled_in_and_run_by_a_click(operator: Visitor, parts: Parts) -> None:
    about = next(name for name in runbooks.names() if '"$exchange"' in runbooks.read(name).text)
    parts.answers["/api/v2/alerts"] = [alert(about, "critical", exchange_name="kraken")]
    for name in (about, "BotFailed"):
        text = operator.blocks(f"/runbooks/{name}")["text"]
        buttons = [html.unescape(each) for each in re.findall(r'data-run="([^"]+)"', text)]
        assert len(buttons) == len(runbooks.read(name).queries), name
        assert "<pre>" not in text, "what is wider than the screen cannot be scrolled by keyboard"
        if name == about:
            for button in buttons:
                assert operator.get(button).status == 200
    asked = [values.get("query", values.get("q", "")) for _, _, values in parts.asked]
    assert any('exchange_name="kraken"' in query or 'exchange.name = "kraken"' in query for query in asked)
    assert operator.get("/answers/BotFailed/99").status == 404
    assert operator.get("/answers/BotFailed/-1").status == 404


def test_variables_narrow_every_panel_and_are_no_patterns(operator: Visitor, parts: Parts) -> None:
    operator.blocks('/dashboards/botobs-services?var-service=a.b"')
    asked = [values["query"] for values in parts.of("/api/v1/query_range")]
    assert any(r'service_name=~"a\\.b\""' in query for query in asked)


def test_a_range_is_the_same_on_every_panel(operator: Visitor, parts: Parts) -> None:
    operator.blocks("/dashboards/botobs-services?from=1000000&to=4600000")
    spans = {(values["start"], values["end"]) for values in parts.of("/api/v1/query_range")}
    assert spans == {("1000", "4600")} or len(spans) == 1
    assert operator.get("/dashboards?from=yesterday").status == 400
    assert operator.get("/dashboards?from=now&to=now-1h").status == 400


def test_addresses_that_lead_nowhere(operator: Visitor) -> None:
    for path in ("/nowhere", "/dashboards/none", "/runbooks/<script>", "/answers/x", "/blocks/nowhere"):
        answer = operator.get(path)
        assert answer.status == 404, path
        assert b"<script>" not in b"".join(answer.parts)
    assert operator.get("/traces/not-an-id").status == 400


@pytest.mark.parametrize(
    ("words", "seconds"), [({}, 3600), ({"from": "now-5m"}, 300), ({"from": "1000", "to": "61000"}, 60)]
)
def test_ranges(words: dict[str, str], seconds: float) -> None:
    found = Range.of(words)
    begin, end = found.moments(10_000)
    assert end - begin == seconds
    assert Range.of(dict(re.findall(r"(from|to)=([^&]+)", found.query))) == found


@pytest.mark.parametrize("words", [{"from": "soon"}, {"from": "now", "to": "now"}, {"from": "9" * 30}])
def test_no_ranges(words: dict[str, str]) -> None:
    with pytest.raises(UserError):
        Range.of(words)


def test_an_order_is_one_row_with_what_became_of_it(operator: Visitor, parts: Parts) -> None:
    def span(number: int, start: int, **attributes: str) -> dict[str, Any]:
        listed = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
        return {"spanID": f"{number:016x}", "startTimeUnixNano": str(start), "attributes": listed}

    def about(order: str) -> dict[str, str]:
        return {"exchange.order.client_id": order, "service.name": "engine", "exchange.name": "okx"}

    spans = [
        span(1, 10, **about("x-1"), **{"botobs.bot.id": "grid-1", "botobs.order.stage": "accepted"}),
        span(2, 11, **about("x-1"), **{"exchange.order.id": "17"}),
        span(3, 20, **about("x-2"), status="error"),
        span(4, 30, **about("x-3"), **{"exchange.order.outcome": "unknown"}),
        # By an instrumentation that knows nothing of orders.
        span(5, 5, **{"service.name": "engine"}),
    ]
    parts.answers["/api/search"] = {"traces": [{"traceID": "a" * 32, "spanSet": {"spans": spans}}]}
    shown = operator.blocks("/orders")["newest"]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr><td.*?</tr>", shown)]
    assert [(row[1], row[7]) for row in rows] == [
        ("unknown", "x-3"), ("error", "x-2"), ("accepted", "x-1"), ("answered", "\N{EN DASH}"),
    ]  # fmt: skip
    assert ">grid-1</a>" in rows[2][3]
