"""OKX's errors: code and message, most of them with status 200."""

from __future__ import annotations

from aiohttp import web

from ..rejection import Reason, Rejection
from ..rest import unavailable_response

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
    Reason.MAINTENANCE: (503, "50001", "Service temporarily unavailable. Try again later"),
    Reason.SUSPENDED: (200, "51022", "Instrument suspended"),
    # OKX has no code for it: its CDN responds.
    Reason.BANNED: (403, "50011", "Too Many Requests"),
}

_LOGIN_ERRORS = {
    Reason.UNKNOWN_KEY: ("60005", "Invalid apiKey"),
    Reason.WRONG_SIGNATURE: ("60007", "Invalid sign"),
    Reason.WRONG_PASSPHRASE: ("60024", "Wrong passphrase"),
    Reason.TIMESTAMP: ("60006", "Timestamp request expired"),
}


def code_and_message(rejection: Rejection) -> tuple[str, str]:
    """Code and message of a rejection."""
    _, code, message = _ERRORS[rejection.reason]
    return code, message.format(rejection.detail)


def login_code_and_message(rejection: Rejection) -> tuple[str, str]:
    """Code and message of a failed login."""
    return _LOGIN_ERRORS[rejection.reason]


def error_response(rejection: Rejection) -> web.Response:
    """The response to a rejected request."""
    if rejection.reason is Reason.UNAVAILABLE:
        return unavailable_response(rejection)
    status, *_ = _ERRORS[rejection.reason]
    code, message = code_and_message(rejection)
    waits = rejection.reason in (Reason.RATE_LIMIT, Reason.BANNED)
    headers = {"Retry-After": rejection.detail} if waits else None
    return web.json_response({"code": code, "data": [], "msg": message}, status=status, headers=headers)
