"""Classes that an instrumentor replaces in their module, and who has the original already.

Instrumentors of frameworks put a subclass in the place of `flask.Flask`. A module that said `from flask import Flask`
before, and a subclass that was made before, keep the original, and what they make is not watched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

#: Of each class that a module offers: the module, the class's name in it, and the class.
Classes = list[tuple[ModuleType, str, type]]
#: Whose own modules take the originals, in order to replace them.
_INSTRUMENTORS = "opentelemetry"
#: Places that a message names.
_NAMED = 3


def classes(modules: Iterable[str]) -> Classes:
    """The classes that the imported ones of `modules` offer."""
    found = [sys.modules[name] for name in modules if name in sys.modules]
    return [
        (module, name, value)
        for module in found
        for name, value in list(vars(module).items())
        if isinstance(value, type) and not name.startswith("_")
    ]


def keep_generic(before: Classes) -> None:
    """Let replacements take the type arguments that the originals take: `falcon.App[Request, Response]`."""
    for module, name, original in before:
        replacement = getattr(module, name, original)
        parameters = getattr(original, "__parameters__", ())
        if replacement is not original and parameters:
            setattr(replacement, "__parameters__", parameters)  # noqa: B010


def missed(before: Classes) -> str:
    """Names of those that use a class of `before` that has been replaced since; empty if there are none."""
    return " ".join(
        text
        for module, name, original in before
        if (replacement := getattr(module, name, original)) is not original
        and (text := _sentence(module.__name__, name, original, replacement))
    )


def _sentence(module: str, name: str, original: type, replacement: object) -> str:
    package = module.partition(".")[0]
    holders = sorted({*_importers(package, original), *_subclasses(package, original, replacement)})
    if not holders:
        return ""
    places = ", ".join(holders[:_NAMED]) + (", …" if len(holders) > _NAMED else "")
    return (
        f"{places} took {name} of {module} before botobs.init(), and what they make of it is not watched. "
        f"Call botobs.init() before they are imported, or give the instrumentor what was made: instrument_app(app) "
        "where it has that."
    )


def _importers(package: str, original: type) -> Iterator[str]:
    """Modules outside of `package` that have `original` among their names."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in (package, _INSTRUMENTORS) or not isinstance(module, ModuleType):
            continue
        if any(value is original for value in list(vars(module).values())):
            yield name


def _subclasses(package: str, original: type, replacement: object) -> Iterator[str]:
    subclasses: list[type] = type.__subclasses__(original)
    for subclass in subclasses:
        home = subclass.__module__
        if subclass is not replacement and home.partition(".")[0] not in (package, _INSTRUMENTORS):
            yield f"{home}.{subclass.__qualname__}"
