"""The stable `db.client.connection.*` metrics of connection pools, for every database library alike."""

from __future__ import annotations

import time
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation

from ....semconv import database as semconv
from ...engine.bound import bind
from ...patching.guard import never_raise
from ..base import Telemetry

#: Seconds from which on a wait is recorded on its span.
_WORTH_TELLING = 0.001


@dataclass(frozen=True, slots=True)
class Levels:
    """How full a pool is and how full it may get; `None` where the pool has no such figure.

    Attributes:
        used: Connections that callers hold.
        idle: Open connections that wait.
        idle_min: Connections kept open at least.
        idle_max: Idle connections kept at most.
        maximum: Connections opened at most.
    """

    used: int
    idle: int
    idle_min: int | None = None
    idle_max: int | None = None
    maximum: int | None = None


#: Reads a pool's figures; `None` when the pool is closed for good.
ReadLevels = Callable[[Any], Levels | None]


class _Instruments:
    def __init__(self, meter: Meter) -> None:
        self.create_time: Histogram = semconv.CONNECTION_CREATE_TIME.create(meter)
        self.wait_time: Histogram = semconv.CONNECTION_WAIT_TIME.create(meter)
        self.use_time: Histogram = semconv.CONNECTION_USE_TIME.create(meter)
        self.timeouts: Counter = semconv.CONNECTION_TIMEOUTS.create(meter)


class _State:
    """A pool that is watched, with the instruments bound to its name."""

    __slots__ = (
        "created",
        "name",
        "owner",
        "read_levels",
        "reference",
        "timeouts",
        "used",
        "waited",
        "waiting",
    )

    def __init__(
        self,
        reference: Callable[[], Any],
        name: str,
        levels: ReadLevels,
        owner: object,
        instruments: _Instruments,
    ) -> None:
        self.reference = reference
        self.name = name
        self.read_levels = levels
        self.owner = owner
        self.waiting: set[object] = set()
        attributes = {semconv.POOL_NAME: name}
        self.created = bind(instruments.create_time, attributes)
        self.waited = bind(instruments.wait_time, attributes)
        self.used = bind(instruments.use_time, attributes)
        self.timeouts = bind(instruments.timeouts, attributes)

    @never_raise("database")
    def levels(self) -> Levels | None:
        """What the pool says; a pool that is gone, closed, or other than expected says nothing."""
        pool = self.reference()
        return None if pool is None else self.read_levels(pool)


class PoolMetrics:
    """Knows the pools of all libraries and records what happens in them.

    Made by `once_per_provider`: pools of two libraries on one database have one name and are added up. A pool is not
    kept alive by it, unless its class cannot be referred to weakly: then until it is closed.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        # By the pool's id. There is no lock: single operations on dictionaries and sets are atomic, a weak reference's
        # callback may come while one would be held, and a fork may come in another thread.
        self._states: dict[int, _State] = {}
        meter = telemetry.meter("database")
        self._instruments = _Instruments(meter)
        semconv.CONNECTION_COUNT.create(meter, [self._observe_count])
        semconv.CONNECTION_MAX.create(meter, [self._observing(lambda levels: levels.maximum)])
        semconv.CONNECTION_IDLE_MAX.create(meter, [self._observing(lambda levels: levels.idle_max)])
        semconv.CONNECTION_IDLE_MIN.create(meter, [self._observing(lambda levels: levels.idle_min)])
        semconv.CONNECTION_PENDING_REQUESTS.create(meter, [self._observe_pending])

    @never_raise("database")
    def register(self, pool: Any, name_of: Callable[[Any], str], levels: ReadLevels, owner: object) -> None:
        """Watch `pool` until `forget(owner)`; costs a lookup when it is watched already.

        Args:
            pool: A library's connection pool.
            name_of: Names it; several pools may have one name and are added up.
            levels: Reads its figures.
            owner: The instrumentation.
        """
        key = id(pool)
        if key in self._states:
            return
        states = self._states
        reference: Callable[[], Any]
        try:
            reference = weakref.ref(pool, lambda _: states.pop(key, None))
        except TypeError:
            reference = lambda: pool  # noqa: E731
        state = states.setdefault(key, _State(reference, name_of(pool), levels, owner, self._instruments))
        # A counter that is missing looks like a pool that is not watched.
        state.timeouts.add(0)

    def forget(self, owner: object) -> None:
        """Stop watching the pools of `owner`."""
        for key, state in list(self._states.items()):
            if state.owner is owner:
                self._states.pop(key, None)

    @contextmanager
    def waiting(self, pool: Any) -> Iterator[None]:
        """Within the block a caller waits for a connection of `pool`."""
        state = self._states.get(id(pool))
        if state is None:
            yield
            return
        started = time.perf_counter()
        token = object()
        state.waiting.add(token)
        try:
            yield
        except BaseException as error:
            if _is_timeout(error):
                state.timeouts.add(1)
                _tell(time.perf_counter() - started)
            raise
        finally:
            state.waiting.discard(token)
        waited = time.perf_counter() - started
        state.waited.record(waited)
        if waited >= _WORTH_TELLING:
            _tell(waited)

    def created(self, pool: Any, seconds: float) -> None:
        """A connection was opened for `pool` in `seconds`."""
        state = self._states.get(id(pool))
        if state is not None:
            state.created.record(seconds)

    def used(self, pool: Any, seconds: float) -> None:
        """A connection of `pool` came back after `seconds`."""
        state = self._states.get(id(pool))
        if state is not None:
            state.used.record(seconds)

    def _open_pools(self) -> list[tuple[_State, Levels]]:
        found = []
        for key, state in list(self._states.items()):
            levels = state.levels()
            if levels is None:
                self._states.pop(key, None)
            else:
                found.append((state, levels))
        return found

    def _observe_count(self, _options: CallbackOptions) -> Iterable[Observation]:
        totals: defaultdict[tuple[str, str], int] = defaultdict(int)
        for state, levels in self._open_pools():
            totals[state.name, "used"] += levels.used
            totals[state.name, "idle"] += levels.idle
        return [
            Observation(total, {semconv.POOL_NAME: name, semconv.POOL_STATE: state})
            for (name, state), total in totals.items()
        ]

    def _observing(
        self, read: Callable[[Levels], int | None]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            totals: defaultdict[str, int] = defaultdict(int)
            for state, levels in self._open_pools():
                value = read(levels)
                if value is not None:
                    totals[state.name] += value
            return _observations(totals)

        return observe

    def _observe_pending(self, _options: CallbackOptions) -> Iterable[Observation]:
        totals: defaultdict[str, int] = defaultdict(int)
        for state in list(self._states.values()):
            totals[state.name] += len(state.waiting)
        return _observations(totals)


def _observations(totals: dict[str, int]) -> list[Observation]:
    return [Observation(total, {semconv.POOL_NAME: name}) for name, total in totals.items()]


@never_raise("database")
def _tell(waited: float) -> None:
    """Say on the span that is under way how long it waited: there is no span for it, so it would look like work."""
    span = trace.get_current_span()
    if span.is_recording():
        before = (getattr(span, "attributes", None) or {}).get(semconv.CONNECTION_WAIT_ATTRIBUTE, 0.0)
        span.set_attribute(semconv.CONNECTION_WAIT_ATTRIBUTE, round(before + waited, 6))


def _is_timeout(error: BaseException) -> bool:
    # asyncio's is the built-in one, SQLAlchemy has its own.
    return isinstance(error, TimeoutError) or type(error).__name__ == "TimeoutError"
