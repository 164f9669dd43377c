"""Codes that leave an order's fate open, of exchanges that have no table of their own in `_codes`.

ccxt's class of each of them says that the order was refused, or may say so. The text of an entry is ccxt 4.5.90's
remark beside the code: an internal error after the order was taken, a time-out, or an id that was there before.
"""

from __future__ import annotations

OPEN: dict[str, dict[str, str]] = {
    "bigone": {"10005": "internal error", "10011": "system error"},
    "bitvavo": {
        "101": "Unknown error. Operation may or may not have succeeded.",
        "108": "The matching engine could not process your order in time.",
        "109": "The matching engine did not respond in time. Operation may or may not have succeeded.",
        "400": "Unknown error. Please contact support with a copy of your request.",
    },
    "blofin": {
        "500": "Internal Server Error",
        "102002": "Duplicate customized order ID",
        "103013": "Internal error; unable to process your request. Please try again.",
        "150003": "clientId already exist",
    },
    "bullish": {
        "2005": "Unknown error",
        "8301": "Unexpected Error",
        "8329": "Unexpected destination exception",
        "8399": "Unknown error",
    },
    "bydfi": {"500": "Internal Error", "501": "System Busy", "514": "Duplicate Request"},
    "extended": {"1134": "Duplicate Order."},
    "foxbit": {"500": "Internal server error. An unknown error occurred while processing the request."},
    "hashkey": {
        "-1000": "An unknown error occurred while processing the request",
        "-1001": "Internal error",
        "-1024": "Duplicate request",
        "-1181": "System error",
        "-4011": "System error",
    },
    "hitbtc": {"22008": "Gateway timeout exceeded."},
    "latoken": {"INTERNAL_ERROR": "internal server error"},
    "lighter": {"21728": "client order index already exists"},
    "luno": {"ErrIdempotencyKeyConflict": "A request with this idempotency_key has already been processed."},
    "modetrade": {"-1007": "DUPLICATE_REQUEST The data is already exists or your request is duplicated."},
    "onetrading": {"INTERNAL_SERVER_ERROR": "an internal error"},
    "pacifica": {
        "UNKNOWN": "ExchangeError",
        "36": "DUPLICATE_CLIENT_ORDER_ID",
        "43": "TWAP_DUPLICATE_CLIENT_ORDER_ID",
    },
    "paradex": {
        "DUPLICATED_CLIENT_ID": "an order with this id is there",
        "INTERNAL_ERROR": "an internal error",
        "SERVICE_UNAVAILABLE": "the service is not available",
        "-32603": "Internal error",
    },
    "phemex": {"19999": "REQUEST_IS_DUPLICATED Duplicated request ID"},
    "poloniex": {
        "415": "System Error",
        "21312": "Client orderId already exists",
        "21707": "Internal accounts Error",
        "25004": "Client orderId already exists",
        "25006": "OrderId and clientOrderId already exists",
    },
    "toobit": {"-1141": "Duplicate clientOrderId"},
    "weex": {"-1000": "UNKNOWN_ERROR An unknown error occurred.", "-1054": "SYSTEM_ERROR System error"},
    "woo": {
        "-1007": "The data is already exists or your request is duplicated.",
        "302999": "An unknown error has occurred.",
        "317174": "The order is processing",
    },
    "woofipro": {"-1007": "DUPLICATE_REQUEST The data is already exists or your request is duplicated."},
    "xt": {"COMMON_002": "System busy, please try it later"},
}
