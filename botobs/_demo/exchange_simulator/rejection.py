"""Why an exchange rejects a request, independent of the API's error codes."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Reasons of a rejection."""

    UNKNOWN_KEY = "unknown_key"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_PASSPHRASE = "wrong_passphrase"
    TIMESTAMP = "timestamp"
    PARAMETER = "parameter"
    SYMBOL = "symbol"
    BALANCE = "balance"
    UNKNOWN_ORDER = "unknown_order"
    RATE_LIMIT = "rate_limit"
    BANNED = "banned"
    MAINTENANCE = "maintenance"
    SUSPENDED = "suspended"
    UNAVAILABLE = "unavailable"


class Rejection(Exception):
    """A request is rejected.

    Attributes:
        reason: Why.
        detail: By the reason: a parameter's name, seconds to wait, a status code, or empty.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
