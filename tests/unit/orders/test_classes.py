"""What exceptions of exchange clients say about an order by themselves, and with what was seen of the requests."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import aiohttp
import ccxt
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.orders import Attempts, Outcome, Witness, submit_outcome

CLASSES: list[type[Exception]] = [
    cls
    for cls in vars(inspect.getmodule(ccxt.BaseError)).values()
    if isinstance(cls, type) and issubclass(cls, Exception)
]

#: Classes of ccxt that leave the order's fate open when nothing else is known.
UNKNOWN = {
    "BaseError",
    "BadResponse",
    "CancelPending",
    "DuplicateOrderId",
    "ExchangeClosedByUser",
    "ExchangeNotAvailable",
    "NetworkError",
    "NullResponse",
    "OperationFailed",
    "RequestTimeout",
    "UnsubscribeError",
}
TURNED_AWAY = {"RateLimitExceeded", "DDoSProtection", "InvalidNonce", "ChecksumError", "OnMaintenance"}


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def while_handling(error: BaseException, earlier: BaseException) -> BaseException:
    error.__context__ = earlier
    return error


def binance_error(code: int, status: int) -> BaseException:
    """As python-binance makes it."""
    kind: type[Exception] = type("BinanceAPIException", (Exception,), {"code": code, "status_code": status})
    return kind("APIError")


def test_every_class_of_ccxt_is_unknown_or_says_that_the_order_was_not_taken() -> None:
    assert len(CLASSES) > 35
    assert {cls.__name__ for cls in CLASSES if submit_outcome(cls("x")) == "unknown"} == UNKNOWN
    assert {submit_outcome(cls("x")) for cls in CLASSES} == {"unknown", "rejected"}


REFUSED = ConnectionRefusedError()
CUT = ConnectionResetError()


@pytest.mark.parametrize(
    ("error", "sent", "status", "expected"),
    [
        (ccxt.InvalidOrder("x"), False, None, "failed"),
        (ccxt.InsufficientFunds("x"), True, 400, "rejected"),
        (ccxt.InsufficientFunds("x"), True, 200, "rejected"),
        # A business error that the exchange sends with 500: its own word counts more.
        (ccxt.InsufficientFunds("x"), True, 500, "rejected"),
        (ccxt.ExchangeError("x"), True, 400, "rejected"),
        (ccxt.ExchangeError("x"), True, 408, "unknown"),
        (ccxt.ExchangeError("x"), True, 500, "unknown"),
        (ccxt.DuplicateOrderId("x"), True, 400, "unknown"),
        (ccxt.RequestTimeout("x"), True, None, "unknown"),
        (ccxt.RequestTimeout("x"), True, 400, "unknown"),
        (ccxt.OperationFailed("x"), True, 400, "unknown"),
        (ccxt.ExchangeNotAvailable("x"), True, 502, "unknown"),
        (ccxt.ExchangeNotAvailable("x"), True, 400, "unknown"),
        (ccxt.ExchangeNotAvailable("x"), True, 451, "rejected"),
        (ccxt.RateLimitExceeded("x"), True, 429, "rejected"),
        (ccxt.OnMaintenance("x"), True, 503, "rejected"),
        (asyncio.CancelledError(), True, None, "unknown"),
        (asyncio.CancelledError(), False, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), REFUSED), True, None, "failed"),
        (caused(ccxt.NetworkError("x"), REFUSED), None, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), requests.ConnectTimeout()), True, None, "failed"),
        (caused(ccxt.RequestTimeout("x"), aiohttp.ConnectionTimeoutError()), True, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), CUT), True, None, "unknown"),
        # ccxt calls an answer that broke off in its middle an error of the exchange.
        (caused(ccxt.ExchangeError("x"), aiohttp.ClientPayloadError()), True, None, "unknown"),
        (caused(ccxt.ExchangeError("x"), requests.exceptions.SSLError()), True, None, "unknown"),
        (
            while_handling(ccxt.RequestTimeout("x"), caused(ccxt.NetworkError("y"), REFUSED)),
            True,
            None,
            "unknown",
        ),
        (ccxt.BadResponse("x"), True, 200, "unknown"),
        (KeyError("x"), True, 200, "unknown"),
        (REFUSED, True, None, "failed"),
        # Not watched, it may be the bot's database that refuses.
        (REFUSED, None, None, "unknown"),
        (binance_error(-2010, 400), None, None, "rejected"),
        (binance_error(-1007, 408), None, None, "unknown"),
        (binance_error(-1001, 500), None, None, "unknown"),
        (binance_error(0, 503), None, None, "unknown"),
        (binance_error(-1008, 503), None, None, "rejected"),
        (binance_error(0, 403), None, None, "rejected"),
    ],
)
def test_outcome(error: BaseException, sent: bool | None, status: int | None, expected: str) -> None:
    assert submit_outcome(error, sent, status) == expected


def test_a_circle_of_causes_ends() -> None:
    first, second = ccxt.ExchangeNotAvailable("x"), ccxt.NetworkError("y")
    first.__cause__, second.__cause__ = second, first
    assert submit_outcome(first, True, None) == "unknown"


def test_no_code_of_an_exception_is_called() -> None:
    """websockets' `ConnectionClosed` has properties that warn: a service may make errors of warnings."""

    class Hostile(ccxt.ExchangeError):  # type: ignore[misc]
        @property
        def reason(self) -> str:
            raise RuntimeError

        response = request_info = status_code = reason

        def __str__(self) -> str:
            raise RuntimeError

    assert submit_outcome(Hostile("x"), True, 400) == "rejected"
    assert Witness().raised(Hostile("x"), "nobodys") == "rejected"


def test_an_exception_that_cannot_be_looked_at_is_no_evidence() -> None:
    class Hostile(ccxt.ExchangeError):  # type: ignore[misc]
        @property
        def args(self) -> Any:
            raise RuntimeError

    assert submit_outcome(Hostile("x"), True, 400) == "unknown"


ANSWERS = st.sampled_from(
    [
        "",
        "<html>",
        '{"code":-1007,"msg":"Timeout"}',
        '{"code":-1006,"msg":"Unexpected"}',
        '{"code":-2010,"msg":"Insufficient balance"}',
        '{"code":-1008,"msg":"Overloaded"}',
        '{"code":-9999,"msg":"New"}',
    ]
)
STATUSES = st.none() | st.integers(200, 599)
CAUSES = st.sampled_from([None, REFUSED, CUT, requests.ConnectTimeout(), aiohttp.ClientPayloadError()])
KINDS = st.sampled_from([*CLASSES, OSError, KeyError, TimeoutError, asyncio.CancelledError])


@st.composite
def errors(draw: st.DrawFn) -> tuple[BaseException, int | None, str]:
    """An exception as a client may raise it, and the status and body that it was made of."""
    status, answer = draw(STATUSES), draw(ANSWERS)
    error = draw(KINDS)(f"binance {answer}")
    error.__cause__ = draw(CAUSES)
    return error, status, answer if status is not None else ""


@given(attempts=st.lists(errors(), min_size=1, max_size=3), over=st.booleans())
def test_both_counts_agree_whatever_was_seen(
    attempts: list[tuple[BaseException, int | None, str]], over: bool
) -> None:
    """One order, as a watched client counts its submission, and as the block around it is counted."""
    seen = Attempts("binance")
    for error, status, answer in attempts:
        seen.ended(error, status, answer)
    last = attempts[-1][0]
    outcome = seen.outcome(last)
    witness = Witness()
    witness.tell(outcome, last)
    raised = caused(RuntimeError("the bot's own"), last) if over else last
    assert witness.raised(raised, "binance") == outcome


@given(case=errors())
def test_what_was_not_seen_makes_an_order_no_more_certain(
    case: tuple[BaseException, int | None, str],
) -> None:
    error, status, answer = case
    seen = submit_outcome(error, True, status, exchange="binance", answer=answer)
    alone = submit_outcome(error, exchange="binance")
    if status is None and isinstance(error, ccxt.BaseError):
        assert alone == seen
    if alone == "failed":
        assert seen == "failed"


@given(case=errors())
def test_no_status_and_no_class_outranks_the_exchanges_own_code(
    case: tuple[BaseException, int | None, str],
) -> None:
    error, status, answer = case
    outcome = submit_outcome(error, True, status, exchange="binance", answer=answer)
    if isinstance(error, ccxt.BaseError) and ("-1007" in answer or "-1006" in answer):
        assert outcome != "rejected"
    if (
        status == 408
        and isinstance(error, ccxt.OperationFailed)
        and type(error).__name__ not in TURNED_AWAY
        # -2010 says that the order was refused, whatever the status is.
        and not any(code in answer for code in ("-10", "-2010"))
    ):
        assert outcome != "rejected"


#: Requests of a call by what they do: what they raise, and whether the exchange may hold an order after them.
_REQUESTS: dict[str, tuple[BaseException | None, bool]] = {
    "refused connection": (caused(ccxt.NetworkError("a"), REFUSED), False),
    "refusal": (ccxt.InsufficientFunds("b"), False),
    "cut": (caused(ccxt.NetworkError("c"), CUT), True),
    "status unknown": (ccxt.RequestTimeout('binance {"code":-1007}'), True),
    "accepted": (None, True),
    "aside": (None, False),
    "aside that fails": (ccxt.RequestTimeout("d"), False),
}


@given(
    kinds=st.lists(st.sampled_from(sorted(_REQUESTS)), max_size=4),
    own=st.sampled_from([None, KeyError("x"), REFUSED]),
)
def test_a_call_never_denies_an_order_that_may_exist(kinds: list[str], own: BaseException | None) -> None:
    """Against what the exchange holds; the call raises what its last request raised, or an error of its own."""
    attempts = Attempts("binance")
    last: BaseException | None = None
    for kind in kinds:
        last, _ = _REQUESTS[kind]
        if kind.startswith("aside"):
            attempts.aside(last)
        else:
            attempts.ended(last, None, "")
    raised = own or last or KeyError("in the client")
    if any(_REQUESTS[kind][1] for kind in kinds):
        assert attempts.outcome(raised) == "unknown"
    else:
        assert attempts.outcome(raised) == ("rejected" if "refusal" in kinds else "failed")


class TestAttempts:
    """A call is as open as its least certain request, and requests for something else never decide."""

    def outcome(self, *requests: Any, raised: BaseException) -> Outcome:
        attempts = Attempts("binance")
        for kind, error in requests:
            if kind == "order":
                attempts.ended(error, 200 if error is None else None, "")
            else:
                attempts.aside(error)
        return attempts.outcome(raised)

    def test_nothing_was_sent(self) -> None:
        timeout = ccxt.RequestTimeout("markets")
        assert self.outcome(raised=ccxt.InvalidOrder("x")) == "failed"
        assert self.outcome(("markets", None), ("markets", timeout), raised=timeout) == "failed"

    def test_a_repeated_request(self) -> None:
        cut, refused = caused(ccxt.NetworkError("x"), CUT), caused(ccxt.NetworkError("y"), REFUSED)
        assert self.outcome(("order", cut), ("order", refused), raised=refused) == "unknown"
        assert self.outcome(("order", refused), ("order", cut), raised=cut) == "unknown"
        funds = ccxt.InsufficientFunds("z")
        assert self.outcome(("order", cut), ("order", funds), raised=funds) == "unknown"
        assert self.outcome(("order", refused), ("order", funds), raised=funds) == "rejected"

    def test_a_caller_that_gives_up_before_the_next_request(self) -> None:
        refused = caused(ccxt.NetworkError("y"), REFUSED)
        assert self.outcome(("order", refused), raised=asyncio.CancelledError()) == "failed"

    def test_an_answered_order_whose_call_fails_all_the_same(self) -> None:
        lost = ccxt.OrderNotFound("asked too early")
        assert self.outcome(("order", None), ("query", lost), raised=lost) == "unknown"
        assert self.outcome(("order", None), raised=KeyError("orderId")) == "unknown"
        assert self.outcome(("order", None), raised=ccxt.InvalidOrder("in the answer")) == "rejected"


class TestWitness:
    """What a block around submissions says, when it raises."""

    def test_nobody_was_watched(self) -> None:
        assert Witness().raised(ccxt.InsufficientFunds("x"), "binance") == "rejected"
        assert Witness().raised(ValueError("x"), "binance") == "unknown"

    def test_an_accepted_order_stays_so(self) -> None:
        witness = Witness()
        witness.tell("unknown", ccxt.RequestTimeout("x"))
        witness.tell("accepted", None)
        assert witness.raised(ConnectionRefusedError(), "binance") == "accepted"

    def test_another_way_to_the_exchange_may_have_been_tried(self) -> None:
        witness = Witness()
        witness.tell("failed", caused(ccxt.NetworkError("x"), REFUSED))
        assert witness.raised(TimeoutError("by another client"), "binance") == "unknown"

    def test_it_keeps_no_exception(self) -> None:
        witness = Witness()
        witness.close()
        witness.tell("unknown", error := ccxt.RequestTimeout("x"))
        assert witness.outcome is None
        assert witness.raised(error, "binance") == "unknown"
