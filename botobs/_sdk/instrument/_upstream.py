"""Instrumentors that other distributions bring by entry point: FastAPI, Flask, Django, redis, grpc, celery, psycopg, …

An instrumentor imports its library when it is loaded. botobs imports none by itself, so it waits until the program
imports the library and loads the instrumentor then.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, EntryPoints, PackageNotFoundError, distribution
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .. import providers
from ..patching.patch import Patches
from . import _applications, _replaced

if TYPE_CHECKING:
    from .base import Telemetry

#: Upstream names whose library one of ours watches under another name.
ALIASES = {
    "aiohttp_client": "aiohttp_client",
    "aiohttp_server": "aiohttp_server",
    "system_metrics": "runtime",
    "httpx2": "httpx",
}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)")
#: Instrumentors of libraries without a distribution, by the module to wait for.
STANDARD_LIBRARY = {
    "threading": "threading",
    "urllib": "urllib.request",
    "sqlite3": "sqlite3",
    "asyncio": "asyncio",
}
#: Functions after which an instrumentor is installed, in the module that is waited for. Django's reads the settings,
#: and where the program has not named them yet it sets empty ones.
AFTER = {"django": "setup"}
#: Instrumentors that are not installed, and why.
LEFT_ALONE = dict.fromkeys(
    ("click", "asyncclick"),
    "its span lasts as long as the command, and all requests of a server would be part of one endless trace",
)


class Missing(Exception):
    """The library that an instrumentor watches, or a fitting version of it, is not installed."""


#: The entry points that are instrumentors.
GROUP = "opentelemetry_instrumentor"


@dataclass(frozen=True, slots=True)
class Found:
    """An instrumentor that is installed.

    Attributes:
        name: With underscores, as our own have it.
        origin: Its distribution.
    """

    name: str
    origin: str
    entry_point: EntryPoint


def discover(offered: EntryPoints, covered: AbstractSet[str]) -> Iterator[Found]:
    """The instrumentors, of those that distributions offer as `GROUP`, of libraries that are not in `covered`."""
    for entry_point in offered:
        name = entry_point.name.lower().replace("-", "_")
        if ALIASES.get(name, name) in covered:
            continue
        origin = entry_point.dist.name if entry_point.dist is not None else "?"
        yield Found(name, origin, entry_point)


class UpstreamInstrumentation:
    """Installs one upstream instrumentor when its library is there.

    Args:
        found: Which.
        settle: Called with None when it works, else with what went wrong.
        tell: Called with a sentence that says what it will not see.
        search: Finds applications that exist already.
    """

    def __init__(
        self,
        found: Found,
        settle: Callable[[Exception | None], None],
        tell: Callable[[str], None],
        search: _applications.Search,
    ) -> None:
        self.name = found.name
        self._found = found
        self._settle = settle
        self._tell = tell
        self._search = search
        self._patches = Patches(self.name)
        self._instrumentor: Any = None

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Instrument now if the library is imported, else when it is."""
        modules = list(self._modules())
        if not modules:
            self._instrument()
            return
        for module in modules:
            self._patches.on_import(module, self._imported)

    def _imported(self, module: ModuleType) -> None:
        name = AFTER.get(self.name)
        if name is None or _is_set_up(module):
            self._instrument()
            return

        def hook(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def call(*args: Any, **kwargs: Any) -> Any:
                result = function(*args, **kwargs)
                self._instrument()
                return result

            return call

        self._patches.replace(module, name, hook(getattr(module, name)))

    def uninstall(self) -> None:
        """Uninstall the upstream instrumentor."""
        self._patches.undo()
        instrumentor, self._instrumentor = self._instrumentor, None
        if instrumentor is not None:
            instrumentor.uninstrument()

    def _instrument(self) -> None:
        if self._instrumentor is not None:
            return
        try:
            instrumentor = self._found.entry_point.load()()
            if instrumentor.is_instrumented_by_opentelemetry:
                raise RuntimeError("somebody else has instrumented it already")
            self._watch(instrumentor)
        except Missing as error:
            self._settle(error)
        except ModuleNotFoundError as error:
            self._settle(Missing(str(error)))
        except Exception as error:
            self._settle(error)

    def _watch(self, instrumentor: Any) -> None:
        # Loaded by every instrumentor, and by nothing before.
        from opentelemetry.instrumentation.dependencies import get_dependency_conflicts

        conflict = get_dependency_conflicts(instrumentor.instrumentation_dependencies())
        if conflict is not None:
            raise Missing(str(conflict))
        if self.name in _applications.CLASSES:
            _applications.Applications(self.name, instrumentor, self._patches, self._search).watch()
            self._settle(None)
            return
        before = _replaced.classes(self._modules())
        instrumentor.instrument(
            tracer_provider=providers.tracer_provider, meter_provider=providers.meter_provider
        )
        self._instrumentor = instrumentor
        _replaced.keep_generic(before)
        self._settle(None)
        if missed := _replaced.missed(before):
            self._tell(missed)

    def _modules(self) -> Iterator[str]:
        """Top-level modules of the libraries that it watches, as far as they are installed.

        Raises:
            Missing: None is installed.
        """
        if self.name in STANDARD_LIBRARY:
            yield STANDARD_LIBRARY[self.name]
            return
        if (library := _brought_by(self._found)) is not None:
            yield library
            return
        named = list(_named(self._found))
        installed = [found for library in named if (found := distribution_of(library)) is not None]
        if named and not installed:
            raise Missing(f"{' and '.join(named)} is not installed")
        for found in installed:
            yield from top_level(found)


def libraries_of(found: Found) -> Iterator[str]:
    """The distributions that an instrumentor watches, as far as they are installed."""
    return (library for library in _named(found) if distribution_of(library) is not None)


def _named(found: Found) -> Iterator[str]:
    dist = found.entry_point.dist
    for requirement in (dist.requires or []) if dist is not None else []:
        if "extra == 'instruments" in requirement or 'extra == "instruments' in requirement:
            match = _REQUIREMENT.match(requirement)
            if match is not None:
                yield match[1]


def _is_set_up(django: ModuleType) -> bool:
    """Whether a program that uses Django has done so far what `django.setup` does."""
    registry = sys.modules.get(f"{django.__name__}.apps")
    return registry is not None and registry.apps.ready


def _brought_by(found: Found) -> str | None:
    """The library that brings its instrumentor itself, which works without OpenTelemetry; None of all others."""
    dist = found.entry_point.dist
    always = [each for each in (dist.requires or []) if ";" not in each] if dist is not None else []
    package = found.entry_point.module.partition(".")[0]
    if dist is None or package == "opentelemetry" or any("opentelemetry" in each for each in always):
        return None
    return package


def distribution_of(name: str) -> Distribution | None:
    """The distribution that is installed under `name`."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def top_level(found: Distribution) -> set[str]:
    """The modules that a distribution is imported by."""
    named = found.read_text("top_level.txt")
    if named:
        return {line.strip() for line in named.splitlines() if line.strip() and not line.startswith("_")}
    modules = {file.parts[0].removesuffix(".py") for file in found.files or () if file.suffix == ".py"}
    return {module for module in modules if module.isidentifier() and not module.startswith("_")}
