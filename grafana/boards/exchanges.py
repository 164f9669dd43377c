"""Exchanges: is the data fresh, is a ban near, where does the time go, is the book right?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import exchange, trading

from . import recorded
from .board import Row, board
from .panels import Query, Sized, graph, latency, number
from .promql import Queries, or_zero

_q = Queries(("environment", "service", "exchange"))
_EXCHANGE = (exchange.NAME,)
_STREAM = (exchange.NAME, exchange.CHANNEL)


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-exchanges",
        "Exchanges",
        "Is the data fresh? Is a ban near? Where does the time of a call go? Is the order book right?",
        _q.variables,
        [
            Row("Is the data fresh?", _fresh()),
            Row("Do connections hold?", _connections()),
            Row("Is a ban near?", _ban()),
            Row("Where does the time go?", _time()),
            Row("Is the book right?", _book()),
        ],
    )


def _fresh() -> list[Sized]:
    silence = (
        f"time() - {_q.latest(trading.FEED_LAST_MESSAGE, (trading.EXCHANGE_NAME, trading.FEED_CHANNEL))}"
    )
    return [
        graph(
            "Age of the newest update, by stream",
            "Time since the last update of the stream that is longest silent. Pings do not count, so that a connection "
            "that lives but brings nothing shows here.",
            "s",
            [Query(_q.latest(exchange.WS_STREAM_AGE, _STREAM), "{{exchange_name}} {{exchange_channel}}")],
        ),
        latency(
            "Age of messages when they arrive",
            "Arrival minus the exchange's own timestamp, corrected by the clocks' offset: the network, and queues.",
            _q,
            exchange.WS_MESSAGE_AGE,
            exemplars=False,
            by=_STREAM,
            legend="{{exchange_name}} {{exchange_channel}}",
        ),
        graph(
            "Silent streams",
            "Market-data streams without an update for a multiple of the longest pause seen in them.",
            "short",
            [
                Query(
                    _q.latest(exchange.WS_STREAMS_SILENT, _STREAM, how="sum"),
                    "{{exchange_name}} {{exchange_channel}}",
                )
            ],
        ),
        graph(
            "Messages received",
            "Frames per second.",
            "cps",
            [
                Query(
                    _q.rate(exchange.WS_MESSAGES, _EXCHANGE, {exchange.WS_DIRECTION: "received"}),
                    "{{exchange_name}}",
                )
            ],
        ),
        graph(
            "Messages not yet taken",
            "Frames that wait for the application. Growing means that it is slower than the exchange.",
            "short",
            [Query(_q.latest(exchange.WS_BACKLOG, _EXCHANGE, how="sum"), "{{exchange_name}}")],
        ),
        graph(
            "Feeds reported by hand",
            "Time since the last message of feeds whose client botobs does not know.",
            "s",
            [Query(silence, "{{exchange_name}} {{botobs_feed_channel}}")],
            limits=recorded.FEED_SILENCE,
        ),
    ]


def _connections() -> list[Sized]:
    return [
        graph(
            "Connections by state",
            "`closed` are those that were lost and not opened again.",
            "short",
            [
                Query(
                    _q.latest(exchange.WS_CONNECTIONS, (exchange.NAME, exchange.WS_STATE), how="sum"),
                    "{{exchange_name}} {{exchange_ws_state}}",
                )
            ],
        ),
        graph(
            "Disconnects by reason",
            "Ends of connections that had been open. `user` is our own doing.",
            "short",
            [
                Query(
                    _q.events(exchange.WS_DISCONNECTS, (exchange.NAME, exchange.WS_CLOSE_REASON)),
                    "{{exchange_name}} {{exchange_ws_close_reason}}",
                )
            ],
            bars=True,
        ),
        graph(
            "Reconnects",
            "Connections that were opened again. Exchanges close each once a day.",
            "short",
            [Query(_q.events(exchange.WS_RECONNECTS, _EXCHANGE), "{{exchange_name}}")],
            bars=True,
        ),
        latency(
            "Time to connect",
            "The 95th percentile, from the start of an attempt to its end.",
            _q,
            exchange.WS_CONNECT_DURATION,
            exemplars=False,
            by=_EXCHANGE,
            legend="{{exchange_name}}",
        ),
        graph(
            "Ping to pong",
            "The 95th percentile. A consumer that lags shows here too: the pong queues behind data.",
            "s",
            [Query(_q.quantile(0.95, exchange.WS_HEARTBEAT_RTT, _EXCHANGE), "{{exchange_name}}")],
        ),
        graph(
            "Errors of streams",
            "What streams handed to those who await them, and exceptions that left a message handler.",
            "short",
            [
                Query(
                    _q.events(exchange.WS_REJECTIONS, (exchange.NAME, exchange.ERROR_TYPE)),
                    "{{exchange_name}} {{error_type}}",
                ),
                Query(
                    _q.events(exchange.WS_HANDLER_ERRORS, (exchange.NAME, exchange.ERROR_TYPE)),
                    "handler {{exchange_name}} {{error_type}}",
                ),
            ],
            bars=True,
        ),
    ]


def _ban() -> list[Sized]:
    scope = (exchange.NAME, exchange.RATELIMIT_SCOPE, exchange.RATELIMIT_PER, exchange.ACCOUNT)
    return [
        graph(
            "Part of each limit that is used",
            "As the exchange tells it. Who shares an address or account shares its limit: the highest process counts.",
            "percentunit",
            [
                Query(
                    _q.latest(exchange.RATELIMIT_UTILIZATION, scope),
                    "{{exchange_name}} {{exchange_ratelimit_scope}} {{exchange_ratelimit_per}} {{exchange_account}}",
                )
            ],
            limits={"warning": recorded.RATE_LIMIT_WARNING, "critical": recorded.RATE_LIMIT_CRITICAL},
            highest=1,
        ),
        graph(
            "Who spends the limits",
            "Requests per second of all processes, by service, API key (a keyed hash) and operation.",
            "reqps",
            [
                Query(
                    _q.select(recorded.RATE_LIMIT_SPENT),
                    "{{exchange_name}} {{service_name}} {{exchange_account}} {{exchange_operation}}",
                )
            ],
        ),
        number(
            "Ban ends in",
            "Time until the exchange accepts requests again; zero without a ban.",
            "s",
            or_zero(_q.latest(exchange.RATELIMIT_BAN)),
            bad=1,
        ),
        number(
            "Refused for their rate",
            "Requests within the time range that were answered with 429, 418 or a ban.",
            "short",
            or_zero(_q.total(exchange.RATELIMIT_REJECTIONS)),
            bad=1,
        ),
        graph(
            "Refused for their rate, by answer",
            "By the answer's status and category.",
            "short",
            [
                Query(
                    _q.events(exchange.RATELIMIT_REJECTIONS, (exchange.NAME, exchange.HTTP_STATUS)),
                    "{{exchange_name}} {{http_response_status_code}}",
                )
            ],
            bars=True,
        ),
        graph(
            "Rate of requests",
            "HTTP requests per second, retries and side requests of the client included.",
            "reqps",
            [Query(_q.rate(exchange.REQUEST_DURATION, _EXCHANGE), "{{exchange_name}}")],
            limits=recorded.EXCHANGE_REQUEST_RATE,
        ),
        graph(
            "Clock offset that is certain",
            "How far our clock is off at least. Exchanges refuse requests whose time is too far from theirs.",
            "s",
            [Query(f"clamp_min({_q.select(recorded.CLOCK_OFFSET)}, 0)", "{{exchange_name}}")],
            limits=recorded.CLOCK_WARNING,
        ),
    ]


def _time() -> list[Sized]:
    return [
        latency(
            "Calls",
            "As the application sees them: rate limiter, network, exchange and retries. Points are exemplars: a click "
            "opens the trace.",
            _q,
            exchange.OPERATION_DURATION,
            by=(exchange.NAME, exchange.OPERATION),
            legend="{{exchange_name}} {{exchange_operation}}",
        ),
        latency(
            "Requests",
            "The network and the exchange alone, the 95th percentile.",
            _q,
            exchange.REQUEST_DURATION,
            by=_EXCHANGE,
            legend="{{exchange_name}}",
            limits=recorded.EXCHANGE_SLOW,
        ),
        latency(
            "Wait in the client's rate limiter",
            "The 95th percentile. High without orders that wait for it: the client is configured too cautiously.",
            _q,
            exchange.THROTTLE_WAITED,
            by=_EXCHANGE,
            legend="{{exchange_name}}",
            limits=recorded.THROTTLE_WAIT,
        ),
        graph(
            "Calls by operation",
            "Calls per second.",
            "ops",
            [
                Query(
                    _q.rate(exchange.OPERATION_DURATION, (exchange.NAME, exchange.OPERATION)),
                    "{{exchange_name}} {{exchange_operation}}",
                )
            ],
            stack=True,
        ),
        graph(
            "Errors by category",
            "Calls that raised. `funds`, `order` and `symbol` are answers to what was asked; the others are trouble.",
            "short",
            [
                Query(
                    _q.events(exchange.ERRORS, (exchange.NAME, exchange.ERROR_CATEGORY)),
                    "{{exchange_name}} {{exchange_error_category}}",
                )
            ],
            bars=True,
        ),
        graph(
            "Requests without an answer, and in the rate limiter",
            "What is under way, and what waits in the client's own rate limiter.",
            "short",
            [
                Query(
                    _q.latest(exchange.REQUESTS_ACTIVE, _EXCHANGE, how="sum"), "{{exchange_name}} under way"
                ),
                Query(
                    _q.latest(exchange.THROTTLE_QUEUE, _EXCHANGE, how="sum"),
                    "{{exchange_name}} in the rate limiter",
                ),
            ],
        ),
    ]


def _book() -> list[Sized]:
    checks = (exchange.NAME, exchange.INTEGRITY_CHECK)
    active = {exchange.INTEGRITY_STATE: "active"}
    return [
        graph(
            "Checks that watch the book",
            "1 where a check works. Without it a zero in the other panels says nothing.",
            "short",
            [
                Query(
                    _q.latest(exchange.INTEGRITY, checks, active),
                    "{{exchange_name}} {{exchange_integrity_check}}",
                )
            ],
            highest=1,
        ),
        graph(
            "Missing messages",
            "Messages that were missing between two that came, by their sequence numbers.",
            "short",
            [Query(_q.events(exchange.SEQUENCE_GAPS, _EXCHANGE), "{{exchange_name}}")],
            bars=True,
        ),
        graph(
            "Books thrown away",
            "Books that were wrong and fetched anew, by reason. One now and then is how gaps heal.",
            "short",
            [
                Query(
                    _q.events(exchange.RESYNCS, (exchange.NAME, exchange.RESYNC_REASON)),
                    "{{exchange_name}} {{exchange_orderbook_resync_reason}}",
                )
            ],
            bars=True,
        ),
        graph(
            "How long the book is crossed",
            "The best bid above the best ask: for a moment normal, for seconds a wrong book.",
            "s",
            [Query(_q.latest(exchange.CROSSED_DURATION, _EXCHANGE), "{{exchange_name}}")],
            limits=recorded.BOOK_CROSSED,
        ),
        graph(
            "Frozen and one-sided books",
            "Books whose timestamp stands still while updates come, and books without a bid or without an ask.",
            "short",
            [
                Query(_q.latest(exchange.FROZEN, _EXCHANGE, how="sum"), "{{exchange_name}} frozen"),
                Query(_q.latest(exchange.EMPTY_SIDE, _EXCHANGE, how="sum"), "{{exchange_name}} one-sided"),
            ],
        ),
        graph(
            "Messages whose sequence was checked",
            "Per second. Zero while data comes: the gaps above are not looked for.",
            "ops",
            [Query(_q.rate(exchange.SEQUENCE_CHECKED, _EXCHANGE), "{{exchange_name}}")],
        ),
    ]
