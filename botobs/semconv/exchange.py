"""What botobs emits about exchanges: requests, limits, streams, books and orders.

OpenTelemetry has no convention for trading or for WebSockets, so the names are our own. Attributes that exist in the
HTTP convention keep their names. Symbols are attributes of spans alone: as labels they would multiply every series by
the number of markets.
"""

from __future__ import annotations

from ._model import Metric, declared_in

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

_WHO = (NAME, CLIENT)
#: The account only where the limit is not the address'.
_LIMIT = (NAME, RATELIMIT_SCOPE, RATELIMIT_PER, ACCOUNT)
_CONNECTION = (NAME, CLIENT, SERVER_ADDRESS)
#: The symbol only for the markets that the setting `exchange_symbols` names.
_STREAM = (NAME, CLIENT, SERVER_ADDRESS, CHANNEL, SYMBOL)

#: Boundaries, in seconds, of how old a message is when it arrives.
AGE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
#: Boundaries, in seconds, from an order to its fill: market orders at one end, patient limit orders at the other.
FILL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)

OPERATION_DURATION = Metric(
    "exchange.client.operation.duration",
    "histogram",
    "s",
    "One unified call, from the application's view: waiting in the rate limiter and retries included.",
    (*_WHO, OPERATION, ERROR_TYPE),
)
REQUEST_DURATION = Metric(
    "exchange.client.request.duration",
    "histogram",
    "s",
    "One HTTP request to the exchange: the network and the exchange, nothing else.",
    (*_WHO, API, HTTP_METHOD, HTTP_STATUS, ERROR_TYPE),
)
REQUESTS_ACTIVE = Metric(
    "exchange.client.requests.active",
    "updowncounter",
    "{request}",
    "HTTP requests without an answer so far.",
    _WHO,
)
RETRIES = Metric(
    "exchange.client.retries",
    "counter",
    "{retry}",
    "HTTP requests that the client repeated by itself.",
    (*_WHO, OPERATION),
)
ERRORS = Metric(
    "exchange.client.errors",
    "counter",
    "{error}",
    "Calls that raised, by the exception's class and by category.",
    (*_WHO, OPERATION, ERROR_TYPE, ERROR_CATEGORY),
)
THROTTLE_WAITED = Metric(
    "exchange.client.throttle.wait",
    "histogram",
    "s",
    "Time that requests waited in the client's own rate limiter.",
    _WHO,
)
THROTTLE_QUEUE = Metric(
    "exchange.client.throttle.queue",
    "observable_gauge",
    "{request}",
    "Requests that wait in the client's own rate limiter (asynchronous clients).",
    _WHO,
)
THROTTLE_COST = Metric(
    "exchange.client.throttle.cost",
    "counter",
    "{weight}",
    "Weight that requests cost in the client's own rate limiter.",
    _WHO,
)
RATELIMIT_USED = Metric(
    "exchange.ratelimit.used",
    "observable_gauge",
    "{unit}",
    "What the exchange says is used of a limit, by whoever shares it: take the maximum of all processes, not the sum.",
    _LIMIT,
)
RATELIMIT_LIMIT = Metric(
    "exchange.ratelimit.limit",
    "observable_gauge",
    "{unit}",
    "The limit as the exchange states it; absent where it states none.",
    _LIMIT,
)
RATELIMIT_REMAINING = Metric(
    "exchange.ratelimit.remaining",
    "observable_gauge",
    "{unit}",
    "What is left of a limit; absent where the exchange does not tell.",
    _LIMIT,
)
RATELIMIT_UTILIZATION = Metric(
    "exchange.ratelimit.utilization",
    "observable_gauge",
    "1",
    "Used divided by limit, only where the exchange states both.",
    _LIMIT,
)
RATELIMIT_RESET = Metric(
    "exchange.ratelimit.reset",
    "observable_gauge",
    "s",
    "Time until the limit starts over.",
    _LIMIT,
)
RATELIMIT_AGE = Metric(
    "exchange.ratelimit.age",
    "observable_gauge",
    "s",
    "Time since the exchange last stated what is used, or left, of a limit; absent once its window is over.",
    _LIMIT,
)
RATELIMIT_EXHAUSTION = Metric(
    "exchange.ratelimit.exhaustion",
    "observable_gauge",
    "s",
    "Time until a limit is used up at the pace of its window so far; absent while the window ends before that.",
    _LIMIT,
)
RATELIMIT_SPENT = Metric(
    "exchange.ratelimit.spent",
    "counter",
    "{request}",
    "Requests by who spends an exchange's limits: the service is in the resource, the key is there as a keyed hash.",
    (*_WHO, OPERATION, ACCOUNT),
)
RATELIMIT_REJECTIONS = Metric(
    "exchange.ratelimit.rejections",
    "counter",
    "{rejection}",
    "Requests refused for their rate (429), or because this address is banned (418, 403).",
    (NAME, HTTP_STATUS, ERROR_CATEGORY),
)
RATELIMIT_BAN = Metric(
    "exchange.ratelimit.ban.remaining",
    "observable_gauge",
    "s",
    "Time until the exchange accepts requests again; zero without a ban.",
    (NAME,),
)
CLOCK_OFFSET = Metric(
    "exchange.clock.offset",
    "observable_gauge",
    "s",
    "Local clock minus the exchange's clock: positive when ours is ahead.",
    (NAME,),
)
CLOCK_UNCERTAINTY = Metric(
    "exchange.clock.uncertainty",
    "observable_gauge",
    "s",
    "The offset's error is at most this.",
    (NAME,),
)
CLOCK_NEGATIVE_AGE = Metric(
    "exchange.clock.negative_age",
    "counter",
    "{message}",
    "Sampled messages with a timestamp in the future even after the offset is taken off; counted instead of recorded.",
    (NAME, CHANNEL),
)

WS_CONNECTIONS = Metric(
    "exchange.ws.connections",
    "observable_updowncounter",
    "{connection}",
    "WebSocket connections by state; `closed` are those lost and not opened again.",
    (*_CONNECTION, WS_STATE),
)
WS_CONNECT_DURATION = Metric(
    "exchange.ws.connect.duration",
    "histogram",
    "s",
    "From the start of an attempt to connect to its end.",
    (*_CONNECTION, ERROR_TYPE),
)
WS_DISCONNECTS = Metric(
    "exchange.ws.disconnects",
    "counter",
    "{disconnect}",
    "Ends of connections that had been open.",
    (*_CONNECTION, WS_CLOSE_REASON, WS_CLOSE_CODE),
)
WS_RECONNECTS = Metric(
    "exchange.ws.reconnects",
    "counter",
    "{reconnect}",
    "Connections opened again after they had been lost.",
    _CONNECTION,
)
WS_UPTIME = Metric(
    "exchange.ws.uptime", "observable_gauge", "s", "Age of the youngest open connection.", _CONNECTION
)
WS_MESSAGES = Metric(
    "exchange.ws.messages", "observable_counter", "{message}", "Frames.", (*_CONNECTION, WS_DIRECTION)
)
WS_BYTES = Metric(
    "exchange.ws.bytes",
    "observable_counter",
    "By",
    "Payload of the received frames, as the library delivers it (text counts characters).",
    (*_CONNECTION, WS_DIRECTION),
)
WS_LAST_MESSAGE_AGE = Metric(
    "exchange.ws.last_message.age",
    "observable_gauge",
    "s",
    "Time since the last frame, of the connection where it is longest ago.",
    _CONNECTION,
)
WS_STREAM_AGE = Metric(
    "exchange.ws.stream.age",
    "observable_gauge",
    "s",
    "Time since the last update, of the stream where it is longest ago. Pings do not count: a zombie shows here.",
    _STREAM,
)
WS_STREAMS = Metric(
    "exchange.ws.streams", "observable_gauge", "{stream}", "Streams that deliver updates.", _STREAM
)
WS_STREAMS_SILENT = Metric(
    "exchange.ws.streams.silent",
    "observable_gauge",
    "{stream}",
    "Market-data streams without an update for longer than a multiple of the longest pause seen in them.",
    _STREAM,
)
WS_MESSAGE_AGE = Metric(
    "exchange.ws.message.age",
    "histogram",
    "s",
    "Arrival minus the exchange's own timestamp, corrected by the clock offset; sampled.",
    (*_WHO, CHANNEL),
    AGE_BUCKETS,
)
WS_HEARTBEAT_RTT = Metric(
    "exchange.ws.heartbeat.rtt",
    "histogram",
    "s",
    "From our ping to its pong. A consumer that lags shows here too: the pong queues behind data.",
    _CONNECTION,
)
WS_HEARTBEAT_MISSES = Metric(
    "exchange.ws.heartbeat.misses",
    "counter",
    "{miss}",
    "Connections given up because pongs stayed away.",
    _CONNECTION,
)
WS_HANDLER_DURATION = Metric(
    "exchange.ws.handler.duration",
    "histogram",
    "s",
    "Time that the client took to handle a frame; sampled.",
    _WHO,
    (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1.0),
)
WS_HANDLER_ERRORS = Metric(
    "exchange.ws.handler.errors",
    "counter",
    "{error}",
    "Exceptions that left a message handler. In ccxt one of them ends the reading of that connection.",
    (*_CONNECTION, ERROR_TYPE),
)
WS_BACKLOG = Metric(
    "exchange.ws.backlog",
    "observable_gauge",
    "{message}",
    "Frames received and not yet taken by the application.",
    _CONNECTION,
)
WS_AWAITING = Metric(
    "exchange.ws.awaiting",
    "observable_gauge",
    "{future}",
    "Awaited updates (ccxt futures) that have not come yet.",
    _CONNECTION,
)
WS_AWAITING_AGE = Metric(
    "exchange.ws.awaiting.age",
    "observable_gauge",
    "s",
    "How long the oldest of them is seen waiting, to the precision of the collection interval.",
    _CONNECTION,
)
WS_SUBSCRIPTIONS = Metric(
    "exchange.ws.subscriptions",
    "observable_gauge",
    "{subscription}",
    "Subscriptions of open connections.",
    _CONNECTION,
)
WS_REJECTIONS = Metric(
    "exchange.ws.rejections",
    "counter",
    "{error}",
    "Errors that a stream handed to those who await it, by class.",
    (*_CONNECTION, ERROR_TYPE, ERROR_CATEGORY),
)

INTEGRITY = Metric(
    "exchange.integrity.check",
    "observable_gauge",
    "{check}",
    "One for the state that a check is in, so that no zero is mistaken for health.",
    (*_WHO, INTEGRITY_CHECK, INTEGRITY_STATE),
)
SEQUENCE_CHECKED = Metric(
    "exchange.orderbook.sequence_checks",
    "observable_counter",
    "{message}",
    "Messages whose sequence number was compared with the one before.",
    _WHO,
)
SEQUENCE_GAPS = Metric(
    "exchange.orderbook.sequence_gaps",
    "observable_counter",
    "{gap}",
    "Messages that were missing between two that came.",
    _WHO,
)
RESYNCS = Metric(
    "exchange.orderbook.resyncs",
    "counter",
    "{resync}",
    "Books that the client threw away because they were wrong.",
    (*_WHO, RESYNC_REASON),
)
CROSSED = Metric(
    "exchange.orderbook.crossed",
    "observable_gauge",
    "{book}",
    "Books whose best bid is above their best ask, at their last sample.",
    _WHO,
)
CROSSED_DURATION = Metric(
    "exchange.orderbook.crossed.duration",
    "observable_gauge",
    "s",
    "How long the longest of them has been so.",
    _WHO,
)
EMPTY_SIDE = Metric(
    "exchange.orderbook.empty_side",
    "observable_gauge",
    "{book}",
    "Books without a bid or without an ask, at their last sample.",
    _WHO,
)
FROZEN = Metric(
    "exchange.orderbook.frozen",
    "observable_gauge",
    "{book}",
    "Books that are updated while the exchange's timestamp in them has stood still for more than 30 s.",
    _WHO,
)
OHLCV_AGE = Metric(
    "exchange.ohlcv.age",
    "observable_gauge",
    "s",
    "Time since the end of the newest candle, of the stalest stream; zero while the candle runs.",
    _WHO,
)

ORDER_SUBMIT_DURATION = Metric(
    "exchange.order.submit.duration",
    "histogram",
    "s",
    "From the call that creates an order to the exchange's answer.",
    (*_WHO, ORDER_SIDE, ORDER_TYPE, ORDER_TRANSPORT, ORDER_OUTCOME),
)
ORDER_CANCEL_DURATION = Metric(
    "exchange.order.cancel.duration",
    "histogram",
    "s",
    "From the call that cancels an order to the exchange's answer.",
    (*_WHO, ORDER_TRANSPORT, ERROR_TYPE),
)
ORDER_FIRST_FILL_DURATION = Metric(
    "exchange.order.first_fill.duration",
    "histogram",
    "s",
    "From the exchange's answer to the first fill, where the application watches its orders.",
    _WHO,
    FILL_BUCKETS,
)
ORDER_DONE_DURATION = Metric(
    "exchange.order.done.duration",
    "histogram",
    "s",
    "From the exchange's answer to the order's end, where the application watches its orders.",
    (*_WHO, ORDER_OUTCOME),
    FILL_BUCKETS,
)
ORDERS = Metric(
    "exchange.orders",
    "counter",
    "{order}",
    "Orders by outcome: of the submission, and of the order where the application watches its orders.",
    (*_WHO, ORDER_OUTCOME),
)
ORDERS_REJECTED_BURST = Metric(
    "exchange.orders.rejected.burst",
    "observable_gauge",
    "{order}",
    "Orders rejected within ten seconds, while they are three at least and half of those answered; absent otherwise.",
    (NAME,),
)
ORDERS_IN_FLIGHT = Metric(
    "exchange.orders.in_flight",
    "observable_updowncounter",
    "{order}",
    "Orders submitted and not answered yet.",
    _WHO,
)
ORDERS_OLDEST_AGE = Metric(
    "exchange.orders.oldest_in_flight.age", "observable_gauge", "s", "Age of the oldest of them.", _WHO
)
BALANCE_AGE = Metric(
    "exchange.balance.age",
    "observable_gauge",
    "s",
    "Time since the exchange last told a balance.",
    (*_WHO, BALANCE_SOURCE),
)

METRICS = declared_in(globals())
