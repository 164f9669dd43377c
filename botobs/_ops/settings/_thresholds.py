"""Settings of the numbers that rules compare with; their reasons stand in `prometheus/rules/thresholds.yml`."""

from __future__ import annotations

from .kinds import BYTES, POSITIVE, RATIO, integer
from .kinds import number as _number
from .setting import rows

_AT_LEAST_1 = _number(1)
_COUNT = integer(0)

THRESHOLDS = rows(
    ("THRESHOLD_BURN_PAGE_FAST", POSITIVE, "14.4", "burn rate that pages, over an hour"),
    ("THRESHOLD_BURN_PAGE_SLOW", POSITIVE, "6", "burn rate that pages, over six hours"),
    ("THRESHOLD_BURN_TICKET_FAST", POSITIVE, "3", "burn rate that makes a ticket, over a day"),
    ("THRESHOLD_BURN_TICKET_SLOW", POSITIVE, "1", "burn rate that makes a ticket, over three days"),
    ("THRESHOLD_SLO_FAILURES", _COUNT, "10", "failures below which a burn rate is not looked at"),
    ("THRESHOLD_ERROR_RATIO", RATIO, "0.05", "part of a service's incoming spans that fail"),
    ("THRESHOLD_ERROR_RATE", POSITIVE, "0.05", "failed spans per second below which the ratio is not looked at"),
    ("THRESHOLD_LATENCY_SECONDS", POSITIVE, "1", "95th percentile of incoming spans"),
    ("THRESHOLD_HEARTBEAT_AGE_SECONDS", POSITIVE, "45", "age of a service's heartbeat"),
    ("THRESHOLD_CRASHES", _COUNT, "3", "processes of a service that died within `BOTOBS_CRASH_WINDOW`"),
    ("THRESHOLD_EVENT_LOOP_LAG_SECONDS", POSITIVE, "0.25", "99th percentile of an event loop's lag"),
    ("THRESHOLD_MEMORY_GROWTH_RATIO", _AT_LEAST_1, "1.5", "memory now, by memory an hour ago"),
    ("THRESHOLD_MEMORY_GROWTH_BYTES", BYTES, "67108864", "growth that is too small to matter"),
    ("THRESHOLD_BOT_FAILED_RATIO", RATIO, "0.5", "part of the last two minutes that a bot was failed"),
    ("THRESHOLD_BOT_STUCK_SECONDS", POSITIVE, "120", "time in `starting` or `stopping`"),
    ("THRESHOLD_BOT_MISSED_TURNS", _COUNT, "3", "turns that a bot may miss"),
    ("THRESHOLD_BOT_HEARTBEAT_SLACK_SECONDS", POSITIVE, "45", "time on top of the missed turns"),
    ("THRESHOLD_BOT_RESTARTS", _COUNT, "5", "restarts of a bot within `BOTOBS_RESTART_WINDOW`"),
    ("THRESHOLD_POSITION_DRIFT_RATIO", RATIO, "0.01", "part by which a position may differ from what was reported"),
    ("THRESHOLD_ORDER_REJECT_RATIO", RATIO, "0.2", "part of the submitted orders that exchanges reject"),
    ("THRESHOLD_ORDER_REJECT_BURST", POSITIVE, "5", "orders rejected within ten seconds"),
    ("THRESHOLD_ORDER_REJECT_RATE", POSITIVE, "0.05", "rejected orders a second below which the ratio does not count"),
    ("THRESHOLD_ORDER_ACK_SECONDS", POSITIVE, "1", "95th percentile from decision to acknowledgement"),
    ("THRESHOLD_ORDER_IN_FLIGHT_SECONDS", POSITIVE, "30", "age of an order without a response"),
    ("THRESHOLD_DB_CONNECTIONS_RATIO", RATIO, "0.8", "part of `max_connections` in use"),
    ("THRESHOLD_POOL_USED_RATIO", RATIO, "0.9", "part of a pool in use while callers wait"),
    ("THRESHOLD_POOL_WAIT_SECONDS", POSITIVE, "0.25", "95th percentile of the wait for a connection"),
    ("THRESHOLD_QUERY_SECONDS", POSITIVE, "0.25", "95th percentile of a statement"),
    ("THRESHOLD_CACHE_HIT_RATIO", RATIO, "0.9", "part of block reads that the buffer cache serves"),
    ("THRESHOLD_CACHE_READS_RATE", POSITIVE, "100", "block reads per second below which the ratio is not looked at"),
    ("THRESHOLD_DB_IO_SECONDS_RATE", POSITIVE, "0.5", "seconds per second that backends wait for blocks"),
    ("THRESHOLD_LOCK_WAIT_SECONDS", POSITIVE, "5", "how long a statement has waited for a lock"),
    ("THRESHOLD_TRANSACTION_SECONDS", POSITIVE, "300", "age of the oldest transaction"),
    ("THRESHOLD_RECONNECTS", _COUNT, "10", "connections opened again within `BOTOBS_RECONNECT_WINDOW`"),
    ("THRESHOLD_EXCHANGE_ERROR_RATIO", RATIO, "0.05", "part of calls that the network or the exchange fails"),
    ("THRESHOLD_EXCHANGE_ERROR_RATE", POSITIVE, "0.05", "failed calls per second below which the ratio does not count"),
    ("THRESHOLD_EXCHANGE_LATENCY_SECONDS", POSITIVE, "1", "95th percentile of a request to an exchange"),
    ("THRESHOLD_EXCHANGE_REQUEST_RATE", POSITIVE, "50", "requests per second to one exchange"),
    ("THRESHOLD_RATE_LIMIT_WARNING_RATIO", RATIO, "0.75", "part of a rate limit that is used: warning"),
    ("THRESHOLD_RATE_LIMIT_CRITICAL_RATIO", RATIO, "0.92", "the same: critical"),
    ("THRESHOLD_THROTTLE_WAIT_SECONDS", POSITIVE, "1", "95th percentile of the wait in a client's own rate limiter"),
    ("THRESHOLD_CLOCK_OFFSET_WARNING_SECONDS", POSITIVE, "0.5", "how far our clock is off: warning"),
    ("THRESHOLD_CLOCK_OFFSET_CRITICAL_SECONDS", POSITIVE, "0.9", "the same: critical"),
    ("THRESHOLD_LISTEN_KEY_AGE_SECONDS", POSITIVE, "2700", "how long a listen key is not renewed"),
    ("THRESHOLD_BOOK_RESYNCS", _COUNT, "3", "order books thrown away within `BOTOBS_RESYNC_WINDOW`"),
    ("THRESHOLD_BOOK_CROSSED_SECONDS", POSITIVE, "5", "how long an order book is crossed"),
    ("THRESHOLD_FEED_SILENCE_SECONDS", POSITIVE, "60", "silence of a feed that is reported by hand"),
    ("THRESHOLD_QUEUE_WARNING_RATIO", RATIO, "0.5", "part of a queue of the collector that is filled: warning"),
    ("THRESHOLD_QUEUE_CRITICAL_RATIO", RATIO, "0.8", "the same: critical"),
    ("THRESHOLD_DISK_WARNING_RATIO", RATIO, "0.8", "part of a file system that is used: warning"),
    ("THRESHOLD_DISK_CRITICAL_RATIO", RATIO, "0.92", "the same: critical"),
    ("THRESHOLD_HOST_LOAD_RATIO", POSITIVE, "4", "tasks that run or wait for each CPU of a host"),
    ("THRESHOLD_CERTIFICATE_WARNING_SECONDS", POSITIVE, "1209600", "time left on the stack's certificate: warning"),
    ("THRESHOLD_CERTIFICATE_CRITICAL_SECONDS", POSITIVE, "259200", "the same: critical"),
)  # fmt: skip
