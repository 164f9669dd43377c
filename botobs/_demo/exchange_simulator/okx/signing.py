"""Checks OKX's signatures: HMAC-SHA256 in base64 of timestamp, method, path and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from ..credentials import API_KEY, PASSPHRASE, SECRET
from ..exchange import Exchange
from ..faults import Fault
from ..rejection import Reason, Rejection
from ..rest import EXCHANGE

#: Milliseconds that a request's timestamp may be ahead or behind.
_TOLERANCE = 30_000

#: What a login signs instead of method, path and body.
_LOGIN = "GET/users/self/verify"


async def check_request(request: web.Request) -> None:
    """Check a signed request.

    Raises:
        Rejection: Key, passphrase, timestamp or signature is wrong.
    """
    headers = request.headers
    timestamp = headers.get("OK-ACCESS-TIMESTAMP", "")
    # The client signs the path of the real exchange, which has no prefix.
    path = request.raw_path[request.raw_path.index("/api/") :]
    signed = timestamp + request.method + path + await request.text()
    try:
        sent = datetime.fromisoformat(timestamp).timestamp() * 1000
    except ValueError:
        raise Rejection(Reason.TIMESTAMP) from None
    _check(
        request.app[EXCHANGE],
        key=headers.get("OK-ACCESS-KEY"),
        passphrase=headers.get("OK-ACCESS-PASSPHRASE"),
        sent=sent,
        signed=signed,
        signature=headers.get("OK-ACCESS-SIGN", ""),
    )


def check_login(exchange: Exchange, values: Mapping[str, Any]) -> None:
    """Check a login over WebSocket.

    Raises:
        Rejection: Key, passphrase, timestamp or signature is wrong.
    """
    timestamp = str(values.get("timestamp", ""))
    try:
        sent = float(timestamp) * 1000
    except ValueError:
        raise Rejection(Reason.TIMESTAMP) from None
    _check(
        exchange,
        key=values.get("apiKey"),
        passphrase=values.get("passphrase"),
        sent=sent,
        signed=timestamp + _LOGIN,
        signature=str(values.get("sign", "")),
    )


def _check(
    exchange: Exchange, *, key: str | None, passphrase: str | None, sent: float, signed: str, signature: str
) -> None:
    if key != API_KEY or exchange.faults.strikes(Fault.KEY_REFUSED):
        raise Rejection(Reason.UNKNOWN_KEY)
    if passphrase != PASSPHRASE:
        raise Rejection(Reason.WRONG_PASSPHRASE)
    digest = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), signature.encode()):
        raise Rejection(Reason.WRONG_SIGNATURE)
    if not abs(exchange.milliseconds() - sent) <= _TOLERANCE:
        raise Rejection(Reason.TIMESTAMP)
    exchange.counts.signed += 1
