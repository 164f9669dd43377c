"""Connections to exchanges, their streams, and the books that come over them."""

from __future__ import annotations

from .._model import Metric
from ._attributes import (
    CHANNEL,
    CLIENT,
    ERROR_CATEGORY,
    ERROR_TYPE,
    INTEGRITY_CHECK,
    INTEGRITY_STATE,
    NAME,
    RESYNC_REASON,
    SERVER_ADDRESS,
    SYMBOL,
    WS_CLOSE_CODE,
    WS_CLOSE_REASON,
    WS_DIRECTION,
    WS_STATE,
)

_WHO = (NAME, CLIENT)
_CONNECTION = (NAME, CLIENT, SERVER_ADDRESS)
#: The symbol only for the markets that the setting `exchange_symbols` names.
_STREAM = (NAME, CLIENT, SERVER_ADDRESS, CHANNEL, SYMBOL)

#: Boundaries, in seconds, of how old a message is when it arrives.
AGE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)

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
