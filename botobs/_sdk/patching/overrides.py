"""A method of a library's class that is watched, whoever overrides it: a class that derives from it, an object of it,
or the class itself, later."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import wrapt

from .patch import Patches

if TYPE_CHECKING:
    _Proxy = wrapt.CallableObjectProxy[Any]
else:
    # A type with a parameter only since wrapt 2.
    _Proxy = wrapt.CallableObjectProxy

Function = Callable[..., Any]
Hook = Callable[[Function], Function]


def replace_overridable(patches: Patches, owner: type, name: str, method: Function, hook: Hook) -> None:
    """Replace a method, and by `hook(function)` what users put in its place; both until the patches are undone.

    What is put into the class itself later is replaced when the next object of it is made.

    Args:
        patches: Take it back.
        owner: The class.
        name: Its method.
        method: Takes the place of the class's own.
        hook: Takes a function with the object as its first argument. What it returns may be called within the one of
            another class or object.
    """

    def found(cls: type) -> None:
        if inspect.isfunction(vars(cls).get(name)) and not isinstance(vars(cls)[name], _Overridable):
            patches.replace(cls, name, _Overridable(name, hook(vars(cls)[name]), hook))

    patches.replace(owner, name, _Overridable(name, method, hook))
    for cls in _derived(owner):
        found(cls)
    patches.replace(owner, "__init_subclass__", classmethod(_with_subclasses(owner, found)))
    if owner.__init__ is not object.__init__:  # type: ignore[misc]
        # Which takes what `__new__` took, as long as no class has an `__init__` of its own.
        patches.replace_method(owner, "__init__", functools.partial(_with_objects, owner, found))


class _Overridable:
    """In the place of a method: what the object itself has instead is watched when it is called."""

    def __init__(self, name: str, method: Function, hook: Hook) -> None:
        self._name = name
        self._method = method
        self._hook = hook

    # Tests' doubles of a class ask for it in the class's own dictionary.
    __class__ = property(lambda _: FunctionType)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self._method
        own = getattr(instance, "__dict__", {}).get(self._name)
        if own is None or self is not self._found(type(instance)):
            # Asked for by `super()`, the object's own is not meant.
            return MethodType(self._method, instance)
        return _Own(own, MethodType(self._hook(_with_object(own)), instance))

    def _found(self, cls: type) -> Any:
        return next(vars(base)[self._name] for base in cls.__mro__ if self._name in vars(base))

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self._name] = value

    def __delete__(self, instance: Any) -> None:
        if instance.__dict__.pop(self._name, self) is self:
            raise AttributeError(self._name)


class _Own(_Proxy):
    """What a user has put on an object, in all but that its calls are watched."""

    def __init__(self, own: Any, call: Function) -> None:
        super().__init__(own)
        self._self_call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._self_call(*args, **kwargs)


def _with_object(own: Function) -> Function:
    """A function that takes the object too, as the class's own does."""
    if inspect.iscoroutinefunction(own):

        async def call_async(_: Any, /, *args: Any, **kwargs: Any) -> Any:
            return await own(*args, **kwargs)

        return call_async

    def call(_: Any, /, *args: Any, **kwargs: Any) -> Any:
        return own(*args, **kwargs)

    return call


def _with_subclasses(owner: type, found: Callable[[type], None]) -> Function:
    derived = vars(owner).get("__init_subclass__")

    def init_subclass(cls: type, /, **kwargs: Any) -> None:
        if derived is None:
            super(owner, cls).__init_subclass__(**kwargs)  # type: ignore[arg-type]
        else:
            derived.__get__(None, cls)(**kwargs)
        found(cls)

    return init_subclass


def _with_objects(owner: type, found: Callable[[type], None], wrapped: Function) -> Function:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        for cls in type(self).__mro__:
            if issubclass(cls, owner):
                found(cls)
        wrapped(self, *args, **kwargs)

    return init


def _derived(owner: type) -> set[type]:
    nearest: set[type] = set(owner.__subclasses__())
    return nearest.union(*map(_derived, nearest))
