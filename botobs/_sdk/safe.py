"""Calls of code that is not ours, such as `__str__` of an object of the service, which may raise anything.

The text, length or items of such objects are read on the service's own thread. Nothing that they raise may reach the
service, or replace an exception of its own.
"""

from __future__ import annotations

import functools
import logging
import math
import numbers
import operator
import re
import reprlib
from asyncio import CancelledError
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")

#: What a person, the interpreter or an event loop raises to end what runs now; botobs never stops it.
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError)
#: Libraries of green threads, which raise their own classes (`gevent.Timeout`, `GreenletExit`) for the same purpose.
_GREEN_THREADS = frozenset(("gevent", "greenlet", "eventlet"))

# The descriptors themselves: a class may replace them by others that raise.
_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
traceback_of = BaseException.__dict__["__traceback__"].__get__

_LATEST = (1 << 63) - 1

#: Characters of one text that are kept in memory until the export, which looks at few more.
MAX_TEXT = 48 * 1024
_MAX_NAME = 1000
# The end of a text that is cut: a part of a key looks like none.
_RUN = re.compile(r"[\w+/=-]*+")
_LONGEST_RUN = 4096

#: Shortens the text of lists and the like: a few that contain one another can have a text without end.
_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 50
_short.maxstring = _short.maxother = _short.maxlong = 500


def let_pass(error: BaseException) -> None:
    """Raise the exception that is being handled again if it is meant to end what runs; do nothing for any other.

    Args:
        error: The exception that is being handled.
    """
    kind = type(error)
    if issubclass(kind, Exception):
        return
    if issubclass(kind, _ENDS) or any(
        str(_module(base)).partition(".")[0] in _GREEN_THREADS for base in kind.__mro__
    ):
        raise


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


def _argument(value: object) -> object:
    return (
        value if type(value) in (int, float) else text_of(value).encode("utf-8", "backslashreplace").decode()
    )


_log = Log(__name__)


def class_name(kind: type) -> str:
    """The qualified name of a class without its module."""
    return str(_qualname(kind))


def full_class_name(kind: type) -> str:
    """The qualified name of a class with its module, unless that is `builtins`."""
    name, module = class_name(kind), _module(kind)
    return name if not isinstance(module, str) or module == "builtins" else f"{module}.{name}"


def text_of(value: object) -> str:
    """`str(value)` as a plain string; the name of its class if that raises."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    try:
        if issubclass(kind, str):
            return str.__str__(value)
        if kind is int and not fits_int64(value):  # type: ignore[arg-type]
            return digits(value)  # type: ignore[arg-type]
        if issubclass(kind, list | tuple):
            return _short.repr_list(value, _short.maxlevel)  # type: ignore[arg-type]
        if issubclass(kind, dict):
            return _short.repr_dict(value, _short.maxlevel)  # type: ignore[arg-type]
        if issubclass(kind, set | frozenset):
            return _short.repr_set(value, _short.maxlevel)  # type: ignore[arg-type]
        return str.__str__(str(value))
    except BaseException as error:
        let_pass(error)
        return f"<{class_name(kind)} without a text>"


def short_text_of(value: object) -> str:
    """`text_of`, cut to about `_MAX_NAME` characters: for names, which are kept in many places, and for long."""
    return head(text_of(value), _MAX_NAME)


def digits(number: int) -> str:
    """A whole number as text: decimal, or hexadecimal where Python refuses to make so many decimal digits."""
    return str(number) if number.bit_length() < 2000 else f"{number:#x}"


def fits_int64(number: int) -> bool:
    """Whether `number` can be sent as a signed 64-bit number."""
    return -(1 << 63) <= number < 1 << 63


def sendable(text: str) -> str:
    """`text` with question marks for what UTF-8 cannot encode, such as one half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def number_of(amount: object) -> int | float | None:
    """Any number as a finite int or float: `Decimal`, `Fraction`, a NumPy scalar, a boolean.

    Returns:
        None for what is no number (a text is none), is not finite, or is beyond the range of a double.
    """
    try:
        if isinstance(amount, str | bytes | bytearray):
            return None
        if issubclass(type(amount), numbers.Complex) and not issubclass(type(amount), numbers.Real):
            # NumPy's would warn when it is converted.
            return None
        value: int | float
        try:
            value = operator.index(amount)  # type: ignore[arg-type]
        except TypeError:
            value = float(amount)  # type: ignore[arg-type]
        return value if math.isfinite(value) else None
    except BaseException as error:
        let_pass(error)
        return None


def nanoseconds(value: object) -> int | None:
    """A time in nanoseconds since the epoch, as OTLP can express it; None if `value` is no number.

    A float is truncated. A time before 1970 or after 2262 becomes the nearest one that can be sent.
    """
    number = None if value is None else number_of(value)
    return None if number is None else min(max(int(number), 0), _LATEST)


def head(text: str, most: int = MAX_TEXT) -> str:
    """`text`, cut to about `most` characters, with a mark that says how many are missing."""
    if len(text) <= most:
        return text
    run = _RUN.match(text[max(0, most - _LONGEST_RUN) : most][::-1])
    kept = text[: most - (run.end() if run else 0)]
    return f"{kept}[{len(text) - len(kept)} characters cut]"


def described(exception: BaseException) -> str:
    """The name of the class and the message, as `ValueError: text`; of a long message the head."""
    return f"{class_name(type(exception)).rpartition('.')[2]}: {head(text_of(exception))}"
