"""Binance's errors: status, code and message."""

from __future__ import annotations

from aiohttp import web

from ..rejection import Reason, Rejection
from ..rest import unavailable_response

_ERRORS = {
    Reason.UNKNOWN_KEY: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Reason.WRONG_SIGNATURE: (400, -1022, "Signature for this request is not valid."),
    Reason.TIMESTAMP: (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    Reason.PARAMETER: (400, -1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed."),
    Reason.SYMBOL: (400, -1121, "Invalid symbol."),
    Reason.BALANCE: (400, -2010, "Account has insufficient balance for requested action."),
    Reason.UNKNOWN_ORDER: (400, -2011, "Unknown order sent."),
    Reason.RATE_LIMIT: (429, -1003, "Too much request weight used; please use WebSocket Streams."),
    Reason.MAINTENANCE: (503, 1, "System is under maintenance."),
    Reason.SUSPENDED: (400, -1013, "Market is closed."),
    Reason.BANNED: (418, -1003, "Way too much request weight used; IP banned."),
}


def code_and_message(rejection: Rejection) -> tuple[int, int, str]:
    """Status, code and message of a rejection."""
    status, code, message = _ERRORS[rejection.reason]
    return status, code, message.format(rejection.detail)


def error_response(rejection: Rejection) -> web.Response:
    """The response to a rejected request."""
    if rejection.reason is Reason.UNAVAILABLE:
        return unavailable_response(rejection)
    status, code, message = code_and_message(rejection)
    waits = rejection.reason in (Reason.RATE_LIMIT, Reason.BANNED)
    headers = {"Retry-After": rejection.detail} if waits else None
    return web.json_response({"code": code, "msg": message}, status=status, headers=headers)
