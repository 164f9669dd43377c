"""What exchanges' own error codes say about an order that was sent.

A code stands here when it says that the order's fate is open, or when its class in ccxt would be misread. The text of
an entry is its source's words in short: the exchange's documentation (`SOURCES`), or after `ccxt:` ccxt 4.5.90's table
of exceptions, or after `clients:` what other clients of the exchange take it for.
"""

from __future__ import annotations

from typing import Literal

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
    "coinbase": "https://grpc.io/docs/guides/status-codes/",
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
        "-5041": "ccxt: Time out for too many requests from this account queueing (futures: no depth for this order).",
    },
    "bybit": {
        "5004": "ccxt: Server Timeout",
        "10000": "Server Timeout",
        "10014": "Invalid duplicate request.",
        "10016": "Internal server error; service is restarting.",
        "12141": "ccxt: Duplicate clientOrderId.",
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
        "internal_server_error": "ccxt: 500 Internal server error.",
        "unknown": "gRPC: an unknown error.",
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
    "kraken": {
        "EService:Deadline elapsed": "The deadline of the request had passed: the matching engine rejects it.",
    },
    "bitget": {
        "30008": "ccxt: timestamp request expired",
    },
}

#: Names that begin otherwise than the exchange's.
_FORMER_NAMES = {"huobi": "htx", "myokx": "okx", "okex": "okx"}


def table_of(name: str) -> str:
    """The exchange whose codes `name` speaks, such as binance for `binanceusdm`; empty if there is no table."""
    lowered = name.lower()
    for start, exchange in _FORMER_NAMES.items():
        if lowered.startswith(start):
            return exchange
    return next((exchange for exchange in UNKNOWN if lowered.startswith(exchange)), "")


def meaning(exchange: str, codes: tuple[str, ...]) -> Literal["rejected", "unknown"] | None:
    """What codes of one answer say together; a batch of which one order is unknown is unknown.

    Args:
        exchange: As it is called in `exchange.name`.
        codes: In the order of the answer.
    """
    table = table_of(exchange)
    if any(code in UNKNOWN.get(table, {}) for code in codes):
        return "unknown"
    return "rejected" if any(code in REFUSED.get(table, {}) for code in codes) else None
