"""OKX's refusals: a code and a sentence, most of them with status 200."""

from __future__ import annotations

from aiohttp import web

from ..refusal import Reason, Refusal
from ..rest import broken

_ERRORS = {
    Reason.UNKNOWN_KEY: (401, "50111", "Invalid OK-ACCESS-KEY"),
    Reason.WRONG_SIGNATURE: (401, "50113", "Invalid Sign"),
    Reason.WRONG_PASSPHRASE: (401, "50105", "Request header OK-ACCESS-PASSPHRASE incorrect."),
    Reason.TIMESTAMP: (401, "50102", "Timestamp request expired"),
    Reason.PARAMETER: (400, "51000", "Parameter {} error"),
    Reason.SYMBOL: (200, "51001", "Instrument ID or Spread ID doesn't exist."),
    Reason.BALANCE: (200, "51008", "Order failed. Insufficient USDT balance in account."),
    Reason.UNKNOWN_ORDER: (200, "51603", "Order does not exist"),
    Reason.RATE_LIMIT: (429, "50011", "Too Many Requests"),
    # OKX knows no code of its own for it: its CDN closes the door.
    Reason.BANNED: (403, "50011", "Too Many Requests"),
}

_LOGIN_ERRORS = {
    Reason.UNKNOWN_KEY: ("60005", "Invalid apiKey"),
    Reason.WRONG_SIGNATURE: ("60007", "Invalid sign"),
    Reason.WRONG_PASSPHRASE: ("60024", "Wrong passphrase"),
    Reason.TIMESTAMP: ("60006", "Timestamp request expired"),
}


def code_and_message(refusal: Refusal) -> tuple[str, str]:
    """Code and sentence."""
    _, code, message = _ERRORS[refusal.reason]
    return code, message.format(refusal.detail)


def login_code_and_message(refusal: Refusal) -> tuple[str, str]:
    """Code and sentence for a login that failed."""
    return _LOGIN_ERRORS[refusal.reason]


def refuse(refusal: Refusal) -> web.Response:
    """The answer to a request that is refused."""
    if refusal.reason is Reason.UNAVAILABLE:
        return broken(refusal)
    status, *_ = _ERRORS[refusal.reason]
    code, message = code_and_message(refusal)
    waits = refusal.reason in (Reason.RATE_LIMIT, Reason.BANNED)
    headers = {"Retry-After": refusal.detail} if waits else None
    return web.json_response({"code": code, "data": [], "msg": message}, status=status, headers=headers)
