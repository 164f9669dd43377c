"""`botobs.span`: a span around a block, a function, a coroutine function or a generator."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextvars import Token
from types import TracebackType
from typing import Any, Literal, ParamSpec, TypeVar, overload

from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode
from opentelemetry.util.types import AttributeValue

from .._version import __version__
from . import context, providers
from .context import SPAN_KEY, Context
from .delays import record_delays
from .safe import class_name, described, let_pass, text_of

P = ParamSpec("P")
R = TypeVar("R")
Kind = Literal["internal", "client", "server", "producer", "consumer"]

_KINDS = {kind.name.lower(): kind for kind in SpanKind}
#: A block that was entered: its span, the token that ends it, its context and the one before. A plain tuple, since a
#: class would cost a third of entering and leaving.
_Entered = tuple[Span, "Token[Context]", dict[str, Any], Context]

_tracer = providers.tracer_provider.get_tracer("botobs", __version__)


@overload
def span(name: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def span(
    name: str | None = None,
    attributes: Mapping[str, AttributeValue] | None = None,
    *,
    kind: Kind = "internal",
    links: Sequence[Link] = (),
) -> SpanScope: ...


def span(
    name: Any = None,
    attributes: Mapping[str, AttributeValue] | None = None,
    *,
    kind: Kind = "internal",
    links: Sequence[Link] = (),
) -> Any:
    """A span around a `with` block, an `async with` block or a function.

        with botobs.span("decide", {"exchange.symbol": "BTC/USDT"}) as current:
            current.set_attribute("botobs.decision.outcome", "buy")

        @botobs.span
        async def rebalance() -> None: ...

        @botobs.span("candles")
        def candles() -> Iterator[Candle]: ...

    The span of a decorated generator lasts from its first item to its end, and is current only while the generator
    itself runs. A `with` block within a generator is current for its consumer too, as Python has one context for both:
    decorate generators that yield within a span. One object may be used by several tasks and threads at once, and
    within itself. An exception ends the span with the status ERROR and is passed on. Without `init`, nothing is
    recorded.

    Args:
        name: The span's name; by default that of the decorated function.
        attributes: The span's attributes at its start.
        kind: The span's kind; an unknown one counts as `internal`.
        links: Related spans of other traces.

    Returns:
        A context manager and decorator; the decorated function if `name` is one.
    """
    scope = SpanScope(None if callable(name) else name, attributes, kind, links)
    return scope(name) if callable(name) else scope


class SpanScope:
    """What `span` returns: a context manager, sync and async, and a decorator."""

    def __init__(
        self,
        name: str | None,
        attributes: Mapping[str, AttributeValue] | None,
        kind: Kind,
        links: Sequence[Link],
    ) -> None:
        self._name = None if name is None else text_of(name)
        self._attributes = attributes
        self._kind = _KINDS.get(text_of(kind).lower(), SpanKind.INTERNAL)
        self._links = links
        self._entered: list[_Entered] = []

    def __enter__(self) -> Span:
        """Start the span and make it the current one."""
        span = self._start(self._name or "span")
        self._entered.append(_enter(span))
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the span, with the status ERROR if an exception passes."""
        try:
            entered = self._entered[-1]
            if entered[2] is not context.current():
                entered = self._of_here(entered)
            self._entered.remove(entered)
        except (IndexError, ValueError):
            # What was not entered is left; or two threads leave the same block, which neither of them had entered.
            return
        _leave(entered)
        _end(entered[0], error)

    def _of_here(self, last: _Entered) -> _Entered:
        """The block that this task and thread is in; `last` if its context has none."""
        here = context.current()
        span = here.get(SPAN_KEY)
        blocks = self._entered[::-1]
        by_span = next((block for block in blocks if block[0] is span), last)
        return next((block for block in blocks if block[2] is here), by_span)

    async def __aenter__(self) -> Span:
        """Start the span and make it the current one."""
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the span, with the status ERROR if an exception passes."""
        self.__exit__(kind, error, traceback)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Decorate `function`, which may be a coroutine function or a generator of either kind."""
        try:
            return self._decorated(function)
        except BaseException as error:
            # What is callable may still not want to be looked at.
            let_pass(error)
            return function

    def _decorated(self, function: Callable[P, R]) -> Callable[P, R]:
        name = self._name or text_of(getattr(function, "__qualname__", type(function).__qualname__))
        wrapper: Any
        if inspect.isasyncgenfunction(function):
            wrapper = self._async_generator(name, function)
        elif inspect.isgeneratorfunction(function):
            wrapper = self._generator(name, function)
        elif inspect.iscoroutinefunction(function):
            wrapper = self._coroutine(name, function)
        else:
            wrapper = self._function(name, function)
        return functools.wraps(function)(wrapper)

    def _start(self, name: str) -> Span:
        try:
            return _tracer.start_span(name, kind=self._kind, attributes=self._attributes, links=self._links)
        except Exception:
            # A tracer provider of the service failed; the block must run all the same.
            return INVALID_SPAN

    def _function(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with _Decorated(self._start(name)):
                return function(*args, **kwargs)

        return wrapper

    def _coroutine(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            with _Decorated(self._start(name)):
                return await function(*args, **kwargs)

        return wrapper

    def _generator(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            current = self._start(name)
            error: BaseException | None = None
            try:
                return (yield from _driven(function(*args, **kwargs), current))
            except Exception as raised:
                error = raised
                raise
            finally:
                _end(current, error)

        return wrapper

    def _async_generator(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            current = self._start(name)
            inner = function(*args, **kwargs)
            error: BaseException | None = None
            try:
                step = inner.__anext__()
                while True:
                    entered = _enter(current)
                    try:
                        item = await step
                    except StopAsyncIteration:
                        return
                    finally:
                        _leave(entered)
                    try:
                        sent = yield item
                        step = inner.asend(sent)
                    except GeneratorExit:
                        await inner.aclose()
                        raise
                    except BaseException as thrown:
                        step = inner.athrow(thrown)
            except Exception as raised:
                error = raised
                raise
            finally:
                _end(current, error)

        return wrapper


class _Decorated:
    """Makes a started span the current one, and ends it."""

    __slots__ = ("_entered", "_span")

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> None:
        self._entered = _enter(self._span)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _leave(self._entered)
        _end(self._span, error)


def _driven(inner: Generator[Any, Any, Any], current: Span) -> Generator[Any, Any, Any]:
    """Run `inner` step by step, with `current` as the current span during each and never between."""
    step: Callable[[], Any] = functools.partial(next, inner)
    while True:
        entered = _enter(current)
        try:
            item = step()
        except StopIteration as stop:
            return stop.value
        finally:
            _leave(entered)
        try:
            sent = yield item
            step = functools.partial(inner.send, sent)
        except GeneratorExit:
            inner.close()
            raise
        except BaseException as thrown:
            step = functools.partial(inner.throw, thrown)


def _enter(span: Span) -> _Entered:
    """Make a started span the current one, until `_leave`."""
    outer = context.current()
    inner: dict[str, Any] = {**outer, SPAN_KEY: span}
    return span, context.attach(inner), inner, outer


def _leave(entered: _Entered) -> None:
    """Make the span current that was before.

    A generator may be closed while blocks of its consumer are open, or by the garbage collector in another context.
    Then the consumer still has, or goes back to, the context of this span, so that the span is taken out of it.
    """
    span, token, inner, outer = entered
    here = context.current()
    if here is inner or here.get(SPAN_KEY) is span:
        try:
            context.detach(token)
            return
        except (ValueError, RuntimeError):
            # A task that was started within the block leaves it.
            pass
    before = outer.get(SPAN_KEY)
    if before is None:
        inner.pop(SPAN_KEY, None)
    else:
        inner[SPAN_KEY] = before


def _end(current: Span, error: BaseException | None) -> None:
    try:
        # Cancellation and GeneratorExit are no errors.
        if isinstance(error, Exception) and current.is_recording():
            _fail(current, error)
        record_delays(current)
        current.end()
    except Exception:
        # The stack may be full, for example, or the span may come from a provider of the service. An exception of the
        # service must not be replaced by one of ours.
        return


def _fail(current: Span, error: Exception) -> None:
    try:
        current.record_exception(error)
    finally:
        current.set_status(StatusCode.ERROR, described(error))
        current.set_attribute("error.type", class_name(type(error)))
