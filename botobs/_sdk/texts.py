"""The text of any value, made without calling any code of the service.

`str(value)` runs a `__str__` or `__repr__` of the service wherever the value holds such an object: in a list, a frozen
dataclass, a mappingproxy, the arguments of an exception. It may never return (see `plain`). So values of plain types
are written by the methods of those types, and what they hold item by item; of any other object the class is shown:
`<Order>`. An exception whose class has a `__str__` of its own says by it what happened.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from itertools import islice
from types import FunctionType, NoneType
from typing import Any

from .plain import (
    IMMUTABLE,
    NOTHING,
    class_name,
    field,
    found,
    full_class_name,
    let_pass,
    mapping,
    module_of,
    sequence,
)

#: Levels of nesting, items of one container, items in all, and characters of one inner text that are written.
_MOST_LEVELS, _MOST_ITEMS, _MOST_OF_ALL, _MOST_CHARACTERS = 3, 50, 1000, 500

#: Characters of one text that are kept in memory until the export, which looks at few more.
MAX_TEXT = 48 * 1024
_MAX_NAME = 1000
# The end of a text that is cut: a part of a key looks like none.
_RUN = re.compile(r"[\w+/=-]*+")
_LONGEST_RUN = 4096

#: Types of values whose text is made of numbers and texts alone, by module and name: one that was not imported has no
#: values.
_VALUES = frozenset(
    (module, name)
    for module, names in {
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID",
        "zoneinfo": "ZoneInfo",
        "pathlib": "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
        "pathlib._local": "PurePath PurePosixPath PureWindowsPath Path PosixPath WindowsPath",
        "ipaddress": "IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface",
        "yarl": "URL",
        "yarl._url": "URL",
        "httpx": "URL",
        "bson.objectid": "ObjectId",
        "pandas._libs.tslibs.timestamps": "Timestamp",
        "pandas._libs.tslibs.timedeltas": "Timedelta",
    }.items()
    for name in names.split()
)
_BUILT_IN = (float, bool, NoneType, complex, range, date, timedelta, timezone)
#: What the texts of built-in exceptions are made of besides their arguments; of a group in their place.
_OF_EXCEPTION: dict[type, tuple[str, ...]] = {
    BaseExceptionGroup: ("message",),
    OSError: ("errno", "strerror", "filename", "filename2"),
    SyntaxError: ("msg", "filename", "lineno"),
    ImportError: ("msg",),
}

_arguments = BaseException.__dict__["args"].__get__


def text_of(value: object) -> str:
    """`str(value)` as a plain string; never raises.

    Of an object that is no plain value the class, as `<Order>`; of an exception what its class says, or its arguments.
    """
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]
    try:
        if issubclass(kind, str):
            return str.__str__(value)
        if issubclass(kind, BaseException):
            return _message(value)  # type: ignore[arg-type]
        return _Writer().written(value, _MOST_LEVELS)
    except BaseException as error:
        # Changed by another thread while it was read, or there is no memory or stack left.
        let_pass(error)
        return f"<{class_name(kind)}>"


def short_text_of(value: object) -> str:
    """`text_of`, cut to about `_MAX_NAME` characters: for names, which are kept in many places, and for long."""
    return head(text_of(value), _MAX_NAME)


def word_of(value: object) -> str:
    """`text_of`; of a member of an enumeration its value."""
    return text_of(field(value, "_value_") if issubclass(type(value), Enum) else value)


def described(exception: BaseException) -> str:
    """The name of the class and the message, as `ValueError: text`; of a long message the head."""
    return f"{class_name(type(exception)).rpartition('.')[2]}: {head(text_of(exception))}"


def digits(number: int) -> str:
    """A whole number as text: decimal, or hexadecimal where Python refuses to make so many decimal digits."""
    return str(number) if number.bit_length() < 2000 else f"{number:#x}"


def sendable(text: str) -> str:
    """`text` with question marks for what UTF-8 cannot encode, such as one half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def head(text: str, most: int = MAX_TEXT) -> str:
    """`text`, cut to about `most` characters, with a mark that says how many are missing."""
    if len(text) <= most:
        return text
    run = _RUN.match(text[max(0, most - _LONGEST_RUN) : most][::-1])
    kept = text[: most - (run.end() if run else 0)]
    return f"{kept}[{len(text) - len(kept)} characters cut]"


def has_text(value: object) -> bool:
    """Whether `str(value)` is more than the default text with the object's address."""
    kind = type(value)
    return any(found(kind, name)[0] is not object for name in ("__str__", "__repr__"))


def has_safe_message(exception: BaseException) -> bool:
    """Whether `str(exception)` may be called.

    A `__str__` that an exception's class has is how it says what happened, and whoever logs the exception calls it. The
    built-in ones write the arguments, which may be any objects.
    """
    kind = type(exception)
    owner, _ = found(kind, "__str__")
    if vars(builtins).get(class_name(owner)) is not owner:
        return True
    given = [] if issubclass(kind, BaseExceptionGroup | SyntaxError) else list(_arguments(exception))
    for base, names in _OF_EXCEPTION.items():
        if issubclass(kind, base):
            given += [base.__dict__[name].__get__(exception) for name in names]
    return all(type(each) in IMMUTABLE for each in given)


def _message(exception: BaseException, level: int = _MOST_LEVELS) -> str:
    if has_safe_message(exception):
        try:
            return str.__str__(str(exception))
        except BaseException as error:
            # It cannot be written: an integer of too many digits; an exception that was made in an unexpected way.
            let_pass(error)
    arguments = _arguments(exception)
    if not arguments:
        return ""
    if len(arguments) > 1:
        return _Writer().written(arguments, level)
    (only,) = arguments
    if issubclass(type(only), BaseException) and level > 0:
        return _message(only, level - 1)
    return _Writer().written(only, level, inside=issubclass(type(exception), KeyError))


class _Writer:
    """Writes one value, which may hold itself, or more than has an end."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MOST_OF_ALL

    def written(self, value: Any, level: int, *, inside: bool = False) -> str:
        """The text of a value; inside of another one a text has quotes."""
        kind = type(value)
        if issubclass(kind, str):
            plain = str.__str__(value)
            return repr(_short(plain)) if inside else plain
        if any(kind is each for each in _BUILT_IN) or _is_value(kind):
            return repr(value) if inside else str(value)
        for base, write in _BY_BASE:
            if issubclass(kind, base):
                return write(self, value, level)
        if (items := sequence(value)) is not None:
            return self._items("[", items, "]", level)
        if (pairs := mapping(value)) is not None:
            return self._pairs("{", pairs, "}", ": ", level)
        if names := _shown_fields(kind):
            kept = ((name, item) for name in names if (item := field(value, name)) is not NOTHING)
            return self._fields(f"{class_name(kind)}(", kept, level)
        return f"<{class_name(kind)}>"

    def _int(self, value: Any, _: int) -> str:
        return digits(int.__int__(value))

    def _float(self, value: Any, _: int) -> str:
        return float.__repr__(value)

    def _bytes(self, value: Any, _: int) -> str:
        return repr(bytes.__getitem__(value, slice(_MOST_CHARACTERS)))

    def _enum(self, value: Any, _: int) -> str:
        return f"{class_name(type(value)).rpartition('.')[2]}.{text_of(field(value, '_name_'))}"

    def _class(self, value: Any, _: int) -> str:
        return f"<class '{full_class_name(value)}'>"

    def _exception(self, value: Any, level: int) -> str:
        return self._items(f"{class_name(type(value))}(", iter(_arguments(value)), ")", level)

    def _datetime(self, value: Any, _: int) -> str:
        kind = type(value)
        base: Any = datetime if issubclass(kind, datetime) else time
        zone = base.tzinfo.__get__(value)
        is_plain = zone is None or type(zone) is timezone or _is_value(type(zone))
        if kind is not base:
            return f"<{class_name(kind)}>"
        # A time zone of the service's is its code.
        return str(value if is_plain else value.replace(tzinfo=None))

    def _tuple(self, value: Any, level: int) -> str:
        items = tuple.__iter__(value)
        _, names = found(type(value), "_fields")
        if type(names) is tuple and len(names) == tuple.__len__(value) and {str}.issuperset(map(type, names)):
            return self._fields(f"{class_name(type(value))}(", zip(names, items, strict=True), level)
        return self._items("(", items, ",)" if tuple.__len__(value) == 1 else ")", level)

    def _list(self, value: Any, level: int) -> str:
        return self._items("[", list.__iter__(value), "]", level)

    def _set(self, value: Any, level: int) -> str:
        base: Any = set if issubclass(type(value), set) else frozenset
        return self._items("{", base.__iter__(value), "}", level)

    def _items(self, begin: str, items: Iterator[Any], end: str, level: int) -> str:
        write = lambda item: self.written(item, level - 1, inside=True)  # noqa: E731
        return self._joined(begin, items, end, level, write)

    def _pairs(self, begin: str, pairs: Iterable[tuple[Any, Any]], end: str, between: str, level: int) -> str:
        def write(pair: tuple[Any, Any]) -> str:
            name, item = (self.written(each, level - 1, inside=True) for each in pair)
            return f"{name}{between}{item}"

        return self._joined(begin, iter(pairs), end, level, write)

    def _fields(self, begin: str, pairs: Iterable[tuple[str, Any]], level: int) -> str:
        def write(pair: tuple[str, Any]) -> str:
            return f"{_short(pair[0])}={self.written(pair[1], level - 1, inside=True)}"

        return self._joined(begin, iter(pairs), ")", level, write)

    def _joined(
        self, begin: str, items: Iterator[Any], end: str, level: int, write: Callable[[Any], str]
    ) -> str:
        parts: list[str] = []
        most = min(_MOST_ITEMS, self._left) if level > 0 else 0
        for item in islice(items, most):
            self._left -= 1
            parts.append(write(item))
        if next(items, NOTHING) is not NOTHING:
            parts.append("...")
        return f"{begin}{', '.join(parts)}{end}"


#: How subclasses of these are written, the first that fits.
_BY_BASE: tuple[tuple[type, Callable[[_Writer, Any, int], str]], ...] = (
    (int, _Writer._int),
    (float, _Writer._float),
    (bytes, _Writer._bytes),
    (Enum, _Writer._enum),
    (type, _Writer._class),
    (BaseException, _Writer._exception),
    (datetime, _Writer._datetime),
    (time, _Writer._datetime),
    (tuple, _Writer._tuple),
    (list, _Writer._list),
    (set, _Writer._set),
    (frozenset, _Writer._set),
)


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _is_value(kind: type) -> bool:
    """Whether `str` of a value of this very type reads nothing but numbers and texts."""
    module, name = module_of(kind), class_name(kind)
    if module == "numpy":
        return _is_of_numpy(kind)
    return (module, name) in _VALUES and vars(sys.modules.get(module, sys)).get(name) is kind


def _is_of_numpy(kind: type) -> bool:
    generic = vars(sys.modules.get("numpy", sys)).get("generic")
    return type(generic) is type and issubclass(kind, generic) and class_name(kind) not in ("object_", "void")


def _shown_fields(kind: type) -> tuple[str, ...]:
    """The names that the `__repr__` shows which `dataclasses` has made for a class; none if it has another one."""
    _, fields = found(kind, "__dataclass_fields__")
    _, made = found(kind, "__repr__")
    if type(fields) is not dict or type(made) is not FunctionType or found(kind, "__str__")[0] is not object:
        return ()
    written = made.__dict__.get("__wrapped__")
    if type(written) is not FunctionType or written.__code__.co_filename != "<string>":
        return ()
    return tuple(name for name, each in fields.items() if type(name) is str and field(each, "repr") is True)
