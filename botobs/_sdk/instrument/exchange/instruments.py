"""The instruments and the tracer that the exchange instrumentations record with."""

from __future__ import annotations

from opentelemetry.metrics import Meter
from opentelemetry.trace import Tracer

from ....semconv import exchange as semconv


class Instruments:
    """Those that are recorded to when something happens; `_observe` has those that are read at each collection."""

    def __init__(self, meter: Meter, tracer: Tracer) -> None:
        self.tracer = tracer
        self.operation_duration = semconv.OPERATION_DURATION.create(meter)
        self.request_duration = semconv.REQUEST_DURATION.create(meter)
        self.requests_active = semconv.REQUESTS_ACTIVE.create(meter)
        self.retries = semconv.RETRIES.create(meter)
        self.errors = semconv.ERRORS.create(meter)
        self.throttle_wait = semconv.THROTTLE_WAITED.create(meter)
        self.throttle_cost = semconv.THROTTLE_COST.create(meter)
        self.rejections = semconv.RATELIMIT_REJECTIONS.create(meter)
        self.spent = semconv.RATELIMIT_SPENT.create(meter)
        self.negative_age = semconv.CLOCK_NEGATIVE_AGE.create(meter)
        self.connect_duration = semconv.WS_CONNECT_DURATION.create(meter)
        self.disconnects = semconv.WS_DISCONNECTS.create(meter)
        self.reconnects = semconv.WS_RECONNECTS.create(meter)
        self.message_age = semconv.WS_MESSAGE_AGE.create(meter)
        self.heartbeat_rtt = semconv.WS_HEARTBEAT_RTT.create(meter)
        self.heartbeat_misses = semconv.WS_HEARTBEAT_MISSES.create(meter)
        self.handler_duration = semconv.WS_HANDLER_DURATION.create(meter)
        self.handler_errors = semconv.WS_HANDLER_ERRORS.create(meter)
        self.stream_rejections = semconv.WS_REJECTIONS.create(meter)
        self.resyncs = semconv.RESYNCS.create(meter)
