"""What an exception of an exchange client says about an order that was being sent."""

from __future__ import annotations

from typing import Literal

Answer = Literal["rejected", "unknown"]

# By the name of the class, so that no client library is imported. ccxt's words (`ccxt.base.errors`); the entry that
# is nearest to the error's own class counts.
_ANSWERS: dict[str, Answer] = {
    # The exchange answered that it did not take the order.
    "ExchangeError": "rejected",
    "RateLimitExceeded": "rejected",
    "DDoSProtection": "rejected",
    "OnMaintenance": "rejected",
    "InvalidNonce": "rejected",
    # The answer could not be read, or says that an order with this id may be there already.
    "BadResponse": "unknown",
    "DuplicateOrderId": "unknown",
    "NetworkError": "unknown",
    # python-binance: the exchange answered with an error.
    "BinanceAPIException": "rejected",
    "BinanceOrderException": "rejected",
}

#: Codes with which Binance says that it does not know itself: unexpected response, timeout of the backend.
#: https://developers.binance.com/docs/binance-spot-api-docs/errors
_BINANCE_UNKNOWN = (-1006, -1007)


def answer_in(error: BaseException) -> Answer:
    """Whether `error` means that the order was rejected; when in doubt it is unknown."""
    if getattr(error, "code", None) in _BINANCE_UNKNOWN:
        return "unknown"
    for kind in type(error).__mro__:
        if (answer := _ANSWERS.get(kind.__name__)) is not None:
            return answer
    return "unknown"
