"""Objects that must not be asked anything, and what holds them."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import types
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

#: What was called of them.
CALLS: list[str] = []

_NAMES = [
    "__str__",
    "__repr__",
    "__len__",
    "__iter__",
    "__next__",
    "__eq__",
    "__ne__",
    "__hash__",
    "__format__",
    "__bool__",
    "__getattr__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__add__",
    "__radd__",
    "__getitem__",
    "__contains__",
    "__call__",
    "__enter__",
    "__exit__",
    "__dir__",
    "__missing__",
    "__copy__",
    "__deepcopy__",
    "__reduce__",
    "__reduce_ex__",
    "__iadd__",
    "__reversed__",
    "__abs__",
    "__round__",
    "__trunc__",
    "__complex__",
    "__bytes__",
    "__fspath__",
    "__length_hint__",
    "__class_getitem__",
    "__instancecheck__",
    "keys",
    "items",
    "values",
    "get",
    "copy",
    "encode",
    "lower",
    "isoformat",
    "as_integer_ratio",
    "conjugate",
]
_KINDS: dict[str, type] = {
    "object": object,
    "str": str,
    "int": int,
    "float": float,
    "bytes": bytes,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "frozenset": frozenset,
    "Decimal": Decimal,
    "Fraction": Fraction,
    "Mapping": Mapping,
    "Sequence": Sequence,
    "Exception": Exception,
    "timedelta": timedelta,
    "UserDict": collections.UserDict,
    "OrderedDict": collections.OrderedDict,
    "deque": collections.deque,
}


def _called(name: str) -> Callable[..., Any]:
    def call(*_: Any, **__: Any) -> Any:
        CALLS.append(name)
        raise RuntimeError(name)

    return call


def _message(_: BaseException) -> str:
    """What an exception says is asked for, as by whoever logs it; here it cannot be said."""
    raise RuntimeError("__str__")


def _untouchable(base: type) -> type:
    methods = {name: _called(name) for name in _NAMES}
    if issubclass(base, BaseException):
        methods["__str__"] = _message
    asked = property(_called("__class__"))
    return type(f"Untouchable{base.__name__}", (base,), {**methods, "__class__": asked})


_CLASSES = {name: _untouchable(base) for name, base in _KINDS.items()}


def untouchable(kind: str = "object") -> Any:
    """An object, or one of a subclass of a built-in type, all whose methods note that they were called."""
    made: Any = _CLASSES[kind]
    if kind == "Fraction":
        return Fraction.__new__(made, 1, 3)
    if kind == "UserDict":
        held: Any = object.__new__(made)
        held.__dict__["data"] = {"a": 1}
        return held
    return made.__new__(made)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A dataclass."""

    held: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    """A dataclass with slots."""

    held: Any


class Pair(NamedTuple):
    """A tuple with names."""

    held: Any
    other: int


class _Zone(tzinfo):
    utcoffset = tzname = dst = _called("tzinfo")


class Spoken(enum.Enum):
    """Members with a text of their own."""

    ONE = "one"
    __str__ = __repr__ = _called("enum")


class Told(Exception):
    """Its text is made by a method."""

    __repr__ = _called("Told")

    def __str__(self) -> str:
        return "reported"

    @property
    def __notes__(self) -> Any:  # type: ignore[override]
        return _called("notes")()


class _Target:
    __str__ = __repr__ = _called("target")


_TARGET = _Target()


def _raised(error: BaseException) -> BaseException:
    try:
        raise error from Told("cause")
    except BaseException as raised:
        return raised


def _noted() -> Exception:
    error = ValueError("noted")
    error.__notes__ = [untouchable(), untouchable("str")]
    return error


def _os_error() -> OSError:
    error = OSError(2, "gone", "file")
    error.filename = untouchable()
    return error


def _generator() -> Iterator[int]:
    _called("generator")()
    yield 1


def held() -> dict[str, Any]:
    """Each kind of holder with something in it that must not be asked anything."""
    one = untouchable()
    default: Any = collections.defaultdict(list)
    default["a"] = one
    return {
        **{f"a {kind}": untouchable(kind) for kind in _KINDS},
        "frozen dataclass": Frozen(one),
        "dataclass with slots": Slotted(Frozen(one)),
        "namedtuple": Pair(one, 1),
        "mappingproxy": types.MappingProxyType({"a": one}),
        "mappingproxy of a mapping": types.MappingProxyType(untouchable("Mapping")),
        "mappingproxy of a dict": types.MappingProxyType(untouchable("dict")),
        "list": [[one], {"b": one}],
        "tuple": (one, Pair(one, 2)),
        "dict": {"a": {"b": one}},
        "deque": collections.deque([one]),
        "defaultdict": default,
        "OrderedDict": collections.OrderedDict(a=one),
        "Counter": collections.Counter({"a": one}),
        "UserDict": collections.UserDict({"a": one}),
        "UserList": collections.UserList([one]),
        "ChainMap": collections.ChainMap({"a": one}, {"b": 1}),
        "ChainMap of a mapping": collections.ChainMap(untouchable("Mapping")),
        "partial": functools.partial(print, one),
        "SimpleNamespace": types.SimpleNamespace(a=one),
        "weak proxy": weakref.proxy(_TARGET),
        "slice": slice(one, one),
        "method": Frozen(one).__eq__,
        "enumeration": Spoken.ONE,
        "class": type(one),
        "generator": _generator(),
        "dict_values": {"a": one}.values(),
        "datetime": datetime(2026, 1, 1, tzinfo=_Zone()),
        "time": time(1, tzinfo=_Zone()),
        "exception": _raised(ValueError(one)),
        "exception with a text": _raised(Told(one)),
        "exception in an exception": _raised(RuntimeError(Told(1))),
        "KeyError": KeyError(one),
        "OSError": _os_error(),
        "exception with notes": _noted(),
        "group": ExceptionGroup("group", [_raised(ValueError(one)), Told()]),
        "AttributeError": AttributeError("a", name="b", obj=one),
    }


NAMES = tuple(held())
CALLS.clear()
