"""Nothing of ours raises into a service, and nothing of the service's is called where botobs reads its objects.

Objects are read on the service's own thread; how, `plain` and `texts` say.
"""

from __future__ import annotations

import functools
import logging
import math
import numbers
import operator
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from .plain import class_name, field, found, full_class_name, let_pass, library_of, traceback_of
from .texts import MAX_TEXT, described, digits, head, sendable, short_text_of, text_of

__all__ = [
    "MAX_TEXT",
    "Log",
    "OnError",
    "caller",
    "class_name",
    "described",
    "digits",
    "fits_int64",
    "full_class_name",
    "head",
    "let_pass",
    "nanoseconds",
    "never_raise",
    "number_of",
    "sendable",
    "short_text_of",
    "text_of",
    "traceback_of",
]

P = ParamSpec("P")
R = TypeVar("R")

_LATEST = (1 << 63) - 1


class OnError(Protocol):
    """What `never_raise` does with an exception that it keeps."""

    def __call__(
        self,
        function: Callable[..., Any],
        error: BaseException,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        /,
    ) -> None:
        """Log or count `error`, which `function` raised when it was called with `args` and `kwargs`."""


def _debug(
    function: Callable[..., Any],
    error: BaseException,
    args: tuple[Any, ...],  # noqa: ARG001 - as every OnError
    kwargs: dict[str, Any],  # noqa: ARG001
) -> None:
    _log.debug("%s failed with %s", function.__qualname__, class_name(type(error)))


@overload
def never_raise(function: Callable[P, R], /) -> Callable[P, R | None]: ...
@overload
def never_raise(*, on_error: OnError) -> Callable[[Callable[P, R]], Callable[P, R | None]]: ...
def never_raise(function: Any = None, /, *, on_error: OnError = _debug) -> Any:
    """Make a function of ours return None where it would raise, so that its mistakes never reach a service.

    What is meant to end the caller is passed on; see `let_pass`. As a decorator, with or without arguments.

    Args:
        function: The function.
        on_error: Called with the exception; by default it is logged on DEBUG, without its text, which may quote a
            payload.
    """
    if function is None:
        return functools.partial(never_raise, on_error=on_error)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            # It may come from an object of the service's, which may raise anything.
            let_pass(error)
            on_error(function, error, args, kwargs)
            return None

    return call


class Log:
    """Writes to a logger of the standard library, on a service's thread too; never raises.

    Handlers of the standard library catch their own exceptions; filters and handlers of a service may not.

    Args:
        name: Name of the logger.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def warning(self, message: str, *arguments: object) -> None:
        """Log what a person should know."""
        self._log(logging.WARNING, message, arguments)

    def debug(self, message: str, *arguments: object) -> None:
        """Log what only developers of botobs want to know."""
        self._log(logging.DEBUG, message, arguments)

    def _log(self, level: int, message: str, arguments: tuple[object, ...]) -> None:
        try:
            if self._logger.isEnabledFor(level):
                # Formatted here: a handler would print a traceback for an argument whose text cannot be read.
                text = message % tuple(map(_argument, arguments)) if arguments else message
                self._logger.log(level, "%s", text, stacklevel=3)
        except BaseException as error:
            let_pass(error)


#: Whose frames are passed over by `caller`.
_NOT_THE_SERVICE = ("botobs.", "opentelemetry.")
_MOST_FRAMES = 100


def caller() -> str:
    """Where the service has called, as ` (file:line)`; empty where only our code and OpenTelemetry's is under way."""
    frame = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if not str(frame.f_globals.get("__name__", "")).startswith(_NOT_THE_SERVICE):
            return f" ({frame.f_code.co_filename}:{frame.f_lineno})"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""


def _argument(value: object) -> object:
    return (
        value if type(value) in (int, float) else text_of(value).encode("utf-8", "backslashreplace").decode()
    )


_log = Log(__name__)


def fits_int64(number: int) -> bool:
    """Whether `number` can be sent as a signed 64-bit number."""
    return -(1 << 63) <= number < 1 << 63


def number_of(amount: object) -> int | float | None:
    """Any number as a finite int or float: `Decimal`, `Fraction`, a NumPy scalar, a boolean.

    Returns:
        None for what is no number (a text is none), is not finite, or is beyond the range of a double.
    """
    try:
        value = _converted(amount, type(amount))
        return value if value is not None and math.isfinite(value) else None
    except BaseException as error:
        let_pass(error)
        return None


def _converted(amount: Any, kind: type) -> int | float | None:
    for base in (int, float, Decimal):
        if issubclass(kind, base):
            # Not by a method that a subclass may have in its place.
            return base.__int__(amount) if base is int else base.__float__(amount)
    if issubclass(kind, Fraction):
        return int.__truediv__(field(amount, "_numerator"), field(amount, "_denominator"))
    if issubclass(kind, str | bytes | bytearray):
        return None
    if not _converts_itself(amount, kind):
        return None
    try:
        return operator.index(amount)
    except TypeError:
        return float(amount)


def _converts_itself(amount: Any, kind: type) -> bool:
    """Whether it is a number of another class; what a service records as one is meant to be read."""
    if all(found(kind, name)[0] is object for name in ("__index__", "__float__")):
        return False
    # NumPy's complex numbers would warn when they are converted, and its arrays may hold any object.
    is_complex = issubclass(kind, numbers.Complex) and not issubclass(kind, numbers.Real)
    return not is_complex and not (
        library_of(kind) == "numpy" and found(kind, "dtype")[0] is not object and amount.dtype.hasobject
    )


def nanoseconds(value: object) -> int | None:
    """A time in nanoseconds since the epoch, as OTLP can express it; None if `value` is no number.

    A float is truncated. A time before 1970 or after 2262 becomes the nearest one that can be sent.
    """
    number = None if value is None else number_of(value)
    return None if number is None else min(max(int(number), 0), _LATEST)
