"""Why an exchange refuses a request, before it is put in the exchange's own words."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The kinds of refusals."""

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
    UNAVAILABLE = "unavailable"


class Refusal(Exception):
    """A request is refused.

    Attributes:
        reason: Its kind.
        detail: A parameter's name, or seconds to wait, or a status, as the kind asks for.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
