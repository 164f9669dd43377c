"""Finds what is asked about, by its name."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ...semconv import exchange, trading
from ..errors import UserError
from ..prometheus import PrometheusClient
from ..traces import TempoClient
from ..traces.query import build_query, quote
from .alerts import Alert
from .subject import Subject

#: Seconds in which an order is looked for: Tempo searches a week at most (`max_duration`).
_WEEK = 7 * 86400.0 - 60
#: The alert that a bot's state amounts to.
_BOT_ALERTS = {"failed": "BotFailed", "starting": "BotStuck", "stopping": "BotStuck"}
#: The alert that an order's outcome amounts to; any other is a matter of `OrderOutcomeUnknown`.
_REJECTED = {"rejected": "OrderRejectsHigh"}


def find(
    name: str | None,
    alerts: Sequence[Alert],
    metrics: PrometheusClient,
    traces: TempoClient | None,
    labels: Mapping[str, str],
) -> Subject | None:
    """The alert, bot or order of a name; the worst alert where none is named, None where none fires then.

    Raises:
        UserError: Nothing of that name is known.
    """
    if name is None:
        return _of_alert(alerts[0]) if alerts else None
    named = [
        alert
        for alert in alerts
        if alert.name == name and all(alert.labels.get(label) == value for label, value in labels.items())
    ]
    if named:
        return _of_alert(named[0])
    found = _of_bot(name, alerts, metrics) or (_of_order(name, traces) if traces is not None else None)
    if found is None:
        active = ", ".join(dict.fromkeys(alert.name for alert in alerts)) or "none"
        raise UserError(
            f"{name!r} is no alert that fires or is pending, no bot, and no order of the last week\n"
            f"Alerts now: {active}. botobs orders lists orders that are not settled."
        )
    return found


def _of_alert(alert: Alert) -> Subject:
    parts = []
    if service := alert.labels.get("service_name"):
        parts.append(f"resource.service.name = {quote(service)}")
    if where := alert.labels.get("exchange_name"):
        parts.append(f"span.{exchange.NAME} = {quote(where)}")
    if bot := alert.labels.get("botobs_bot_id"):
        parts.append(f"span.{trading.BOT_ID} = {quote(bot)}")
    traceql = f"{{ {' && '.join([*parts, 'status = error'])} }}"
    return Subject("alert", alert.name, (alert,), alert.summary, traceql)


def _of_bot(name: str, alerts: Sequence[Alert], metrics: PrometheusClient) -> Subject | None:
    of_it = f"{{botobs_bot_id={quote(name)}}}[1h]"
    states = metrics.samples(f"last_over_time(botobs_bot_state{of_it}) == 1")
    if not states:
        return None
    labels = states[0].labels
    state = labels.get("botobs_bot_state", "")
    summary = f"bot {name} of {labels.get('service_name', '?')} is {state or 'in no known state'}"
    own = [
        alert
        for alert in alerts
        if alert.name.startswith("Bot") and alert.labels.get("botobs_bot_id") == name
    ]
    # A bot that runs went wrong after its last sign of life, any other when its state began.
    moment = "heartbeat" if state == "running" else "state_since"
    since = metrics.samples(f"max(last_over_time(botobs_bot_{moment}_timestamp_seconds{of_it}))")
    began = since[0].value if since else time.time()
    kept = {
        label: labels[label]
        for label in ("deployment_environment_name", "service_name", "exchange_name", "botobs_bot_id")
        if labels.get(label)
    }
    wrong = [_BOT_ALERTS[state]] if state in _BOT_ALERTS else ["BotHeartbeatLost", "BotsPlaceNoOrders"]
    assumed = [Alert(each, kept, False, began, 1.0, summary, "", "") for each in wrong]
    return Subject(
        "bot",
        name,
        tuple(own or assumed),
        summary,
        f"{{ span.{trading.BOT_ID} = {quote(name)} && status = error }}",
    )


def _of_order(name: str, traces: TempoClient) -> Subject | None:
    traceql = build_query(order=name)
    found = traces.search(traceql, last=_WEEK, limit=1)
    if not found:
        return None
    spans = [
        span
        for span in traces.trace(found[0].trace_id).spans
        if name in (span.attributes.get(exchange.ORDER_CLIENT_ID), span.attributes.get(exchange.ORDER_ID))
    ]
    attributes = {key: value for span in spans for key, value in span.attributes.items() if value}
    # What was reported of the order; where nothing was, what its call came to.
    outcome = str(attributes.get(trading.ORDER_OUTCOME) or attributes.get(exchange.ORDER_OUTCOME, "unknown"))
    labels = {
        "service_name": spans[0].service if spans else found[0].root_service,
        "exchange_name": str(attributes.get(exchange.NAME, "")),
        "botobs_bot_id": str(attributes.get(trading.BOT_ID, "")),
    }
    summary = f"order {name} of {labels['service_name']} on {labels['exchange_name'] or '?'}: {outcome}"
    alert = Alert(
        _REJECTED.get(outcome, "OrderOutcomeUnknown"),
        {key: value for key, value in labels.items() if value},
        False,
        found[0].start_ns / 1e9,
        1.0,
        summary,
        "",
        "",
    )
    category, error = (str(attributes.get(each, "")) for each in (exchange.ERROR_CATEGORY, "error.type"))
    return Subject("order", name, (alert,), summary, traceql, category, error)
