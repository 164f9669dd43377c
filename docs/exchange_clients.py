"""Writes what botobs sees of each exchange client: part of `make docs`.

Whether it does comes from test results: `tests/integration/exchange/test_clients.py` writes them to
`exchange-clients.json` when the lane `clients` runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from botobs._sdk.instrument.exchange.clients.protocol import ExchangeClient
from botobs._sdk.instrument.registry import client_classes

from .tables import markdown_table

RESULTS = Path(__file__).with_name("exchange-clients.json")
_INTRO = """# Exchange clients

What botobs sees of each client library from `botobs.init()` alone.

- *Tested*: with the real package in the version that is named, on a fake exchange over real sockets, which answers as
  the exchange documents.
- *Impossible*: the reason stands below.
- *Failing*: the test says otherwise.

The table is written from the results of `make drills LANE=clients`. What ccxt, ccxt.pro, python-binance and the plain
WebSocket libraries show is tested in `tests/unit/exchange/`.

A client that is not here: [describe it](../how-to/watch-an-exchange-client.md). Without that its HTTP requests and its
WebSockets are seen by the library below it; `exchange.client` then is `websockets`, `aiohttp` or `websocket_client`."""

#: What is promised of each client, by the name of its test.
CAPABILITIES: dict[str, str] = {
    "operation": "operation name, span",
    "latency": "latency",
    "outcome": "order outcome",
    "category": "error category",
    "limits": "limits",
    "clock": "clock",
    "order": "order details",
    "socket_order": "orders over WebSocket",
    "stream": "stream state",
    "silence": "silence",
    "reconnects": "reconnects",
    "sequence": "sequence gaps",
}


def write_result(client: str, requirement: str, capability: str, wrong: str, file: Path = RESULTS) -> None:
    """Write down what a test of one client found.

    Args:
        client: Its name in botobs.
        requirement: The distribution with its version.
        capability: Which of `CAPABILITIES`.
        wrong: What is wrong with it; empty for nothing.
        file: Where results are.
    """
    found = results(file)
    result = found.setdefault(client, {"package": requirement})
    result["package"] = requirement
    result[capability] = "failing" if wrong else "tested"
    file.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def results(file: Path = RESULTS) -> dict[str, dict[str, str]]:
    """What the tests have found so far, by client."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def page() -> str:
    """The page."""
    clients = {cls.name: cls for cls in client_classes()}
    found = results()
    reasons: list[str] = []
    rows = [_row(client, found.get(name, {}), reasons) for name, client in clients.items()]
    titles = ["client", "package", *CAPABILITIES.values()]
    notes = "\n".join(f"{number}. {reason}" for number, reason in enumerate(reasons, 1))
    return f"{_INTRO}\n\n{markdown_table(titles, rows)}\n\nWhy it is impossible:\n\n{notes}"


def _row(client: type[ExchangeClient], result: Mapping[str, str], reasons: list[str]) -> list[str]:
    cells = []
    for capability in CAPABILITIES:
        reason = client.impossible.get(capability)
        if reason is None:
            cells.append(result.get(capability, "not tried"))
            continue
        if reason not in reasons:
            reasons.append(reason)
        cells.append(f"impossible ({reasons.index(reason) + 1})")
    return [f"`{client.name}`", result.get("package", ""), *cells]
