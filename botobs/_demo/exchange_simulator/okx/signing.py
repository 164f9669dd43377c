"""OKX's signatures: HMAC-SHA256 in base64 over time, method, path and body."""

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
from ..refusal import Reason, Refusal
from ..rest import EXCHANGE

#: Milliseconds that a request's time may be off.
_TOLERANCE = 30_000

#: What a login signs in place of a request.
_LOGIN = "GET/users/self/verify"


async def check_request(request: web.Request) -> None:
    """Let a signed request pass.

    Raises:
        Refusal: Key, passphrase, time or signature is wrong.
    """
    headers = request.headers
    timestamp = headers.get("OK-ACCESS-TIMESTAMP", "")
    # The exchange's own address has no prefix, and the client signs what it knows.
    path = request.raw_path[request.raw_path.index("/api/") :]
    signed = timestamp + request.method + path + await request.text()
    try:
        sent = datetime.fromisoformat(timestamp).timestamp() * 1000
    except ValueError:
        raise Refusal(Reason.TIMESTAMP) from None
    _check(
        request.app[EXCHANGE],
        key=headers.get("OK-ACCESS-KEY"),
        passphrase=headers.get("OK-ACCESS-PASSPHRASE"),
        sent=sent,
        signed=signed,
        signature=headers.get("OK-ACCESS-SIGN", ""),
    )


def check_login(exchange: Exchange, values: Mapping[str, Any]) -> None:
    """Let a login over WebSocket pass.

    Raises:
        Refusal: Key, passphrase, time or signature is wrong.
    """
    timestamp = str(values.get("timestamp", ""))
    try:
        sent = float(timestamp) * 1000
    except ValueError:
        raise Refusal(Reason.TIMESTAMP) from None
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
    if key != API_KEY:
        raise Refusal(Reason.UNKNOWN_KEY)
    if passphrase != PASSPHRASE:
        raise Refusal(Reason.WRONG_PASSPHRASE)
    digest = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest), signature.encode()):
        raise Refusal(Reason.WRONG_SIGNATURE)
    if not abs(exchange.milliseconds() - sent) <= _TOLERANCE:
        raise Refusal(Reason.TIMESTAMP)
    exchange.counts.signed += 1
