"""The decision: what became of an order whose submission raised an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from . import _evidence
from ._answer import answer_outcome
from ._classifiers import Answer, Outcome, classified
from ._clients import quoted
from ._codes import meaning, table_of

#: What the class of an exception says by itself. The entry nearest to the exception's own class counts.
#: `answered`: the exchange responded with an error, and the class does not say which.
_CLASSES: dict[str, Literal["answered", "rejected", "unknown"]] = {
    # ccxt (`ccxt.base.errors`): what the exchange did not take, and who said so.
    "ExchangeError": "answered",
    "AuthenticationError": "rejected",
    "ArgumentsRequired": "rejected",
    "BadRequest": "rejected",
    "OperationRejected": "rejected",
    "InsufficientFunds": "rejected",
    "InvalidAddress": "rejected",
    "InvalidOrder": "rejected",
    "NotSupported": "rejected",
    "InvalidProxySettings": "rejected",
    "ExchangeClosedByUser": "unknown",
    # An order with this id may be there already.
    "DuplicateOrderId": "unknown",
    # ccxt: what failed on the way to the exchange, in it, or on the way back.
    "BaseError": "unknown",
    "OperationFailed": "unknown",
    # Below it, what is turned away before it is looked at.
    "RateLimitExceeded": "rejected",
    "DDoSProtection": "rejected",
    "InvalidNonce": "rejected",
    "OnMaintenance": "rejected",
    # python-binance.
    "BinanceAPIException": "answered",
    "BinanceOrderException": "rejected",
    "BinanceRequestException": "unknown",
}

_PYTHON_BINANCE = frozenset({"BinanceAPIException", "BinanceOrderException"})


def submit_outcome(
    error: BaseException,
    sent: bool | None = None,
    status: int | None = None,
    *,
    exchange: str = "",
    answer: str = "",
    written: bool | None = None,
    listed: Callable[[str], bool] | None = None,
) -> Outcome:
    """What became of an order whose submission raised `error`.

    In this order: nothing was sent; what a classifier of the user's says; what the exchange's own code says; no answer
    was read; the class of the exception; the HTTP status where the class leaves it open. What stays open is unknown,
    so is a code that is in no table.

    Args:
        error: As it left the client library.
        sent: Whether the order's own request was handed to the HTTP library; None where nobody watched.
        status: HTTP status of the answer, if there was one; else what the exception carries is taken.
        exchange: As it is called in `exchange.name`.
        answer: The beginning of the answer's body, if there was one; else what the exception quotes is taken.
        written: Whether bytes of the request reached a connection; None where that was not seen.
        listed: Returns whether the client's own table of the exchange has a code.

    Returns:
        `failed` when it never left, `rejected` when the exchange refused it, `unknown` when nobody can say,
        `accepted` only where a classifier says so. Never raises.
    """
    if sent is False or written is False:
        return "failed"
    said = classified(Answer(exchange, error, None, status, answer))
    if said is not None:
        return said
    try:
        outcome = _decide(error, sent, status, exchange, answer, written, listed)
        if outcome == "rejected" and _evidence.sent_before(answer or _evidence.message(error)):
            return "unknown"
        return outcome
    except Exception:
        # An exception of a class that cannot even be looked at is no evidence.
        return "unknown"


def _decide(
    error: BaseException,
    sent: bool | None,
    status: int | None,
    exchange: str,
    answer: str,
    written: bool | None,
    listed: Callable[[str], bool] | None,
) -> Outcome:
    word = next((_CLASSES[name] for name in _evidence.names(error) if name in _CLASSES), None)
    text = answer or _evidence.message(error)
    said_by = quoted(error) if word is None else None
    if said_by == "failed":
        return "failed"
    # Not watched, an error of another class may be of anything, such as the caller's database.
    known = bool(sent) or word is not None or said_by is not None
    if known and not written and _evidence.never_connected(error):
        return "failed"
    if said_by is not None:
        outcome = answer_outcome(said_by.exchange, said_by.status, said_by.answer)
        return "unknown" if outcome == "accepted" else outcome
    if word is None:
        # Made of an answer by the user's own code, which raises what it likes.
        refused = (
            sent and status is not None and answer_outcome(exchange, status, answer or None) == "rejected"
        )
        return "rejected" if refused else "unknown"
    spoken = _spoken_by(error, exchange)
    codes = _codes(error, text, spoken)
    said = meaning(spoken, codes)
    if said == "rejected" or said == "unknown":
        return said
    if status is None:
        status = _evidence.status_in(error)
    if word == "answered":
        # No table of ours has the code. ccxt takes this class for what its own table lacks, too.
        own = [code for code in codes if code != str(status)]
        if said == "unlisted" or (own and not (listed is not None and all(map(listed, own)))):
            return "unknown"
        # What was written, and has no answer that was read, is open whatever class is made of that.
        word = "unknown" if written and status is None else _answered(error, status)
    elif word == "unknown" and status in _evidence.TURNED_AWAY and not codes and _says_status(error):
        # ccxt has one class for all answers without a code of the exchange: a firewall's, or of a blocked country.
        return "rejected"
    # What a client says before it sends anything quotes no answer.
    quotes = sent or "{" in text
    return "unknown" if word == "rejected" and quotes and _evidence.broken_off(text, status) else word


def _answered(error: BaseException, status: int | None) -> Literal["rejected", "unknown"]:
    if status is None:
        return "unknown" if _evidence.unanswered(error) else "rejected"
    return "unknown" if _evidence.left_open(status) and not 200 <= status < 300 else "rejected"


def _says_status(error: BaseException) -> bool:
    return type(error).__name__ == "ExchangeNotAvailable"


def _codes(error: BaseException, text: str, exchange: str) -> tuple[str, ...]:
    code = getattr(error, "code", None) if _is_python_binance(error) else None
    own = (str(code),) if type(code) is int and code else ()
    return own + _evidence.codes_in(text, labels=table_of(exchange) == "gate")


def _spoken_by(error: BaseException, exchange: str) -> str:
    if _is_python_binance(error):
        return "binance"
    # ccxt's messages begin with its name for the exchange.
    return exchange if table_of(exchange) else _evidence.message(error).partition(" ")[0]


def _is_python_binance(error: BaseException) -> bool:
    return not _PYTHON_BINANCE.isdisjoint(_evidence.names(error))
