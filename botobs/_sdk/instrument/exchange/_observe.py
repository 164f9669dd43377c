"""Observable instruments: numbers of all exchanges, added up or compared per set of attributes at collection."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from ....semconv import Metric, exchange_state
from ....semconv import exchange as semconv
from ...patching.guard import report
from . import integrity
from .clock import ClockOffset
from .orders import OrderTracker
from .ratelimit import Limit
from .registry import Counted, Registry
from .standing import Standing
from .state import Connection, Stream

_WHO = (semconv.NAME, semconv.CLIENT)
_CONNECTION = (*_WHO, semconv.SERVER_ADDRESS)

#: One number and the values of the attributes that it belongs to.
Sample = tuple[tuple[str, ...], float]


class Observed(NamedTuple):
    """An observable instrument.

    Attributes:
        metric: Its name, unit and description.
        attributes: The names of its attributes, in the order of each sample's values.
        reduce: Makes one number of two samples with the same attributes.
        read: The samples of the moment.
    """

    metric: Metric
    attributes: tuple[str, ...]
    reduce: Callable[[float, float], float]
    read: Callable[[], Iterable[Sample]]

    def observe(self, _: CallbackOptions) -> Iterable[Observation]:
        """One observation for each set of attributes; an attribute without a value is left out."""
        grouped: dict[tuple[str, ...], float] = {}
        try:
            for key, value in self.read():
                if math.isfinite(value):
                    grouped[key] = self.reduce(grouped[key], value) if key in grouped else value
        except Exception as error:
            report("exchange", error)
        return [
            Observation(value, {name: part for name, part in zip(self.attributes, key, strict=True) if part})
            for key, value in grouped.items()
        ]


def create(exchanges: Registry, orders: OrderTracker, meter: Meter) -> None:
    """Create the observable instruments on `meter`."""
    about = (_streams, _connections, _books, _limits, _bans, _clocks, _clients, _standing)
    instruments = [each for make in about for each in make(exchanges)]
    for each in (*instruments, *_orders(orders)):
        each.metric.create(meter, [each.observe])


def _add(left: float, right: float) -> float:
    return left + right


def _connections(exchanges: Registry) -> list[Observed]:
    def counted(get: Callable[[Connection | Counted], int], direction: str) -> Iterator[Sample]:
        for key, kept in list(exchanges.retired.items()):
            yield (*key, direction), get(kept)
        for connection in exchanges.live_connections():
            yield (*connection.key, direction), get(connection)

    def messages() -> Iterator[Sample]:
        yield from counted(lambda c: c.messages, "received")
        yield from counted(lambda c: c.sent, "sent")

    def states() -> Iterator[Sample]:
        for connection in exchanges.live_connections():
            for state in ("connecting", "open", "closed"):
                yield (*connection.key, state), int(connection.state == state)

    def opened(value: Callable[[Connection], float | None]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            for connection in exchanges.live_connections():
                measured = value(connection) if connection.state == "open" else None
                if measured is not None:
                    yield connection.key, measured

        return read

    directed = (*_CONNECTION, semconv.WS_DIRECTION)
    return [
        Observed(semconv.WS_MESSAGES, directed, _add, messages),
        Observed(semconv.WS_BYTES, directed, _add, lambda: counted(lambda c: c.bytes, "received")),
        Observed(semconv.WS_CONNECTIONS, (*_CONNECTION, semconv.WS_STATE), _add, states),
        Observed(semconv.WS_UPTIME, _CONNECTION, min, opened(lambda c: time.monotonic() - c.opened_at)),
        Observed(semconv.WS_LAST_MESSAGE_AGE, _CONNECTION, max, opened(_last_message_age)),
        Observed(semconv.WS_BACKLOG, _CONNECTION, _add, opened(lambda c: c.backlog() if c.backlog else None)),
        Observed(semconv.WS_AWAITING, _CONNECTION, _add, opened(lambda c: _size(c, "futures"))),
        Observed(semconv.WS_AWAITING_AGE, _CONNECTION, max, opened(_awaiting_age)),
        Observed(semconv.WS_SUBSCRIPTIONS, _CONNECTION, _add, opened(lambda c: _size(c, "subscriptions"))),
    ]


def _last_message_age(connection: Connection) -> float:
    return time.monotonic() - max(connection.last, connection.opened_at)


def _size(connection: Connection, attribute: str) -> int | None:
    client = connection.client() if connection.client is not None else None
    held = getattr(client, attribute, None)
    return len(held) if held is not None else None


def _awaiting_age(connection: Connection) -> float | None:
    """Age of the oldest future, from the collection that saw it first."""
    client = connection.client() if connection.client is not None else None
    futures = getattr(client, "futures", None)
    if futures is None:
        return None
    now = time.monotonic()
    before = connection.awaited
    connection.awaited = {}
    for key, future in list(futures.items()):
        known = before.get(key)
        # Not compared by `id`: the next future of a stream often takes the place of the last one in memory.
        since = known[1] if known is not None and known[0]() is future else now
        connection.awaited[key] = (weakref.ref(future), since)
    return max((now - since for _, since in connection.awaited.values()), default=0.0)


def _streams(exchanges: Registry) -> list[Observed]:
    def each(value: Callable[[Stream, float], float]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            now = time.monotonic()
            for connection in exchanges.live_connections():
                if connection.state in ("open", "closed"):
                    for stream in connection.live_streams():
                        # Whether something holds is counted: OTLP takes no booleans.
                        yield (*connection.key, stream.channel, stream.symbol), +value(stream, now)

        return read

    names = (*_CONNECTION, semconv.CHANNEL, semconv.SYMBOL)
    return [
        Observed(semconv.WS_STREAM_AGE, names, max, each(_age)),
        Observed(semconv.WS_STREAMS, names, _add, each(_one)),
        Observed(semconv.WS_STREAMS_SILENT, names, _add, each(Stream.is_silent)),
    ]


def _books(exchanges: Registry) -> list[Observed]:
    def each(channel: str, value: Callable[[Stream, float], float]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            now = time.monotonic()
            for connection in exchanges.live_connections():
                for stream in connection.live_streams():
                    if stream.channel == channel:
                        yield connection.key[:2], +value(stream, now)

        return read

    def counted(get: Callable[[Connection | Counted], int]) -> Iterator[Sample]:
        for key, kept in list(exchanges.retired.items()):
            yield key[:2], get(kept)
        for connection in exchanges.live_connections():
            yield connection.key[:2], get(connection)

    def checks() -> Iterator[Sample]:
        for name, client in {connection.key[:2] for connection in exchanges.live_connections()}:
            for check, active in integrity.checks(name, client).items():
                yield (name, client, check, "active"), int(active)
                yield (name, client, check, "unsupported"), int(not active)

    checked = (*_WHO, semconv.INTEGRITY_CHECK, semconv.INTEGRITY_STATE)
    return [
        Observed(semconv.CROSSED, _WHO, _add, each("orderbook", _is_crossed)),
        Observed(semconv.CROSSED_DURATION, _WHO, max, each("orderbook", _crossed_for)),
        Observed(semconv.EMPTY_SIDE, _WHO, _add, each("orderbook", _is_empty)),
        Observed(semconv.FROZEN, _WHO, _add, each("orderbook", Stream.is_frozen)),
        Observed(semconv.OHLCV_AGE, _WHO, max, each("ohlcv", _candle_age)),
        Observed(semconv.SEQUENCE_CHECKED, _WHO, _add, lambda: counted(lambda c: c.checks)),
        Observed(semconv.SEQUENCE_GAPS, _WHO, _add, lambda: counted(lambda c: c.gaps)),
        Observed(semconv.INTEGRITY, checked, max, checks),
    ]


def _age(stream: Stream, now: float) -> float:
    return now - stream.last


def _one(*_: Any) -> int:
    return 1


def _is_crossed(stream: Stream, _: float) -> bool:
    return stream.crossed_since > 0


def _is_empty(stream: Stream, _: float) -> bool:
    return stream.empty


def _candle_age(stream: Stream, _: float) -> float:
    return max(0.0, time.time() - stream.candle_end) if stream.candle_end else math.nan


def _crossed_for(stream: Stream, now: float) -> float:
    return now - stream.crossed_since if stream.crossed_since else 0.0


def _limits(exchanges: Registry) -> list[Observed]:
    def each(value: Callable[[Limit], float | None]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            now = time.time()
            for exchange in list(exchanges.by_name.values()):
                for scope, limit in list(exchange.limits.scopes.items()):
                    measured = value(limit) if limit.is_current(now) else None
                    if measured is not None:
                        yield (exchange.name, scope.name, scope.per, scope.account), measured

        return read

    def stated() -> Iterator[Sample]:
        """A limit stands longer than what is used of it."""
        for exchange in list(exchanges.by_name.values()):
            for scope, limit in list(exchange.limits.scopes.items()):
                if limit.limit is not None:
                    yield (exchange.name, scope.name, scope.per, scope.account), limit.limit

    names = (semconv.NAME, semconv.RATELIMIT_SCOPE, semconv.RATELIMIT_PER, semconv.ACCOUNT)
    return [
        Observed(semconv.RATELIMIT_USED, names, max, each(lambda limit: limit.used)),
        Observed(semconv.RATELIMIT_LIMIT, names, max, stated),
        Observed(semconv.RATELIMIT_REMAINING, names, min, each(lambda limit: limit.remaining)),
        Observed(semconv.RATELIMIT_UTILIZATION, names, max, each(lambda limit: limit.utilization)),
        Observed(semconv.RATELIMIT_RESET, names, max, each(_until_reset)),
        Observed(semconv.RATELIMIT_AGE, names, min, each(lambda limit: time.time() - limit.stated_at)),
        Observed(
            semconv.RATELIMIT_EXHAUSTION, names, min, each(lambda limit: limit.exhausted_in(time.time()))
        ),
    ]


def _until_reset(limit: Limit) -> float | None:
    return None if limit.reset_at is None else max(0.0, limit.reset_at - time.time())


def _bans(exchanges: Registry) -> list[Observed]:
    def bans() -> Iterator[Sample]:
        for exchange in list(exchanges.by_name.values()):
            if exchange.limits.seen:
                yield (exchange.name,), max(0.0, exchange.limits.banned_until - time.time())

    return [Observed(semconv.RATELIMIT_BAN, (semconv.NAME,), max, bans)]


def _clocks(exchanges: Registry) -> list[Observed]:
    def each(value: Callable[[ClockOffset], float]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            for exchange in list(exchanges.by_name.values()):
                if exchange.clock.known:
                    yield (exchange.name,), value(exchange.clock)

        return read

    name = (semconv.NAME,)
    return [
        Observed(semconv.CLOCK_OFFSET, name, max, each(lambda clock: clock.offset)),
        Observed(semconv.CLOCK_UNCERTAINTY, name, max, each(lambda clock: clock.uncertainty)),
    ]


def _clients(exchanges: Registry) -> list[Observed]:
    def queues() -> Iterator[Sample]:
        for reference, name, client in list(exchanges.clients.values()):
            instance = reference()
            limiter = getattr(instance, "throttler", None) or getattr(instance, "throttle", None)
            queue = getattr(limiter, "queue", None)
            if queue is not None:
                yield (name, client), len(queue)

    def balances() -> Iterator[Sample]:
        now = time.monotonic()
        for exchange in list(exchanges.by_name.values()):
            for (client, source, _), moment in list(exchange.balances.items()):
                yield (exchange.name, client, source), now - moment

    return [
        Observed(semconv.THROTTLE_QUEUE, _WHO, _add, queues),
        Observed(semconv.BALANCE_AGE, (*_WHO, semconv.BALANCE_SOURCE), max, balances),
    ]


def _orders(orders: OrderTracker) -> list[Observed]:
    def rejected() -> Iterator[Sample]:
        for name, count in orders.rejections.bursts():
            yield (name,), count

    return [
        Observed(semconv.ORDERS_IN_FLIGHT, _WHO, _add, orders.in_flight),
        Observed(semconv.ORDERS_OLDEST_AGE, _WHO, max, orders.ages_in_flight),
        Observed(semconv.ORDERS_REJECTED_BURST, (semconv.NAME,), max, rejected),
    ]


def _standing(exchanges: Registry) -> list[Observed]:
    def each(value: Callable[[Standing], float | None]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            for exchange in list(exchanges.by_name.values()):
                measured = value(exchange.standing)
                if measured is not None:
                    yield (exchange.name,), measured

        return read

    def refused() -> Iterator[Sample]:
        for exchange in list(exchanges.by_name.values()):
            for refused in exchange.standing.refused_keys():
                yield (exchange.name, *refused), 1

    def losses() -> Iterator[Sample]:
        for exchange in list(exchanges.by_name.values()):
            for reason, count in exchange.standing.listen_key_losses():
                yield (exchange.name, reason), count

    name = (semconv.NAME,)
    keys = (*_WHO, semconv.ACCOUNT, exchange_state.KEY_REASON)
    return [
        Observed(
            exchange_state.MAINTENANCE, name, max, each(lambda s: +s.in_maintenance() if s.known else None)
        ),
        Observed(exchange_state.MARKETS_SUSPENDED, name, max, each(Standing.suspended)),
        Observed(exchange_state.LISTEN_KEY_AGE, name, max, each(Standing.listen_key_age)),
        Observed(exchange_state.LISTEN_KEY_LOSSES, (*name, exchange_state.LISTEN_KEY_REASON), _add, losses),
        Observed(exchange_state.KEY_REFUSED, keys, _add, refused),
    ]
