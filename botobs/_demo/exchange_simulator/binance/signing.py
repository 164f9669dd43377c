"""Checks Binance's signatures: HMAC-SHA256 in hexadecimal of the parameters as they were sent."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from ..credentials import API_KEY, SECRET
from ..exchange import Exchange
from ..faults import Fault
from ..rejection import Reason, Rejection
from ..rest import EXCHANGE

#: Milliseconds that a request's timestamp may be behind, without a `recvWindow`, and ahead.
_RECV_WINDOW = 5_000
_AHEAD = 1_000


async def parameters(request: web.Request) -> dict[str, str]:
    """The parameters of a request, from its query string and its body."""
    return dict(parse_qsl(await _payload(request)))


async def signed_parameters(request: web.Request) -> dict[str, str]:
    """The parameters of a signed request.

    Raises:
        Rejection: Key, timestamp or signature is wrong.
    """
    payload, _, signature = (await _payload(request)).rpartition("&signature=")
    values = dict(parse_qsl(payload))
    _check(request.app[EXCHANGE], request.headers.get("X-MBX-APIKEY"), values, payload, signature)
    return values


def check_key(request: web.Request) -> None:
    """Check the API key of a request that needs no signature.

    Raises:
        Rejection: The key is missing or wrong.
    """
    if request.headers.get("X-MBX-APIKEY") != API_KEY:
        raise Rejection(Reason.UNKNOWN_KEY)


def check_socket_parameters(exchange: Exchange, values: Mapping[str, object]) -> None:
    """Check the parameters of a signed request over WebSocket, which are signed in alphabetical order.

    Raises:
        Rejection: Key, timestamp or signature is wrong.
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
    if key != API_KEY or exchange.faults.strikes(Fault.KEY_REFUSED):
        raise Rejection(Reason.UNKNOWN_KEY)
    expected = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        raise Rejection(Reason.WRONG_SIGNATURE)
    now = exchange.milliseconds()
    try:
        sent, window = int(values["timestamp"]), int(values.get("recvWindow", _RECV_WINDOW))
    except (KeyError, ValueError):
        raise Rejection(Reason.PARAMETER, "timestamp") from None
    if not now - window <= sent <= now + _AHEAD:
        raise Rejection(Reason.TIMESTAMP)
    exchange.counts.signed += 1
