"""What botobs promises of each exchange client, each a function that raises where it is not kept."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botobs._sdk.instrument.registry import client_classes
from botobs._sdk.orders.journal import JOURNAL
from botobs.semconv import exchange as names
from botobs.testing import Capture

from .base import KEY, SECRET, Client, outcomes, until, value


def last_span(captured: Capture, client: Client, operation: str) -> Any:
    """The newest span of an operation."""
    found = [s for s in captured.spans if s.name == f"{operation} {client.exchange}"]
    assert found, f"no span of {operation}; there are {[s.name for s in captured.spans]}"
    return found[-1]


def operation(captured: Capture, client: Client) -> None:
    """One CLIENT span for a call, with the name of the operation; no HTTP span beside it."""
    client.answering(client.took)
    client.order()
    span = last_span(captured, client, "create_order")
    assert span.attributes[names.CLIENT] == client.name, span.attributes
    assert span.attributes[names.URL_TEMPLATE] == client.template, span.attributes
    assert span.attributes[names.HTTP_STATUS] == 200, span.attributes
    assert not [s for s in captured.spans if s.name in ("POST", "GET")], [s.name for s in captured.spans]
    headers = {name.lower() for request in client.remote.seen()["requests"] for name in request[2]}
    assert "traceparent" not in headers
    captured.assert_no_secrets([KEY, SECRET])


def latency(captured: Capture, client: Client) -> None:
    """The call and its request are measured."""
    client.answering(client.took)
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    before = value(captured, "exchange.client.request.duration", **who)
    client.order()
    assert value(captured, "exchange.client.request.duration", **who) == before + 1
    assert (
        value(captured, "exchange.client.operation.duration", exchange__operation="create_order", **who) >= 1
    )
    assert value(captured, "exchange.client.requests.active", **who) == 0


def outcome(captured: Capture, client: Client) -> None:
    """An order is accepted, rejected, unknown or failed by the evidence alone; see `test_client_orders`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for answer, address, wanted in (
        (client.took, "", "accepted"),
        (client.refused, "", "rejected"),
        (client.not_known, "", "unknown"),
        ({"cut": True}, "", "unknown"),
        ({"status": 502, "body": "<html>Bad Gateway</html>"}, "", "unknown"),
        (client.took, nobody, "failed"),
    ):
        client.answering(answer)
        before = outcomes(captured, client)
        with suppress(Exception):
            client.order(address)
        now = outcomes(captured, client)
        counted = {name: now[name] - before[name] for name in now if now[name] != before[name]}
        assert counted == {wanted: 1}, f"{answer or 'nobody listens'} is {counted}, not {wanted}"


def category(captured: Capture, client: Client) -> None:
    """An error has a category that is the same for all exchanges."""
    assert client.categories
    for wanted, answer in client.categories.items():
        client.answering(answer)
        before = value(captured, "exchange.client.errors", exchange__client=client.name)
        with suppress(Exception):
            client.order()
        assert value(captured, "exchange.client.errors", exchange__client=client.name) > before, wanted
        reported = last_span(captured, client, "create_order").attributes.get(names.ERROR_CATEGORY)
        assert reported == wanted, f"{answer} is {reported}, not {wanted}"
    if "rate_limit" in client.categories:
        assert value(captured, "exchange.ratelimit.rejections", exchange__name=client.exchange) >= 1


def limits(captured: Capture, client: Client) -> None:
    """What is left of a limit comes from the exchange's answers."""
    client.remote.answer(client.looking())
    client.look()
    scope = {"exchange__name": client.exchange, "exchange__ratelimit__scope": client.limit}
    assert value(captured, "exchange.ratelimit.limit", **scope) == 100
    assert round(value(captured, "exchange.ratelimit.utilization", **scope), 3) == 0.6


def clock(captured: Capture, client: Client) -> None:
    """The exchange's clock is compared with ours where an answer tells it."""
    client.remote.answer(client.looking())
    client.look()
    reported = value(captured, "exchange.clock.offset", exchange__name=client.exchange)
    assert abs(reported + client.ahead) < 2, reported


def order(captured: Capture, client: Client) -> None:
    """The span of an order names it, and what it is; several orders are counted one by one."""
    client.answering(client.took)
    client.order()
    attributes = last_span(captured, client, "create_order").attributes
    assert attributes[names.ORDER_ID] == client.order_id, attributes
    assert attributes[names.ORDER_CLIENT_ID] == client.client_id, attributes
    assert str(attributes[names.SYMBOL]) == client.symbol, attributes
    assert str(attributes[names.ORDER_SIDE]).lower() == "buy", attributes
    before = outcomes(captured, client)
    with suppress(NotImplementedError):
        client.batch()
        now = outcomes(captured, client)
        counted = {name: now[name] - before[name] for name in now if now[name] != before[name]}
        assert counted == {"accepted": 1, "rejected": 1}, counted


def _connections(captured: Capture, client: Client, state: str) -> float:
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    return value(captured, "exchange.ws.connections", exchange__ws__state=state, **who)


def stream(captured: Capture, client: Client) -> None:
    """A connection is counted under the client and its exchange; closed by the client it is gone, cut it is lost."""
    close = client.open_stream()
    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    for number in range(1, 4):
        client.remote.drive(send=[client.tick(number)])
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    until(
        lambda: value(captured, "exchange.ws.messages", exchange__ws__direction="received", **who) >= 3,
        "no messages",
    )
    close()
    until(lambda: _connections(captured, client, "open") == 0, "still open")
    assert _connections(captured, client, "closed") == 0, "closed on purpose, and lost"
    captured.assert_no_secrets([KEY, SECRET])
    close = client.open_stream()
    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    client.remote.drive(send=[client.tick(1)])
    before = value(captured, "exchange.ws.disconnects", exchange__ws__close__reason="user", **who)
    lost = value(captured, "exchange.ws.disconnects", **who) - before
    client.remote.drive(abort=True)
    until(
        lambda: (
            value(captured, "exchange.ws.disconnects", **who)
            - value(captured, "exchange.ws.disconnects", exchange__ws__close__reason="user", **who)
            == lost + 1
        ),
        "that it is lost is not told",
    )
    _until_reopened(captured, client)
    with suppress(Exception):
        close()


def _until_reopened(captured: Capture, client: Client) -> None:
    """A connection that is being opened again while it is closed would be one of the next capability's."""
    described = next(cls for cls in client_classes() if cls.name == client.name)
    if "reconnects" not in described.impossible:
        until(lambda: _connections(captured, client, "open") == 1, "not open again")


def socket_order(captured: Capture, client: Client) -> None:
    """An order over a WebSocket is one operation, counted once by the message that answers it."""
    JOURNAL.start(lambda: None)
    client.remote.drive(replies=dict(client.greetings))
    send, close = client.open_orders()
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    for wanted, answer in client.socket_answers().items():
        client.remote.drive(replies={**client.greetings, client.socket_order: answer})
        _send_and_await(captured, client, send, wanted)
    client.remote.drive(replies=dict(client.greetings))
    send()
    until(lambda: value(captured, "exchange.orders.in_flight", **who) == 1, "it is not in flight")
    until(lambda: [each.client_order_id for each, _ in JOURNAL.unsent()] == [client.client_id], "no journal")
    before = outcomes(captured, client)["unknown"]
    client.remote.drive(abort=True)
    until(
        lambda: outcomes(captured, client)["unknown"] == before + 1, "lost with its answer, and not unknown"
    )
    assert not JOURNAL.unsent(), "still in the journal"
    _until_reopened(captured, client)
    reported = [s for s in captured.spans if s.name == f"create_order_ws {client.exchange}"]
    assert reported[0].attributes[names.ORDER_ID] == client.order_id, reported[0].attributes
    assert reported[1].attributes[names.ERROR_CATEGORY] == "funds", reported[1].attributes
    for span in reported:
        assert span.attributes[names.ORDER_CLIENT_ID] == client.client_id, span.attributes
        assert span.attributes[names.SYMBOL] == client.symbol, span.attributes
        assert span.attributes[names.SERVER_ADDRESS], span.attributes
    assert value(captured, "exchange.order.submit.duration", exchange__order__transport="ws", **who) == 4
    close()
    JOURNAL.stop()
    captured.assert_no_secrets([KEY, SECRET])


def _send_and_await(captured: Capture, client: Client, send: Callable[[], Any], wanted: str) -> None:
    before = outcomes(captured, client)
    send()
    until(lambda: outcomes(captured, client) != before, f"an order that is {wanted} is not counted")
    now = outcomes(captured, client)
    counted = {name: now[name] - before[name] for name in now if now[name] != before[name]}
    assert counted == {wanted: 1}, f"{counted}, not {wanted}"


def silence(captured: Capture, client: Client) -> None:
    """A stream that falls silent while its connection stays open is told."""
    close = client.open_stream()
    who = {"exchange__name": client.exchange, "exchange__client": client.name}

    def silent() -> float:
        return value(captured, "exchange.ws.streams.silent", **who)

    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    number = 0
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        number += 1
        client.remote.drive(send=[client.tick(number)])
    assert silent() == 0, "silent while it spoke"
    until(lambda: silent() >= 1, "its silence is not told")
    close()
    until(lambda: silent() == 0, "silent after it was closed")


def reconnects(captured: Capture, client: Client) -> None:
    """A connection that is lost is a disconnect; the client's own reconnect is told, and nothing stays lost."""
    close = client.open_stream()
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    client.remote.drive(send=[client.tick(1)])
    before = value(captured, "exchange.ws.disconnects", **who)
    client.remote.drive(abort=True)
    until(lambda: value(captured, "exchange.ws.disconnects", **who) > before, "no disconnect")
    until(lambda: value(captured, "exchange.ws.reconnects", **who) >= 1, "no reconnect")
    until(lambda: _connections(captured, client, "open") == 1, "not open again")
    assert _connections(captured, client, "closed") == 0
    close()


def sequence(captured: Capture, client: Client) -> None:
    """A message that is missing is counted."""
    close = client.open_stream()
    who = {"exchange__name": client.exchange, "exchange__client": client.name}
    before = value(captured, "exchange.orderbook.sequence_gaps", **who)
    checked = value(captured, "exchange.orderbook.sequence_checks", **who)
    until(lambda: _connections(captured, client, "open") == 1, "no open connection")
    for number in (1, 2, 3, 5):
        client.remote.drive(send=[client.tick(number)])
    until(lambda: value(captured, "exchange.orderbook.sequence_checks", **who) >= checked + 4, "not checked")
    assert value(captured, "exchange.orderbook.sequence_gaps", **who) == before + 1
    close()


CAPABILITIES: dict[str, Callable[[Capture, Client], None]] = {
    "operation": operation,
    "latency": latency,
    "outcome": outcome,
    "category": category,
    "limits": limits,
    "clock": clock,
    "order": order,
    "socket_order": socket_order,
    "stream": stream,
    "silence": silence,
    "reconnects": reconnects,
    "sequence": sequence,
}
