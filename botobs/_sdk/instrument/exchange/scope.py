"""Wraps a function of a client library so that something of ours begins before it and ends after it."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from ...context import attach, leave


class Scope(Protocol):
    """What lasts as long as one call. Its methods never raise."""

    def pause(self) -> None:
        """Leave the context, because the call goes on elsewhere."""

    def resume(self) -> None:
        """Enter the context again."""

    def finish(self, result: Any) -> None:
        """The call returned `result`."""

    def fail(self, error: BaseException) -> None:
        """The call raised `error`, which the caller gets unchanged."""


#: What calls usually return, so that nothing else has to be asked about it.
_PLAIN = frozenset({dict, list, str, type(None)})

Begin = Callable[[Any, tuple[Any, ...], dict[str, Any]], "Scope | None"]


class ContextScope:
    """A scope that has a place in the OpenTelemetry context."""

    __slots__ = ("_context", "_token")

    def __init__(self, entered: Mapping[str, object]) -> None:
        self._context = entered
        self._token: Any = attach(entered)

    def pause(self) -> None:
        """Leave the context."""
        token, self._token = self._token, None
        if token is not None:
            leave(token)

    def resume(self) -> None:
        """Enter the context again."""
        self._token = attach(self._context)

    def leave(self, error: BaseException | None = None) -> None:
        """Leave this context for good. A coroutine that is thrown away is ended in a context that is not its own."""
        if not isinstance(error, GeneratorExit):
            ContextScope.pause(self)
        # A scope is in its own context, as a rule: the two are freed at once now, and not by the garbage collector.
        self._context = {}


def scoped(wrapped: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    """Wrap a method so that `begin(instance, args, kwargs)` opens a scope around each call of it.

    Args:
        wrapped: A function, a coroutine function, or a function that returns an awaitable.
        begin: Returns None to let the call pass unseen. Must not raise.

    Returns:
        A function of the same kind as `wrapped`.
    """
    if inspect.iscoroutinefunction(wrapped):

        @functools.wraps(wrapped)
        async def call_async(self: Any, *args: Any, **kwargs: Any) -> Any:
            scope = begin(self, args, kwargs)
            if scope is None:
                return await wrapped(self, *args, **kwargs)
            try:
                result = await wrapped(self, *args, **kwargs)
            except BaseException as error:
                scope.fail(error)
                raise
            scope.finish(result)
            return result

        return call_async

    @functools.wraps(wrapped)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        scope = begin(self, args, kwargs)
        if scope is None:
            return wrapped(self, *args, **kwargs)
        try:
            result = wrapped(self, *args, **kwargs)
        except BaseException as error:
            scope.fail(error)
            raise
        if type(result) in _PLAIN or not inspect.isawaitable(result):
            scope.finish(result)
            return result
        scope.pause()
        if isinstance(result, asyncio.Future):
            result.add_done_callback(functools.partial(_end, scope))
            return result
        return _drive(scope, result)

    return call


async def _drive(scope: Scope, awaitable: Awaitable[Any]) -> Any:
    scope.resume()
    try:
        result = await awaitable
    except BaseException as error:
        scope.fail(error)
        raise
    scope.finish(result)
    return result


def _end(scope: Scope, future: asyncio.Future[Any]) -> None:
    if future.cancelled():
        scope.fail(asyncio.CancelledError())
        return
    error = future.exception()
    if error is not None:
        scope.fail(error)
    else:
        scope.finish(future.result())
