"""Time that requests spend in ccxt's own rate limiter, which is often most of what looks like latency."""

from __future__ import annotations

import functools
import inspect
import time
from types import ModuleType
from typing import Any

from ......semconv import exchange as semconv
from .....patching.guard import never_raise
from .....patching.patch import Patches
from ...operation import Operation, current
from ...ratelimit import number
from ...scope import scoped
from ...telemetry import ExchangeTelemetry

_LIBRARY = "ccxt"


class Wait:
    """One request's stay in the rate limiter."""

    __slots__ = ("_exchanges", "_operation", "_started")

    def __init__(self, exchanges: ExchangeTelemetry, operation: Operation) -> None:
        self._exchanges = exchanges
        self._operation = operation
        self._started = time.monotonic()

    def pause(self) -> None:
        """Nothing: a wait has no place in the context."""

    def resume(self) -> None:
        """Do nothing."""

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """Record the wait: the request may be sent."""
        self._record()

    def fail(self, error: BaseException) -> None:  # noqa: ARG002 - the protocol's signature
        """Record the wait: the caller gave up."""
        self._record()

    @never_raise(_LIBRARY)
    def _record(self) -> None:
        seconds = time.monotonic() - self._started
        name, client = self._operation.who
        self._operation.waited(seconds)
        self._exchanges.throttle_wait.record(seconds, {semconv.NAME: name, semconv.CLIENT: client})


@never_raise(_LIBRARY)
def begin_throttle(
    exchanges: ExchangeTelemetry,
    instance: Any,  # noqa: ARG001 - a `Begin`
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Wait | None:
    """Open a scope around `throttle(cost)`."""
    operation = current()
    if operation is None:
        return None
    cost = number(args[0] if args else kwargs.get("cost"))
    if cost:
        name, client = operation.who
        exchanges.throttle_cost.add(cost, {semconv.NAME: name, semconv.CLIENT: client})
    return Wait(exchanges, operation)


def watch_old_throttler(patches: Patches, exchanges: ExchangeTelemetry, module: ModuleType) -> None:
    """Until ccxt 4.4.60 an asynchronous client's `throttle` is an object that hides the class's method.

    Args:
        patches: Where to undo it.
        exchanges: Where waits are reported.
        module: `ccxt.async_support.base.exchange`.
    """
    throttle = getattr(module.Exchange, "throttle", None)
    if inspect.iscoroutinefunction(throttle):
        return
    throttler: Any = module.Throttler
    begin = functools.partial(begin_throttle, exchanges)
    patches.replace(throttler, "__call__", scoped(vars(throttler)["__call__"], begin))
