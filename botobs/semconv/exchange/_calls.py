"""Calls of exchanges: requests, errors, limits, the clock, balances."""

from __future__ import annotations

from .._model import Metric
from ._attributes import (
    ACCOUNT,
    API,
    BALANCE_SOURCE,
    CHANNEL,
    CLIENT,
    ERROR_CATEGORY,
    ERROR_TYPE,
    HTTP_METHOD,
    HTTP_STATUS,
    NAME,
    OPERATION,
    RATELIMIT_PER,
    RATELIMIT_SCOPE,
)

_WHO = (NAME, CLIENT)
#: The account only where the limit is not the address'.
_LIMIT = (NAME, RATELIMIT_SCOPE, RATELIMIT_PER, ACCOUNT)

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

BALANCE_AGE = Metric(
    "exchange.balance.age",
    "observable_gauge",
    "s",
    "Time since the exchange last sent a balance.",
    (*_WHO, BALANCE_SOURCE),
)
