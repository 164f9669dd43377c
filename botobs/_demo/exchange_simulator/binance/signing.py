"""Binance's signatures: HMAC-SHA256 in hexadecimal over the parameters as they were sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from ..credentials import API_KEY, SECRET
from ..exchange import Exchange
from ..refusal import Reason, Refusal
from ..rest import EXCHANGE

#: Milliseconds that a request may be on its way when it does not say otherwise, and may be ahead.
_RECV_WINDOW = 5_000
_AHEAD = 1_000


async def parameters(request: web.Request) -> dict[str, str]:
    """The parameters of a request, from its address and its body."""
    return dict(parse_qsl(await _payload(request)))


async def signed_parameters(request: web.Request) -> dict[str, str]:
    """The parameters of a signed request.

    Raises:
        Refusal: Key, time or signature is wrong.
    """
    payload, _, signature = (await _payload(request)).rpartition("&signature=")
    values = dict(parse_qsl(payload))
    _check(request.app[EXCHANGE], request.headers.get("X-MBX-APIKEY"), values, payload, signature)
    return values


def check_key(request: web.Request) -> None:
    """Let a request pass that shows the key and needs no signature.

    Raises:
        Refusal: It does not.
    """
    if request.headers.get("X-MBX-APIKEY") != API_KEY:
        raise Refusal(Reason.UNKNOWN_KEY)


def check_socket_parameters(exchange: Exchange, values: Mapping[str, object]) -> None:
    """Check the parameters of a signed request over WebSocket, which are signed in alphabetical order.

    Raises:
        Refusal: Key, time or signature is wrong.
    """
    texts = {name: str(value) for name, value in values.items() if name != "signature"}
    payload = "&".join(f"{name}={value}" for name, value in sorted(texts.items()))
    _check(exchange, texts.get("apiKey"), texts, payload, str(values.get("signature")))


async def _payload(request: web.Request) -> str:
    parts = (request.rel_url.raw_query_string, await request.text())
    return "&".join(part for part in parts if part)


def _check(
    exchange: Exchange, key: str | None, values: Mapping[str, str], payload: str, signature: str
) -> None:
    if key != API_KEY:
        raise Refusal(Reason.UNKNOWN_KEY)
    expected = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise Refusal(Reason.WRONG_SIGNATURE)
    now = exchange.milliseconds()
    try:
        sent, window = int(values["timestamp"]), int(values.get("recvWindow", _RECV_WINDOW))
    except (KeyError, ValueError):
        raise Refusal(Reason.PARAMETER, "timestamp") from None
    if not now - window <= sent <= now + _AHEAD:
        raise Refusal(Reason.TIMESTAMP)
    exchange.counts.signed += 1
