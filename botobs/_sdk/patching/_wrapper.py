"""What stands in place of a function that is watched: wrapt's proxy, which is taken for the function itself.

Beyond what wrapt does, it is copied and pickled by its name as functions are; `cls.method is cls.method` holds, by
which libraries find out what a subclass has overridden; and `object.method` is a method as any other.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from types import MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

if TYPE_CHECKING:
    _Bound = wrapt.BoundFunctionWrapper[Any, Any]
    _Function = wrapt.FunctionWrapper[Any, Any]
else:
    # Types only since wrapt 2.
    _Bound, _Function = wrapt.BoundFunctionWrapper, wrapt.FunctionWrapper


class _Named:
    """Copied and pickled by its name; wrapt refuses both. Printed as the function."""

    # Older releases of wrapt have attributes that allow no others beside them.
    __slots__ = ()

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        return pkgutil.resolve_name, (self._place(),)

    def __reduce_ex__(self, _: Any) -> Any:
        return self.__reduce__()

    def __repr__(self) -> str:
        return repr(self.__wrapped__)  # type: ignore[attr-defined]

    def _place(self) -> str:
        raise NotImplementedError


class _OfClass(_Named, _Bound):
    """A method as it is read from its class; may be put back there, as who replaces a method for a while does."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if self._self_binding != "function" or self._self_instance is not None:
            return super().__get__(instance, owner)
        return self if instance is None else MethodType(self, instance)

    def _place(self) -> str:
        return str(self._self_parent._self_place)


class Watched(_Named, _Function):
    """Calls `wrapper(wrapped, instance, args, kwargs)` in place of a function.

    Args:
        target: The function.
        wrapper: Called in its place.
        owner: The module or class that `target` is an attribute of.
        name: Of that attribute.
    """

    __bound_function_wrapper__ = _OfClass

    def __init__(self, target: Any, wrapper: Callable[..., Any], owner: Any, name: str) -> None:
        super().__init__(target, wrapper)
        self._self_place = (
            f"{owner.__name__}:{name}"
            if isinstance(owner, ModuleType)
            else f"{owner.__module__}:{owner.__qualname__}.{name}"
        )
        # With the class that defines it: objects of all its subclasses are its objects.
        method = isinstance(owner, type) and self._self_binding == "function"
        self._self_of_class: Any = super().__get__(None, owner) if method else None

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        of_class = self._self_of_class
        if of_class is None:
            return super().__get__(instance, owner)
        return of_class if instance is None else MethodType(of_class, instance)

    def _place(self) -> str:
        return str(self._self_place)
