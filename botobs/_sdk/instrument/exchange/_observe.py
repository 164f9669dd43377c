"""Observable instruments: numbers of all exchanges, added up or compared per set of attributes at collection."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from ....semconv import Metric, exchange_state
from ....semconv import exchange as semconv
from ...patching.guard import report
from . import integrity
from .standing import Standing
from .state import Connection, Stream

if TYPE_CHECKING:
    from .telemetry import ExchangeTelemetry

_WHO = (semconv.NAME, semconv.CLIENT)
_CONNECTION = (*_WHO, semconv.SERVER_ADDRESS)

#: One number and the values of the attributes that it belongs to.
Sample = tuple[tuple[str, ...], float]


def create(exchanges: ExchangeTelemetry, meter: Meter) -> None:
    """Create the observable instruments on `meter`."""
    for make in (_streams, _connections, _books, _limits, _accounts, _standing):
        for metric, names, reduce, read in make(exchanges):
            metric.create(meter, [_callback(names, reduce, read)])


Row = tuple[Metric, tuple[str, ...], Callable[[float, float], float], Callable[[], Iterable[Sample]]]


def _callback(
    names: tuple[str, ...], reduce: Callable[[float, float], float], read: Callable[[], Iterable[Sample]]
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def observe(_: CallbackOptions) -> Iterable[Observation]:
        grouped: dict[tuple[str, ...], float] = {}
        try:
            for key, value in read():
                if math.isfinite(value):
                    grouped[key] = reduce(grouped[key], value) if key in grouped else value
        except Exception as error:
            report("exchange", error)
        return [
            Observation(value, {name: part for name, part in zip(names, key, strict=True) if part})
            for key, value in grouped.items()
        ]

    return observe


def _add(left: float, right: float) -> float:
    return left + right


def _connections(exchanges: ExchangeTelemetry) -> list[Row]:
    def counted(index: int, get: Callable[[Connection], int], direction: str) -> Iterator[Sample]:
        for key, kept in list(exchanges.retired.items()):
            yield (*key, direction), kept[index]
        for connection in exchanges.live_connections():
            yield (*connection.key, direction), get(connection)

    def messages() -> Iterator[Sample]:
        yield from counted(0, lambda c: c.messages, "received")
        yield from counted(2, lambda c: c.sent, "sent")

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
        (semconv.WS_MESSAGES, directed, _add, messages),
        (semconv.WS_BYTES, directed, _add, lambda: counted(1, lambda c: c.bytes, "received")),
        (semconv.WS_CONNECTIONS, (*_CONNECTION, semconv.WS_STATE), _add, states),
        (semconv.WS_UPTIME, _CONNECTION, min, opened(lambda c: time.monotonic() - c.opened_at)),
        (semconv.WS_LAST_MESSAGE_AGE, _CONNECTION, max, opened(_last_message_age)),
        (semconv.WS_BACKLOG, _CONNECTION, _add, opened(lambda c: c.backlog() if c.backlog else None)),
        (semconv.WS_AWAITING, _CONNECTION, _add, opened(lambda c: _size(c, "futures"))),
        (semconv.WS_AWAITING_AGE, _CONNECTION, max, opened(_awaiting_age)),
        (semconv.WS_SUBSCRIPTIONS, _CONNECTION, _add, opened(lambda c: _size(c, "subscriptions"))),
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


def _streams(exchanges: ExchangeTelemetry) -> list[Row]:
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
        (semconv.WS_STREAM_AGE, names, max, each(_age)),
        (semconv.WS_STREAMS, names, _add, each(_one)),
        (semconv.WS_STREAMS_SILENT, names, _add, each(Stream.is_silent)),
    ]


def _books(exchanges: ExchangeTelemetry) -> list[Row]:
    def each(channel: str, value: Callable[[Stream, float], float]) -> Callable[[], Iterator[Sample]]:
        def read() -> Iterator[Sample]:
            now = time.monotonic()
            for connection in exchanges.live_connections():
                for stream in connection.live_streams():
                    if stream.channel == channel:
                        yield connection.key[:2], +value(stream, now)

        return read

    def counted(index: int, get: Callable[[Connection], int]) -> Iterator[Sample]:
        for key, kept in list(exchanges.retired.items()):
            yield key[:2], kept[index]
        for connection in exchanges.live_connections():
            yield connection.key[:2], get(connection)

    def checks() -> Iterator[Sample]:
        for name, client in {connection.key[:2] for connection in exchanges.live_connections()}:
            for check, active in integrity.checks(name, client).items():
                yield (name, client, check, "active"), int(active)
                yield (name, client, check, "unsupported"), int(not active)

    checked = (*_WHO, semconv.INTEGRITY_CHECK, semconv.INTEGRITY_STATE)
    return [
        (semconv.CROSSED, _WHO, _add, each("orderbook", _is_crossed)),
        (semconv.CROSSED_DURATION, _WHO, max, each("orderbook", _crossed_for)),
        (semconv.EMPTY_SIDE, _WHO, _add, each("orderbook", _is_empty)),
        (semconv.FROZEN, _WHO, _add, each("orderbook", Stream.is_frozen)),
        (semconv.OHLCV_AGE, _WHO, max, each("ohlcv", _candle_age)),
        (semconv.SEQUENCE_CHECKED, _WHO, _add, lambda: counted(3, lambda c: c.checks)),
        (semconv.SEQUENCE_GAPS, _WHO, _add, lambda: counted(4, lambda c: c.gaps)),
        (semconv.INTEGRITY, checked, max, checks),
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


def _limits(exchanges: ExchangeTelemetry) -> list[Row]:
    def each(value: Callable[[Any], float | None]) -> Callable[[], Iterator[Sample]]:
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

    def bans() -> Iterator[Sample]:
        for exchange in list(exchanges.by_name.values()):
            if exchange.limits.seen:
                yield (exchange.name,), max(0.0, exchange.limits.banned_until - time.time())

    def clocks(attribute: str) -> Iterator[Sample]:
        for exchange in list(exchanges.by_name.values()):
            if exchange.clock.known:
                yield (exchange.name,), getattr(exchange.clock, attribute)

    def until_reset(limit: Any) -> float | None:
        return None if limit.reset_at is None else max(0.0, limit.reset_at - time.time())

    names = (semconv.NAME, semconv.RATELIMIT_SCOPE, semconv.RATELIMIT_PER, semconv.ACCOUNT)
    return [
        (semconv.RATELIMIT_USED, names, max, each(lambda limit: limit.used)),
        (semconv.RATELIMIT_LIMIT, names, max, stated),
        (semconv.RATELIMIT_REMAINING, names, min, each(lambda limit: limit.remaining)),
        (semconv.RATELIMIT_UTILIZATION, names, max, each(lambda limit: limit.utilization)),
        (semconv.RATELIMIT_RESET, names, max, each(until_reset)),
        (semconv.RATELIMIT_AGE, names, min, each(lambda limit: time.time() - limit.stated_at)),
        (semconv.RATELIMIT_EXHAUSTION, names, min, each(lambda limit: limit.exhausted_in(time.time()))),
        (semconv.RATELIMIT_BAN, (semconv.NAME,), max, bans),
        (semconv.CLOCK_OFFSET, (semconv.NAME,), max, lambda: clocks("offset")),
        (semconv.CLOCK_UNCERTAINTY, (semconv.NAME,), max, lambda: clocks("uncertainty")),
    ]


def _accounts(exchanges: ExchangeTelemetry) -> list[Row]:
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

    def rejected() -> Iterator[Sample]:
        for name, count in exchanges.orders.rejections.bursts():
            yield (name,), count

    return [
        (semconv.THROTTLE_QUEUE, _WHO, _add, queues),
        (semconv.BALANCE_AGE, (*_WHO, semconv.BALANCE_SOURCE), max, balances),
        (semconv.ORDERS_IN_FLIGHT, _WHO, _add, lambda: exchanges.orders.in_flight()),
        (semconv.ORDERS_OLDEST_AGE, _WHO, max, lambda: exchanges.orders.ages_in_flight()),
        (semconv.ORDERS_REJECTED_BURST, (semconv.NAME,), max, rejected),
    ]


def _standing(exchanges: ExchangeTelemetry) -> list[Row]:
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
        (exchange_state.MAINTENANCE, name, max, each(lambda s: +s.in_maintenance() if s.told else None)),
        (exchange_state.MARKETS_SUSPENDED, name, max, each(Standing.suspended)),
        (exchange_state.LISTEN_KEY_AGE, name, max, each(Standing.listen_key_age)),
        (exchange_state.LISTEN_KEY_LOSSES, (*name, exchange_state.LISTEN_KEY_REASON), _add, losses),
        (exchange_state.KEY_REFUSED, keys, _add, refused),
    ]
