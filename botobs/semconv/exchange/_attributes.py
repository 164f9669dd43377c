"""Attributes of spans and metrics about exchanges."""

from __future__ import annotations

#: The exchange's id in ccxt, lower case.
NAME = "exchange.name"
#: Which client library: `ccxt.sync`, `ccxt.async`, `ccxt.pro`, `python_binance`, `websockets`, `aiohttp`; `reconcile`
#: for the calls of `botobs.trading.reconcile`, whichever library makes them.
CLIENT = "exchange.client"
#: ccxt's unified method in snake case, or `implicit` for an endpoint that was called directly.
OPERATION = "exchange.operation"
#: The section of the exchange's API, such as `public`, `private` or `sapi`.
API = "exchange.api"
#: What went wrong, in words that are the same for every exchange; see `botobs._sdk.instrument.exchange.errors`.
ERROR_CATEGORY = "exchange.error.category"
#: The exchange's own error code, where it is a number.
ERROR_CODE = "exchange.error.code"
SYMBOL = "exchange.symbol"
ORDER_ID = "exchange.order.id"
ORDER_CLIENT_ID = "exchange.order.client_id"
ORDER_SIDE = "exchange.order.side"
ORDER_TYPE = "exchange.order.type"
#: In the base currency; on spans only where the setting `order_values` allows it, as is the price.
ORDER_AMOUNT = "exchange.order.amount"
#: In the quote currency.
ORDER_PRICE = "exchange.order.price"
#: `rest` or `ws`.
ORDER_TRANSPORT = "exchange.order.transport"
#: Of a submission: `accepted`, `rejected`, `failed` (never sent), `unknown` (sent, and nobody knows: no answer, or one
#: that says so); of an order: `filled`, `canceled`, `expired`.
ORDER_OUTCOME = "exchange.order.outcome"
#: Seconds that a call waited in the client's own rate limiter.
THROTTLE_WAIT = "exchange.throttle.wait"
#: HTTP requests of one call, retries and side requests included.
REQUEST_COUNT = "exchange.request.count"
#: Which API key a request went out with: a hash of it that is keyed with its secret, the same in all processes.
ACCOUNT = "exchange.account"
#: What a limit counts, such as `weight_1m`, `orders_10s` or `requests`.
RATELIMIT_SCOPE = "exchange.ratelimit.scope"
#: Who shares a limit: `address`, `account`, `endpoint` or `group` (of endpoints).
RATELIMIT_PER = "exchange.ratelimit.per"
#: `orderbook`, `trades`, `ticker`, `ohlcv`, `orders`, `my_trades`, `balance`, `positions`, `other`, or `raw` for all
#: messages of a connection whose client library does not tell streams apart.
CHANNEL = "exchange.channel"
#: `connecting`, `open` or `closed`.
WS_STATE = "exchange.ws.state"
#: `remote`, `error`, `keepalive` or `user`.
WS_CLOSE_REASON = "exchange.ws.close.reason"
WS_CLOSE_CODE = "exchange.ws.close.code"
#: `received` or `sent`.
WS_DIRECTION = "exchange.ws.direction"
#: `sequence`, `checksum`, `crossed`, `empty_side`, `frozen` or `silence`.
INTEGRITY_CHECK = "exchange.integrity.check"
#: `active` or `unsupported`.
INTEGRITY_STATE = "exchange.integrity.state"
#: Why a book started over: `checksum`, `sequence_gap` or `snapshot`.
RESYNC_REASON = "exchange.orderbook.resync.reason"
#: `rest` or `ws`.
BALANCE_SOURCE = "exchange.balance.source"
ERROR_TYPE = "error.type"
SERVER_ADDRESS = "server.address"
HTTP_METHOD = "http.request.method"
HTTP_STATUS = "http.response.status_code"
URL_TEMPLATE = "url.template"
