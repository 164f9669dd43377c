"""Time that requests spend in ccxt's own rate limiter, which is often most of what looks like latency."""

from __future__ import annotations

import functools
import inspect
import time
from types import ModuleType
from typing import Any

from ......semconv import exchange as semconv
from .....patching.guard import guarded
from .....patching.patch import Patches
from ...operation import Operation, current
from ...ratelimit import number
from ...scope import scoped
from ...telemetry import Hub

_LIBRARY = "ccxt"


class Wait:
    """One request's stay in the rate limiter."""

    __slots__ = ("_hub", "_operation", "_started")

    def __init__(self, hub: Hub, operation: Operation) -> None:
        self._hub = hub
        self._operation = operation
        self._started = time.monotonic()

    def pause(self) -> None:
        """Nothing: a wait has no place in the context."""

    def resume(self) -> None:
        """Nothing, likewise."""

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """The request may be sent."""
        self._record()

    def fail(self, error: BaseException) -> None:  # noqa: ARG002 - the protocol's signature
        """The caller gave up."""
        self._record()

    @guarded(_LIBRARY)
    def _record(self) -> None:
        seconds = time.monotonic() - self._started
        name, client = self._operation.who
        self._operation.waited(seconds)
        self._hub.throttle_wait.record(seconds, {semconv.NAME: name, semconv.CLIENT: client})


@guarded(_LIBRARY)
def begin_throttle(hub: Hub, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Wait | None:  # noqa: ARG001 - a `Begin`
    """Open a scope around `throttle(cost)`."""
    operation = current()
    if operation is None:
        return None
    cost = number(args[0] if args else kwargs.get("cost"))
    if cost:
        name, client = operation.who
        hub.throttle_cost.add(cost, {semconv.NAME: name, semconv.CLIENT: client})
    return Wait(hub, operation)


def watch_old_throttler(patches: Patches, hub: Hub, module: ModuleType) -> None:
    """Until ccxt 4.4.60 an asynchronous client's `throttle` is an object that hides the class's method.

    Args:
        patches: Where to undo it.
        hub: Where waits are reported.
        module: `ccxt.async_support.base.exchange`.
    """
    throttle = getattr(module.Exchange, "throttle", None)
    if inspect.iscoroutinefunction(throttle):
        return
    throttler: Any = module.Throttler
    begin = functools.partial(begin_throttle, hub)
    patches.replace(throttler, "__call__", scoped(vars(throttler)["__call__"], begin))
