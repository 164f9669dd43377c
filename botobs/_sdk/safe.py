"""Calls of code that is not ours, such as `__str__` of what a service hands over, which may raise whatever it likes.

What a service gives is asked for its text, its length or its items on the service's own thread. None of that may reach
the service as an exception, or take the place of one of its own.
"""

from __future__ import annotations

import functools
import logging
import math
import operator
import reprlib
import traceback
from asyncio import CancelledError
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

#: What a person, the interpreter or an event loop raises to end what runs now: it is not ours to stop.
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError)
#: Libraries of light threads, which raise their own kinds (`gevent.Timeout`, `GreenletExit`) for the same purpose.
_LIGHT_THREADS = frozenset(("gevent", "greenlet", "eventlet"))

# The descriptors themselves: a class may put others in their place that raise.
_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
traceback_of = BaseException.__dict__["__traceback__"].__get__

_LATEST = (1 << 63) - 1

#: Of lists and the like not all: a few can hold one another so that their text has no end.
_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxlist = _short.maxtuple = _short.maxset = _short.maxfrozenset = _short.maxdict = 50
_short.maxstring = _short.maxother = _short.maxlong = 500


def let_pass(error: BaseException) -> None:
    """Raise the exception that is being handled again if it is to end what runs; keep any other."""
    kind = type(error)
    if issubclass(kind, Exception):
        return
    if issubclass(kind, _ENDS) or any(
        str(_module(base)).partition(".")[0] in _LIGHT_THREADS for base in kind.__mro__
    ):
        raise


def harmless(function: Callable[P, R]) -> Callable[P, R | None]:
    """Make a function of ours return None where it would raise."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            let_pass(error)
            _log.debug("%s failed with %s", function.__qualname__, class_name(type(error)))
            return None

    return call


class Log:
    """Writes to a logger of the standard library, on a service's thread too; never raises.

    A service's handlers catch their own exceptions, its filters and handlers of its own making may not.

    Args:
        name: The logger's.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def warning(self, message: str, *arguments: object) -> None:
        """Log what a person should know."""
        self._log(logging.WARNING, message, arguments)

    def debug(self, message: str, *arguments: object) -> None:
        """Log what only the authors of botobs want to know."""
        self._log(logging.DEBUG, message, arguments)

    def _log(self, level: int, message: str, arguments: tuple[object, ...]) -> None:
        try:
            if self._logger.isEnabledFor(level):
                # The text is made here: a handler would print the traceback of an argument that has none.
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
    """`str(value)`, as a plain string; in its place the name of its class if that raises."""
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


def digits(number: int) -> str:
    """A whole number as text: decimal, or hexadecimal where Python refuses to make so many decimal digits."""
    return str(number) if number.bit_length() < 2000 else f"{number:#x}"


def fits_int64(number: int) -> bool:
    """Whether `number` can be sent as a signed 64-bit number."""
    return -(1 << 63) <= number < 1 << 63


def sendable(text: str) -> str:
    """`text` with question marks in place of what UTF-8 has no bytes for, such as one half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def number_of(amount: object) -> int | float | None:
    """A finite int or float of anything that is a number: `Decimal`, `Fraction`, a NumPy scalar, a truth value.

    Returns:
        None for what is no number, is not finite, or is beyond the range of a double. A text is no number.
    """
    try:
        if isinstance(amount, str | bytes | bytearray):
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
    """A time in nanoseconds since the epoch as OTLP can express it; None if it is none.

    A float is rounded. What is before 1970, or after 2262, becomes the nearest moment that can be sent.
    """
    number = None if value is None else number_of(value)
    return None if number is None else min(max(int(number), 0), _LATEST)


def stack_trace(exception: BaseException) -> str:
    """The exception with its traceback and its causes, as Python prints it; less of it if that raises."""
    try:
        return "".join(traceback.format_exception(exception))
    except BaseException as error:
        let_pass(error)
    try:
        frames = "".join(traceback.format_tb(traceback_of(exception)))
        return f"Traceback (most recent call last):\n{frames}{described(exception)}\n"
    except Exception:
        return f"{class_name(type(exception))}\n"


def described(exception: BaseException) -> str:
    """Class and message."""
    return f"{class_name(type(exception)).rpartition('.')[2]}: {text_of(exception)}"
