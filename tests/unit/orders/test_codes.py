"""The table of codes, against ccxt's own tables and comments, and the search for codes in answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ccxt
import pytest

from botobs._sdk.orders import LONGEST_TEXT, answer_outcome, codes_in, submit_outcome
from botobs._sdk.orders._answer import is_mixed
from botobs._sdk.orders._codes import REFUSED, SOURCES, UNKNOWN, table_of
from botobs._sdk.orders._open_codes import OPEN as OPEN_CODES

#: ccxt's classes for "nobody knows", beside those of what is turned away.
OPEN = (ccxt.RequestTimeout, ccxt.ExchangeNotAvailable, ccxt.BadResponse, ccxt.OperationFailed)
CLOSED = (ccxt.OnMaintenance, ccxt.RateLimitExceeded, ccxt.DDoSProtection, ccxt.InvalidNonce)
#: How an exchange says in words that something went wrong with itself, in the comments of ccxt's tables.
INTERNAL = re.compile(
    r"time[ -]?d? ?out|internal (server |system )?error|internal exception|network error|server error|unknown error"
    r"|system (error|exception|abnormal\w*|is abnormal|busy|is busy)",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\s+'(?P<code>[^']+)': (?P<kind>[A-Z]\w+),?\s*(#\s*(?P<comment>.*))?")


def entries(exchange: str) -> Iterator[tuple[str, type[Exception], str]]:
    """Code, class and comment of each entry in ccxt's table of an exchange."""
    source = Path(ccxt.__file__).with_name(f"{exchange}.py")
    for line in source.read_text(encoding="utf-8").splitlines():
        found = _ENTRY.fullmatch(line.rstrip())
        kind = getattr(ccxt, found["kind"], None) if found else None
        if found and isinstance(kind, type) and issubclass(kind, ccxt.BaseError):
            yield found["code"], kind, found["comment"] or ""


def outcome(exchange: str, code: str, kind: type[Exception], status: int) -> str:
    answers: dict[str, str] = {
        "bybit": f'{{"retCode":{code},"retMsg":"m"}}',
        "kraken": f'{{"error":["{code}"]}}',
        "gate": f'{{"label":"{code}","message":"m"}}',
        "htx": f'{{"status":"error","err-code":"{code}","err-msg":"m"}}',
        "coinbase": f'{{"error":"{code}"}}',
    }
    answer = answers.get(exchange, f'{{"code":"{code}","msg":"m"}}')
    return submit_outcome(kind(f"{exchange} {answer}"), True, status, exchange=exchange, answer=answer)


@pytest.mark.parametrize("exchange", UNKNOWN)
def test_no_code_that_leaves_the_order_open_is_a_refusal(exchange: str) -> None:
    table = list(entries(exchange))
    assert len(table) > 10
    refused = REFUSED.get(exchange, {})
    wrong = {
        (code, kind.__name__, comment)
        for code, kind, comment in table
        if (issubclass(kind, OPEN) and not issubclass(kind, CLOSED)) or INTERNAL.search(f"{code} {comment}")
        if code not in refused and outcome(exchange, code, kind, 400) == "rejected"
    }
    assert wrong == set()


@pytest.mark.parametrize("exchange", UNKNOWN)
@pytest.mark.parametrize("status", [200, 400, 408, 500])
def test_each_entry_counts_whatever_the_class_and_the_status(exchange: str, status: int) -> None:
    for code in UNKNOWN[exchange]:
        assert outcome(exchange, code, ccxt.InvalidOrder, status) == "unknown"
    for code in REFUSED.get(exchange, {}):
        assert outcome(exchange, code, ccxt.OperationFailed, status) == "rejected"


def words(table: dict[str, Any]) -> Iterator[tuple[str, type[Exception]]]:
    """The texts by which ccxt knows errors of an exchange, and the class of each."""
    for key, kind in table.items():
        if isinstance(kind, dict):
            yield from words(kind)
        elif not re.fullmatch(r"-?\d+", str(key)):
            yield str(key), kind


def by_words(exchange: str, text: str, kind: type[Exception], status: int) -> set[str]:
    """What an answer without a code says: of itself, and as ccxt raises it."""
    answer = json.dumps({"success": False, "msg": text})
    error = kind(f"{exchange} {answer}")
    raised = submit_outcome(error, True, status, exchange=exchange, answer=answer, written=True)
    return {raised, answer_outcome(exchange, status, answer)}


@pytest.mark.parametrize("status", [200, 400])
def test_words_for_a_failure_of_the_exchange_are_no_refusal(status: int) -> None:
    """Of every exchange that ccxt has, whatever class it makes of them."""
    found = [
        (name, text, kind)
        for name in ccxt.exchanges
        for text, kind in words(getattr(ccxt, name)().exceptions or {})
        if INTERNAL.search(text) and not issubclass(kind, CLOSED)
    ]
    assert len(found) > 20
    assert [each for each in found if "rejected" in by_words(*each, status)] == []


@pytest.mark.parametrize(
    "text",
    [
        "The request timed out.",
        "matching engine timeout",
        "Internal Server Error",
        "unknownError",
        "System busy, please try again later",
        "We are experiencing technical issues",
        "Operation may or may not have succeeded",
        "The order is being processed",
        "Execution status unknown",
        "Service is temporarily unavailable",
    ],
)
def test_what_broke_off_by_its_words_is_open(text: str) -> None:
    assert by_words("nobodys", text, ccxt.ExchangeError, 400) == {"unknown"}
    assert by_words("nobodys", text, ccxt.InvalidOrder, 200) == {"unknown"}


@pytest.mark.parametrize(
    "text",
    [
        "Insufficient balance",
        "Unknown symbol",
        "Unexpected parameter timeInForce",
        "Invalid nonce: the request timed out",
        "Timestamp for this request is too old, timed out",
        "Too many requests, the system is busy",
        "The system is under maintenance: service unavailable",
        "Order would be filled at once",
    ],
)
def test_words_for_a_refusal_are_one(text: str) -> None:
    assert by_words("nobodys", text, ccxt.ExchangeError, 400) == {"rejected"}


def test_words_count_only_where_a_code_does_not_say_it() -> None:
    """A field's name is no word, a status that turns away is stronger, and so is a code that the table knows."""
    refused = [
        ("nobodys", 400, '{"msg": "Price too low", "timeout": 30, "server_error": false}'),
        ("nobodys", 403, '{"msg": "Internal error"}'),
        ("nobodys", 429, '{"msg": "System busy"}'),
        ("binance", 400, '{"code": -2018, "msg": "Internal error"}'),
    ]
    assert {answer_outcome(*each) for each in refused} == {"rejected"}


def test_an_entry_says_one_thing_and_has_a_source() -> None:
    assert set(SOURCES) == set(UNKNOWN)
    assert set(REFUSED) <= set(UNKNOWN)
    for exchange, refused in REFUSED.items():
        assert not refused.keys() & UNKNOWN[exchange].keys()
    assert all(words for table in (UNKNOWN, REFUSED) for codes in table.values() for words in codes.values())


@pytest.mark.parametrize(
    ("name", "exchange"),
    [
        ("binance", "binance"),
        ("Binance", "binance"),
        ("binanceusdm", "binance"),
        ("kucoinfutures", "kucoin"),
        ("gateio", "gate"),
        ("huobi", "htx"),
        ("myokx", "okx"),
        ("deribit", "deribit"),
        ("bitstamp", ""),
        ("", ""),
    ],
)
def test_exchanges_by_their_names(name: str, exchange: str) -> None:
    assert table_of(name) == exchange


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"code":-1007,"msg":"x"}', ("-1007",)),
        ('{"code" : "408000"}', ("408000",)),
        ('{"retCode":0,"retMsg":"OK"}', ()),
        ('{"code":"1","data":[{"sCode":"51149"},{"sCode":"0"}]}', ("1", "51149")),
        ('{"error":["EOrder:x","EService:Unavailable"]}', ("EOrder:x", "EOrder:x", "EService:Unavailable")),
        ('{"status":"error","err-code":"gateway-internal-error"}', ("gateway-internal-error",)),
        ('{"label":"SERVER_ERROR"}', ("SERVER_ERROR",)),
        ("<html>code: 5</html>", ()),
        ("", ()),
    ],
)
def test_codes_are_found_in_each_dialect(text: str, codes: tuple[str, ...]) -> None:
    assert codes_in(text) == codes


@pytest.mark.parametrize(
    "unit", ['"code"', '"code":', '"code":"', '"code":' + " " * 9, '"E', '"EA:', '"error":[', "a", '"']
)
def test_the_search_is_bounded(unit: str) -> None:
    """An answer of any length costs what its beginning costs: nothing behind it is looked at."""
    long = unit * 100_000
    assert codes_in(long) == codes_in(long[:LONGEST_TEXT])
    assert codes_in(long[:LONGEST_TEXT] + '{"code":-1007}') == codes_in(long[:LONGEST_TEXT])


def test_the_message_of_an_unwatched_client_is_read_as_its_answer() -> None:
    text = '{"retCode":10016,"retMsg":"Server error."}'
    assert submit_outcome(ccxt.ExchangeError(f"bybit {text}"), exchange="bybit") == "unknown"
    assert (
        submit_outcome(ccxt.ExchangeError(f"bybit {text}"), exchange="the bot's own name for it") == "unknown"
    )


#: Of two orders one is taken, by the exchanges' own batch endpoints.
MIXED: dict[str, object] = {
    "binance": [{"orderId": 1, "status": "NEW"}, {"code": -2010, "msg": "no"}],
    "bitget": {
        "code": "00000",
        "data": {"successList": [{"orderId": "1"}], "failureList": [{"errorCode": "43012"}]},
    },
    "bybit": {"retCode": 0, "result": {}, "retExtInfo": {"list": [{"code": 0}, {"code": 110007}]}},
    "gate": [{"succeeded": True, "id": "1"}, {"succeeded": False, "label": "BALANCE_NOT_ENOUGH"}],
    "htx": {
        "status": "ok",
        "data": [{"order-id": 1}, {"err-code": "account-frozen-balance-insufficient-error"}],
    },
    "hyperliquid": {"response": {"data": {"statuses": [{"resting": {"oid": 1}}, {"error": "no margin"}]}}},
    "kraken": {"error": [], "result": {"orders": [{"txid": "O1"}, {"error": "EOrder:Insufficient funds"}]}},
    "kucoin": {"code": "200000", "data": [{"success": True, "orderId": "1"}, {"success": False}]},
    "okx": {"code": "2", "data": [{"ordId": "1", "sCode": "0"}, {"ordId": "", "sCode": "51008"}]},
}


def test_an_answer_about_several_orders_is_mixed_where_one_was_taken() -> None:
    for exchange, body in MIXED.items():
        assert is_mixed(exchange, json.dumps(body)), exchange
    for body in (
        [{"code": -2010}, {"code": -1013}],
        [{"orderId": 1}, {"orderId": 2}],
        {"code": -2010},
        "<html>[",
    ):
        assert not is_mixed("binance", body if isinstance(body, str) else json.dumps(body)), body


def test_the_users_label_of_one_order_is_no_refusal() -> None:
    body = json.dumps({"result": [{"order_id": "1", "label": "grid-7"}, {"order_id": "2"}]})
    assert not is_mixed("deribit", body)
    assert is_mixed("gate", body)


@pytest.mark.parametrize(
    ("exchange", "code"), [(exchange, code) for exchange, codes in OPEN_CODES.items() for code in codes]
)
def test_a_code_that_leaves_the_order_open_outweighs_its_class(exchange: str, code: str) -> None:
    assert code in ccxt_codes(exchange)
    answer = json.dumps({"code": code, "message": "m"})
    error = ccxt.BadRequest(f"{exchange} {answer}")
    assert submit_outcome(error, True, 400, exchange=exchange, answer=answer) == "unknown"
    assert answer_outcome(exchange, 422, answer) == "unknown"


def ccxt_codes(exchange: str) -> set[str]:
    # Of a class of its own: those that have instances are watched by every test that follows in this process.
    pending, found = [type(exchange, (getattr(ccxt, exchange),), {})().exceptions], set()
    while pending:
        for code, kind in pending.pop().items():
            found.add(code)
            if isinstance(kind, dict):
                pending.append(kind)
    return found


@pytest.mark.parametrize(
    ("code", "said"),
    [(10009, "rejected"), (13888, "unknown"), (11094, "unknown"), (10040, "rejected"), (99999, "unknown")],
)
def test_deribits_answer(code: int, said: str) -> None:
    answer = json.dumps({"jsonrpc": "2.0", "error": {"message": "m", "code": code}, "testnet": False})
    assert (
        submit_outcome(ccxt.ExchangeError(f"deribit {answer}"), True, 400, exchange="deribit", answer=answer)
        == said
    )
