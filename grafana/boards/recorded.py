"""The series that `prometheus/rules/` records and dashboards share with the alerts; a test compares the two."""

from __future__ import annotations

from dataclasses import dataclass

from botobs.semconv import exchange, trading

from .exporters import SERVICE


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded series.

    Attributes:
        prometheus_name: Its name.
        carries: Attributes beside the environment that dashboards filter by.
    """

    prometheus_name: str
    carries: tuple[str, ...] = ()


_EXCHANGE = (exchange.NAME,)
_BOT = (exchange.NAME, trading.BOT_ID)

BOT_HEARTBEAT = Recorded("bot:heartbeat:timestamp_seconds", _BOT)
BOT_INTERVAL = Recorded("bot:heartbeat:interval_seconds", _BOT)
BOTS_BY_STATE = Recorded("exchange:bots_by_state:count", (exchange.NAME, trading.BOT_STATE))
BOTS_SILENT = Recorded("exchange:bots_silent:count", _EXCHANGE)
BOTS_RUNNING = Recorded("exchange:bots_running:count", _EXCHANGE)
ORDERS_SUBMITTED = Recorded("exchange:orders_submitted:rate", _EXCHANGE)
ORDERS_REJECTED = Recorded("exchange:orders_rejected:rate", _EXCHANGE)
ORDERS_UNSETTLED = Recorded("bot:orders_unsettled:count", (SERVICE, *_BOT))
ORDERS_OLDEST = Recorded("exchange:orders_in_flight:oldest_seconds", _EXCHANGE)
EXCHANGE_ERRORS = Recorded("exchange:errors:rate", _EXCHANGE)
EXCHANGE_CALLS = Recorded("exchange:calls:rate", _EXCHANGE)
EXCHANGE_REQUESTS = Recorded("exchange:requests:rate", _EXCHANGE)
EXCHANGE_LATENCY = Recorded("exchange:request_duration:p95_seconds", _EXCHANGE)
RATE_LIMIT = Recorded("exchange:ratelimit_utilization:max", _EXCHANGE)
RATE_LIMIT_SPENT = Recorded(
    "exchange:ratelimit_spent:rate", (exchange.NAME, SERVICE, exchange.ACCOUNT, exchange.OPERATION)
)
CLOCK_OFFSET = Recorded("exchange:clock_offset:certain_seconds", _EXCHANGE)
CONNECTIONS = Recorded("exchange:ws_connections:count", _EXCHANGE)
SERVICE_HEARTBEAT = Recorded("service:heartbeat:timestamp_seconds", (SERVICE,))
SERVICES_ALIVE = Recorded("service:instances_alive:count", (SERVICE,))
SERVICE_SPANS = Recorded("service:spans:rate", (SERVICE,))
SERVICE_LATENCY = Recorded("service:spans_duration:p95_seconds", (SERVICE,))
SLO_BURN = Recorded("service:slo_burn:ratio", (SERVICE,))
CERTIFICATE_EXPIRY = Recorded("botobs:certificate:expiry_timestamp_seconds")

BURN_PAGE_FAST = Recorded("botobs:threshold:burn_page_fast")
ERROR_RATIO = Recorded("botobs:threshold:error_ratio")
LATENCY = Recorded("botobs:threshold:latency_seconds")
HEARTBEAT_AGE = Recorded("botobs:threshold:heartbeat_age_seconds")
EVENT_LOOP_LAG = Recorded("botobs:threshold:event_loop_lag_seconds")
BOT_MISSED_TURNS = Recorded("botobs:threshold:bot_missed_turns")
BOT_HEARTBEAT_SLACK = Recorded("botobs:threshold:bot_heartbeat_slack_seconds")
BOT_RESTARTS = Recorded("botobs:threshold:bot_restarts")
ORDER_REJECT_RATIO = Recorded("botobs:threshold:order_reject_ratio")
ORDER_ACK = Recorded("botobs:threshold:order_ack_seconds")
ORDER_IN_FLIGHT = Recorded("botobs:threshold:order_in_flight_seconds")
POSITION_DRIFT = Recorded("botobs:threshold:position_drift_ratio")
DB_CONNECTIONS_RATIO = Recorded("botobs:threshold:db_connections_ratio")
POOL_USED_RATIO = Recorded("botobs:threshold:pool_used_ratio")
POOL_WAIT = Recorded("botobs:threshold:pool_wait_seconds")
QUERY = Recorded("botobs:threshold:query_seconds")
CACHE_HIT_RATIO = Recorded("botobs:threshold:cache_hit_ratio")
DB_IO = Recorded("botobs:threshold:db_io_seconds_rate")
LOCK_WAIT = Recorded("botobs:threshold:lock_wait_seconds")
TRANSACTION = Recorded("botobs:threshold:transaction_seconds")
EXCHANGE_SLOW = Recorded("botobs:threshold:exchange_latency_seconds")
EXCHANGE_REQUEST_RATE = Recorded("botobs:threshold:exchange_request_rate")
RATE_LIMIT_WARNING = Recorded("botobs:threshold:rate_limit_warning_ratio")
RATE_LIMIT_CRITICAL = Recorded("botobs:threshold:rate_limit_critical_ratio")
THROTTLE_WAIT = Recorded("botobs:threshold:throttle_wait_seconds")
CLOCK_WARNING = Recorded("botobs:threshold:clock_offset_warning_seconds")
BOOK_CROSSED = Recorded("botobs:threshold:book_crossed_seconds")
FEED_SILENCE = Recorded("botobs:threshold:feed_silence_seconds")
QUEUE_WARNING = Recorded("botobs:threshold:queue_warning_ratio")
DISK_WARNING = Recorded("botobs:threshold:disk_warning_ratio")

RECORDED: tuple[Recorded, ...] = tuple(
    value for value in list(vars().values()) if isinstance(value, Recorded)
)
