"""Patches that can be undone, and import hooks that can be switched off."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from . import failures
from ._wrapper import Watched
from .guard import report
from .imports import when_imported

_MISSING = object()


def _replace_everywhere(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    name = old.__name__
    for holder in list(sys.modules.values()):
        if isinstance(holder, ModuleType) and vars(holder).get(name) is old:
            setattr(holder, name, new)


def _binds(owner: Any, name: str) -> bool:
    """Whether what an attribute of a class holds is called with the object, as a function is.

    A mock that stands in a method's place, or any other object that can be called, is called without it.
    """
    return not isinstance(owner, type) or hasattr(type(inspect.getattr_static(owner, name)), "__get__")


class Patches:
    """The patches of one instrumentation, undone together in reverse order."""

    def __init__(self, library: str = "unknown") -> None:
        """Start without patches.

        Args:
            library: Whose, for the count of failures.
        """
        self._library = library
        self._undo: list[Callable[[], None]] = []

    def wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        """Replace `owner.name` by `wrapper(wrapped, instance, args, kwargs)`, with the arguments that wrapt gives it.

        A mock that stands there is left alone.

        Args:
            owner: A module or class.
            name: Attribute of `owner`; for a class the attribute may be inherited.
            wrapper: Called in place of the original.
        """
        if not _binds(owner, name):
            return
        original = getattr(owner, name) if isinstance(owner, ModuleType) else vars(owner).get(name, _MISSING)
        target = getattr(owner, name) if original is _MISSING else original
        self.replace(owner, name, Watched(target, wrapper, owner, name))

    def replace(self, owner: Any, name: str, value: Any) -> None:
        """Set `owner.name` to `value` until `undo`."""
        original = vars(owner).get(name, _MISSING)
        setattr(owner, name, value)

        def undo() -> None:
            # Another library may have patched over us; removing its patch would be worse than leaving ours inside it.
            # One that has taken its patch back has put there what it had read from the class.
            held = vars(owner).get(name)
            if held is not value and held is not getattr(value, "_self_of_class", value):
                return
            if original is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, original)

        self._undo.append(undo)

    def replace_method(
        self, owner: type, name: str, hook: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Replace a method by `hook(method)`, which goes by its name. A mock that stands there is left alone.

        Args:
            owner: The class.
            name: The method, which may be inherited.
            hook: Makes the replacement, a plain function: cheaper to call than what `wrap` puts in place.
        """
        if _binds(owner, name):
            method = getattr(owner, name)
            self.replace(owner, name, functools.wraps(method)(hook(method)))

    def replace_function(self, function: Callable[..., Any], value: Callable[..., Any]) -> None:
        """Replace a function in every module that holds it by its name until `undo`.

        Modules that have imported a function hold it themselves; some are imported while it is replaced.
        """
        _replace_everywhere(function, value)
        self._undo.append(lambda: _replace_everywhere(value, function))

    def on_undo(self, action: Callable[[], None]) -> None:
        """Run `action` when the patches are undone."""
        self._undo.append(action)

    def on_import(self, module: str, action: Callable[[ModuleType], None]) -> None:
        """Run `action(module)` now if `module` is imported, else when it is, unless `undo` came first.

        Name the package, not a module in it: a package's modules are imported while it is half made. What `action`
        raises later is counted and reported: the program's import must not fail for it.
        """
        if module in sys.modules:
            action(sys.modules[module])
            return

        def hook(imported: ModuleType) -> None:
            try:
                action(imported)
            except Exception as error:
                report(self._library, error)
                failures.give_up(self._library, f"{type(error).__name__}: {error}")

        self._undo.append(when_imported(module, hook))

    def undo(self) -> None:
        """Take every patch back and forget the import hooks."""
        while self._undo:
            self._undo.pop()()
