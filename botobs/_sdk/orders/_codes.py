"""What exchanges' own error codes say about an order that was sent.

A code stands here when it says that the order's fate is open, or when its class in ccxt would be misread. The text of
an entry is its source's words in short: the exchange's documentation (`SOURCES`), or after `ccxt:` ccxt 4.5.90's table
of exceptions, or after `clients:` what other clients of the exchange take it for. All other codes that ccxt's tables
know as refusals are in `ccxt_codes.json`, written from them by `make docs`. A code that stands nowhere says nothing.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Literal

from ._open_codes import OPEN

#: By exchange and class of ccxt, the codes that its tables know.
CCXT_TABLES = files(__package__) / "ccxt_codes.json"

#: Classes of ccxt that leave the order's fate open. Other classes below them turn a request away unread.
OPEN_CLASSES = frozenset(
    {
        "BadResponse",
        "CancelPending",
        "DuplicateOrderId",
        "ExchangeNotAvailable",
        "NetworkError",
        "NullResponse",
        "OperationFailed",
        "RequestTimeout",
    }
)

#: Where the exchanges document their codes.
SOURCES: dict[str, str] = {
    "binance": "https://developers.binance.com/docs/binance-spot-api-docs/errors",
    "bybit": "https://bybit-exchange.github.io/docs/v5/error",
    "okx": "https://www.okx.com/docs-v5/en/#error-code",
    "kucoin": "https://www.kucoin.com/docs-new/error-code",
    "kraken": "https://docs.kraken.com/api/docs/rest-api/add-order",
    "gate": "https://www.gate.com/docs/developers/apiv4/en/#error-handling",
    "bitget": "https://www.bitget.com/api-doc/common/error-code/restapi",
    "mexc": "https://www.mexc.com/api-docs/futures/error-code",
    "htx": "https://www.htx.com/en-us/opend/newApiPages/",
    "coinbase": "https://docs.cdp.coinbase.com/api-reference/advanced-trade-api/rest-api/orders/create-order",
    "alpaca": "https://docs.alpaca.markets/reference/postorder",
    "hyperliquid": "https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses",
    "deribit": "https://docs.deribit.com/#rpc-error-codes",
    "derive": "https://docs.derive.xyz/error-codes",
    "coinsph": "https://coins-docs.github.io/rest-api",
    "tokocrypto": "https://www.tokocrypto.com/apidocs/",
}

#: The order may be in the market: the exchange did not find out, or an order with this id is there already.
UNKNOWN: dict[str, dict[str, str]] = {
    "binance": {
        "-1000": "An unknown error occurred while processing the request.",
        "-1001": "Internal error; unable to process your request. With HTTP 5xx: the execution status is unknown.",
        "-1006": "An unexpected response was received from the message bus. Execution status unknown.",
        "-1007": "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        "-3000": "ccxt: Internal server error.",
        "-3044": "ccxt: System busy.",
        "-4078": "ccxt: options internal error",
        "-4116": "Duplicated client order id.",
        "-20132": "ccxt: The client algo id is duplicated",
        "-5041": "ccxt: Time out for too many requests from this account queueing (futures: no depth for this order).",
    },
    "bybit": {
        "5004": "ccxt: Server Timeout",
        "10000": "Server Timeout",
        "10014": "Invalid duplicate request.",
        "10016": "Internal server error; service is restarting.",
        "12141": "ccxt: Duplicate clientOrderId.",
        "30001": "ccxt: order_link_id is repeated",
        "110030": "ccxt: Duplicate orderId",
        "110072": "ccxt: OrderLinkedID is duplicate.",
        "131201": "ccxt: Internal error",
        "140030": "ccxt: Duplicate orderId",
        "170001": "ccxt: Internal error.",
        "170007": "ccxt: Timeout waiting for response from backend server.",
        "170032": "ccxt: Network error. Please try again later.",
        "170141": "ccxt: Duplicate clientOrderId",
        "170146": "ccxt: Order creation timeout.",
        "170147": "ccxt: Order cancellation timeout.",
        "170234": "ccxt: System Error",
        "340099": "ccxt: Server error",
    },
    "okx": {
        "50001": "Service temporarily unavailable. Try again later.",
        "50004": "API endpoint request timeout (does not mean that the request was successful or failed).",
        "50013": "System is busy. Try again later.",
        "50026": "System error. Try again later.",
        "51011": "ccxt: Duplicated order ID",
        "51016": "ccxt: Duplicated client order ID",
        "51054": "clients: Request timed out.",
        "51149": "clients: the order request timed out and its outcome is unknown.",
        "63999": "Internal system error.",
    },
    "kucoin": {
        "500": "ccxt: Internal Server Error",
        "503": "ccxt: ExchangeNotAvailable",
        "126033": "ccxt: Duplicate order",
        "126038": "ccxt: Third-party service call failed (internal exception)",
        "126044": "ccxt: clientOid duplicate",
        "408000": "ccxt: Network timeout, please try again later",
        "500000": "ccxt: Internal Server Error",
    },
    "kraken": {
        "EDatabase:Internal error": "ccxt: ExchangeNotAvailable",
        "EGeneral:Internal error": "ccxt: ExchangeNotAvailable",
        "EService:Busy": "ccxt: ExchangeNotAvailable",
        "EService:Timeout": "clients: the service did not answer in time.",
        "EService:Unavailable": "ccxt: ExchangeNotAvailable",
    },
    "gate": {
        "INTERNAL": "ccxt: ExchangeNotAvailable",
        "SERVER_ERROR": "ccxt: ExchangeNotAvailable",
        "TOO_BUSY": "ccxt: ExchangeNotAvailable",
    },
    "bitget": {
        "1": "ccxt: System error",
        "500": "ccxt: System busy",
        "30009": "ccxt: system error",
        "30030": "ccxt: endpoint request failed. Please try again",
        "32047": "ccxt: system error",
        "40010": "clients: Request timed out.",
        "40015": "ccxt: System is abnormal, please try again later.",
        "40604": "ccxt: Server is busy, please try again later",
        "40725": "clients: Service return an error.",
        "45001": "clients: Unknown error.",
        "50008": "ccxt: network timeout",
        "gateway internal error": "ccxt: ExchangeError",
        "system exception": "ccxt: system exception",
    },
    "mexc": {
        "500": "Internal error",
        "501": "System busy",
        "503": "ccxt: service not available, please try again",
        "504": "ccxt: Gateway Time-out",
        "10219": "ccxt: asset flow writing failed please try again",
        "20002": "ccxt: Internal system error please contact support",
    },
    "htx": {
        "gateway-internal-error": "ccxt: Failed to load data. Try again later.",
        "order-update-error": "ccxt: ExchangeNotAvailable",
        "system-error": "clients: the system failed.",
        "timeout": "ccxt: Request Timeout",
    },
    "coinbase": {
        "DEADLINE_EXCEEDED": "gRPC: may be returned even if the operation has completed successfully.",
        "INTERNAL": "gRPC: an internal error.",
        "UNAVAILABLE": "gRPC: the service is currently unavailable.",
        "UNKNOWN": "gRPC: an unknown error.",
        "UNKNOWN_FAILURE_REASON": "The order was not taken for a reason that the exchange does not give, or was taken.",
        "internal_server_error": "ccxt: 500 Internal server error.",
        "unknown": "gRPC: an unknown error.",
    },
    "alpaca": {
        "50010000": "Internal server error. Codes begin with the HTTP status.",
    },
    # Its errors are sentences, each of which says that the order was not placed.
    "hyperliquid": {},
    "deribit": {
        "10001": "ccxt: Some general failure, no public information available.",
        "11031": "ccxt: Some errors which are not considered as very often.",
        "11094": "ccxt: Some unhandled error on server.",
        "13008": "ccxt: Request failed because of invalid input or internal failure.",
        "13028": "clients: the service does not respond, or is too slow.",
        "13888": "clients: the server timed out while it processed the request.",
    },
    "derive": {
        "-32603": "ccxt: Internal error",
        "9000": "ccxt: Order confirmation timeout",
    },
    "coinsph": {
        "-1000": "ccxt: An unknown error occurred while processing the request.",
        "-1001": "ccxt: Internal error.",
        "-1006": "ccxt: An unexpected response was received from the message bus. Execution status unknown.",
        "-1007": "ccxt: Timeout waiting for response from backend server. Execution status unknown.",
        "-1146": "ccxt: Order creation timeout",
        "-1147": "ccxt: Order cancellation timeout",
    },
    "tokocrypto": {
        "-1000": "ccxt: ExchangeNotAvailable",
        "-1001": "ccxt: Internal error; unable to process your request.",
        "-1006": "ccxt: Execution status unknown.",
        "-1007": "ccxt: Send status unknown; execution status unknown.",
        "-3000": "ccxt: Internal server error.",
        "-3044": "ccxt: System busy.",
        "System abnormality": "ccxt: System abnormality",
    },
}

#: The order is not in the market, though ccxt's class of the code, or its HTTP status, may as well mean a failure.
REFUSED: dict[str, dict[str, str]] = {
    "binance": {
        "-1008": "Server is currently overloaded with other requests: throttled before it was processed.",
        "-1010": "An error has been returned by the matching engine.",
        "-1099": "ccxt: WS not found authenticated or authorized",
        "-1112": "No orders on book for symbol.",
        "-2016": "No trading window could be found for the symbol.",
        "-2018": "Balance is insufficient.",
        "-2019": "Margin is insufficient.",
        "-2020": "Unable to fill.",
        "-2023": "User in liquidation mode now.",
        "-5028": "The requested timestamp is outside the recvWindow of the matching engine.",
    },
    # A category of errors ends with a colon.
    "kraken": {
        "EAPI:": "The key, its signature, nonce, rights or rate.",
        "EAccount:": "The account may not.",
        "EAuth:": "The login is refused.",
        "EGeneral:": "The request is refused before it is processed; but see `EGeneral:Internal error`.",
        "EOrder:": "The order is refused.",
        "EQuery:": "The asset or pair is unknown.",
        "ETrade:": "Trading is refused.",
        "EService:Deadline elapsed": "The deadline of the request had passed: the matching engine rejects it.",
    },
    "bitget": {
        "30008": "ccxt: timestamp request expired",
    },
    "deribit": {
        "10040": "Request can't be processed right now and should be retried.",
        "10041": "Settlement is in progress: trading is paused.",
        "10047": "Limit of the user's pending requests to the matching engine.",
        "11051": "System is under maintenance.",
    },
    "alpaca": {
        "40010000": "Bad request.",
        "40010001": "Bad request: a field is missing or wrong.",
        "40110000": "Unauthorized.",
        "40310000": "Forbidden: buying power or shares are not sufficient.",
        "40310100": "Forbidden: pattern day trading protection.",
        "40410000": "Not found: the asset or the account.",
        "42210000": "Unprocessable: input parameters are not recognized or not allowed together.",
        "42910000": "Too many requests.",
    },
    # Names of `NewOrderFailureReason`.
    "coinbase": {
        "COMMANDER_REJECTED_NEW_ORDER": "The order was rejected.",
        "INELIGIBLE_PAIR": "The pair cannot be traded.",
        "INSUFFICIENT_FUND": "Funds are not sufficient.",
        "INSUFFICIENT_FUNDS": "Funds are not sufficient.",
        "INVALID_LEDGER_BALANCE": "The balance is not sufficient.",
        "INVALID_LIMIT_PRICE": "The limit price is invalid.",
        "INVALID_LIMIT_PRICE_POST_ONLY": "A post-only order would have been filled at once.",
        "INVALID_NO_LIQUIDITY": "Nobody is on the other side.",
        "INVALID_ORDER_CONFIG": "The configuration is invalid.",
        "INVALID_PRICE_PRECISION": "The price has too many digits.",
        "INVALID_PRODUCT_ID": "The product does not exist.",
        "INVALID_REQUEST": "The request is invalid.",
        "INVALID_SIDE": "The side is invalid.",
        "INVALID_SIZE_PRECISION": "The size has too many digits.",
        "ORDER_ENTRY_DISABLED": "No order is taken.",
        "UNSUPPORTED_ORDER_CONFIGURATION": "The configuration is not supported.",
    },
}

#: Codes around those of the orders in an answer; alone they say nothing of any of them.
ENVELOPES: dict[str, frozenset[str]] = {
    "okx": frozenset({"1", "2"}),
}

#: Codes of exchanges without a table that mean success, beside those that mean it everywhere.
ACCEPTED: dict[str, frozenset[str]] = {"bitmart": frozenset({"1000"})}

#: Classes of codes that ccxt has none for.
_CLASSES: dict[str, dict[str, str]] = {"alpaca": {"40310000": "InsufficientFunds"}}
#: Classes of ccxt that say less than others.
_GENERAL = frozenset({"BadRequest", "ExchangeError", "OperationRejected"})

#: Names that begin otherwise than the exchange's.
_FORMER_NAMES = {"huobi": "htx", "myokx": "okx", "okex": "okx"}


def table_of(name: str) -> str:
    """The exchange whose codes `name` speaks, such as binance for `binanceusdm`; empty if there is no table."""
    lowered = name.lower()
    for start, exchange in _FORMER_NAMES.items():
        if lowered.startswith(start):
            return exchange
    return next((exchange for exchange in UNKNOWN if lowered.startswith(exchange)), "")


def meaning(exchange: str, codes: tuple[str, ...]) -> Literal["rejected", "unknown", "unlisted"] | None:
    """What codes of one answer say together; a batch of which one order is unknown is unknown.

    Args:
        exchange: As it is called in `exchange.name`.
        codes: In the order of the answer.

    Returns:
        `unlisted` when the exchange has a table that lacks one of the codes; None when there is no code, or none that
        is known of an exchange without a table.
    """
    table = table_of(exchange)
    own = [code for code in codes if code not in ENVELOPES.get(table, ())] or codes
    if not own:
        return None
    if not table:
        return None if OPEN.get(exchange.lower(), {}).keys().isdisjoint(own) else "unknown"
    if any(code in UNKNOWN[table] for code in own):
        return "unknown"
    refusals = REFUSED.get(table, {}).keys() | _in_ccxt(table)
    listed = all(code in refusals or f"{code.partition(':')[0]}:" in refusals for code in own)
    return "rejected" if listed else "unlisted"


def ccxt_class(exchange: str, code: str) -> str:
    """The class of ccxt that a code stands for, the most exact where its tables of one exchange differ; or empty."""
    table = table_of(exchange)
    if not table:
        return ""
    own = _CLASSES.get(table, {}).get(code)
    found = [kind for kind, codes in _ccxt(table).items() if code in codes] if own is None else [own]
    return next((kind for kind in found if kind not in _GENERAL), found[0] if found else "")


def listed_phrase(exchange: str, sentence: str) -> str:
    """The longest part of a sentence that ccxt's tables know, of exchanges whose errors are sentences; or empty."""
    known = (code for codes in _ccxt(table_of(exchange)).values() for code in codes)
    return max((code for code in known if code in sentence), key=len, default="")


@functools.cache
def _ccxt(table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(CCXT_TABLES.read_text(encoding="utf-8")).get(table, {})
    return found


@functools.cache
def _in_ccxt(table: str) -> frozenset[str]:
    classes = _ccxt(table).items()
    left_open = {code for kind, codes in classes if kind in OPEN_CLASSES for code in codes}
    return frozenset(code for _, codes in classes for code in codes) - left_open
