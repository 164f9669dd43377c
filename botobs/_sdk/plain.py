"""Reads a service's objects without calling any code of the service.

A method of the service's may wait for a lock or a database, or never return, and nothing can interrupt it on its own
thread. So what an object holds is read by the methods of the built-in types and of a few libraries that are named here.
"""

from __future__ import annotations

import gc
from array import array
from asyncio import CancelledError
from collections import ChainMap, UserDict, UserList, deque
from collections.abc import Iterable, Iterator
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType, NoneType
from typing import Any

#: Types whose values cannot change. Those of subclasses may, so types are compared exactly.
IMMUTABLE = frozenset({str, int, float, bool, bytes, NoneType})

# The descriptors themselves: a class, or its metaclass, may replace them by others.
_mro = type.__dict__["__mro__"].__get__
_own = type.__dict__["__dict__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__

traceback_of = BaseException.__dict__["__traceback__"].__get__

#: What a person, the interpreter or an event loop raises to end what runs now; botobs never stops it.
_ENDS = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError)
#: Libraries of green threads, which raise their own classes (`gevent.Timeout`, `GreenletExit`) for the same purpose.
_GREEN_THREADS = frozenset(("gevent", "greenlet", "eventlet"))

_SEQUENCES: tuple[Any, ...] = (list, tuple, deque, range, bytearray, array)
#: Libraries whose mappings are read by their own methods.
_MAPPING_LIBRARIES = frozenset(
    {
        *("_collections_abc", "collections", "os"),
        *("frozendict", "immutables", "multidict", "opentelemetry", "starlette", "werkzeug"),
    }
)
_READING = ("__iter__", "__getitem__", "__len__", "keys", "items", "__getattribute__")


def let_pass(error: BaseException) -> None:
    """Raise the exception that is being handled again if it is meant to end what runs; do nothing for any other.

    Args:
        error: The exception that is being handled.
    """
    kind = type(error)
    if issubclass(kind, Exception):
        return
    if issubclass(kind, _ENDS) or any(library_of(base) in _GREEN_THREADS for base in _mro(kind)):
        raise


class _Nothing:
    """What is not there."""


NOTHING: Any = _Nothing()


def class_name(kind: type) -> str:
    """The qualified name of a class without its module."""
    return str(_qualname(kind))


def module_of(kind: type) -> str:
    """The module that a class says it is of; empty if that is no text."""
    module = _module(kind)
    return module if type(module) is str else ""


def full_class_name(kind: type) -> str:
    """The qualified name of a class with its module, unless that is `builtins`."""
    name, module = class_name(kind), module_of(kind)
    return name if module in ("", "builtins") else f"{module}.{name}"


def library_of(kind: type) -> str:
    """The package that a class says it is of."""
    return module_of(kind).partition(".")[0]


def found(kind: type, name: str) -> tuple[type, Any]:
    """The class that gives instances of `kind` the attribute `name`, and what stands there; `NOTHING` without one."""
    for base in _mro(kind):
        own = _own(base)
        if name in own:
            return base, own[name]
    return object, NOTHING


def field(value: Any, name: str) -> Any:
    """The attribute `name` that an object keeps in its `__dict__` or in a slot; `NOTHING` if it keeps none there."""
    kind = type(value)
    for base in _mro(kind):
        descriptor = _own(base).get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            kept = descriptor.__get__(value)
            if issubclass(type(kept), dict) and (item := dict.get(kept, name, NOTHING)) is not NOTHING:
                return item
            break
    _, slot = found(kind, name)
    if type(slot) is MemberDescriptorType:
        try:
            return slot.__get__(value)
        except AttributeError:
            return NOTHING
    return NOTHING


def sequence(value: Any) -> Iterator[Any] | None:
    """The items of a list, a tuple and the like, subclasses too; None for what is none, or is read by its own code."""
    kind = type(value)
    for base in _SEQUENCES:
        if issubclass(kind, base):
            return base.__iter__(value)  # type: ignore[no-any-return]
    if kind is memoryview:
        items: Iterator[Any] = iter(value)
        return items
    if issubclass(kind, UserList):
        return sequence(field(value, "data"))
    return None


def mapping(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """The names and items of a dict and the like, subclasses too; None for what is none, or is read by its own code."""
    kind = type(value)
    if issubclass(kind, dict):
        return dict.items(value)
    if kind is MappingProxyType:
        # The proxy's methods call those of the mapping.
        return mapping(gc.get_referents(value)[0])
    if issubclass(kind, UserDict):
        return mapping(field(value, "data"))
    if issubclass(kind, ChainMap):
        return _chained(field(value, "maps"))
    return value.items() if _is_of_library(kind) else None


def _chained(maps: Any) -> Iterable[tuple[Any, Any]] | None:
    read = [mapping(each) for each in sequence(maps) or ()]
    return None if None in read else [pair for pairs in reversed(read) if pairs is not None for pair in pairs]


def _is_of_library(kind: type) -> bool:
    """Whether all that reads a mapping of this type is a library's."""
    if not all(found(kind, name)[1] is not NOTHING for name in ("__getitem__", "keys", "items")):
        return False
    owners = {found(kind, name)[0] for name in _READING} - {object}
    return all(library_of(owner) in _MAPPING_LIBRARIES for owner in owners)
