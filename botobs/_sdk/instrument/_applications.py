"""Frameworks whose applications are watched one by one: FastAPI, Flask, Starlette.

Upstream's instrumentors put a subclass in the place of the framework's class. Then `from fastapi import FastAPI` gives
another class before `init` than after it, `isinstance` is false for an application of the other one, its type has
another name, and a patch that somebody puts on one of the two, as Sentry does, is missing on the other. So the class
stays as it is: each application is given to the instrumentor's `instrument_app` when it has been made, and those that
exist already at once.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

from .. import providers
from ..patching.guard import never_raise
from ..patching.patch import Patches

#: Module and name of the class, by the name of its instrumentor.
CLASSES = {
    "fastapi": ("fastapi.applications", "FastAPI"),
    "flask": ("flask.app", "Flask"),
    "starlette": ("starlette.applications", "Starlette"),
}
#: What instrumentors set on an application that is watched.
_MARK = "_is_instrumented_by_opentelemetry"


class Search:
    """Looks for the applications that exist already.

    Each look is at every object of the program, so there is one for all frameworks: until `run` it only collects what
    is looked for.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[type[Any], Callable[[Any], None]]] | None = []

    def find(self, cls: type[Any], give: Callable[[Any], None]) -> None:
        """Hand over each instance of a class and of those derived from it.

        Args:
            cls: The class.
            give: Is called with each instance, by `run`, or at once where that is over.
        """
        if self._waiting is None:
            _find([(cls, give)])
        else:
            self._waiting.append((cls, give))

    def run(self) -> None:
        """Find what has been asked for."""
        waiting, self._waiting = self._waiting, None
        if waiting:
            _find(waiting)


def _find(wanted: Sequence[tuple[type[Any], Callable[[Any], None]]]) -> None:
    """An instance refers to its class, so the garbage collector finds it without our looking at each object."""
    # By identity: whoever wrote a class may have said what is equal to it.
    classes = {id(cls): cls for cls, _ in wanted}
    derived = list(classes.values())
    while derived:
        new = {id(found): found for found in type.__subclasses__(derived.pop()) if id(found) not in classes}
        classes |= new
        derived += new.values()
    for found in gc.get_referrers(*classes.values()):
        for cls, give in wanted:
            if issubclass(type(found), cls):
                give(found)


class Applications:
    """Watches the applications of one framework.

    Args:
        name: Of the instrumentor, a key of `CLASSES`.
        instrumentor: It; its module has imported the framework.
        patches: Those of its instrumentation.
        search: Finds those that exist already.
    """

    def __init__(self, name: str, instrumentor: Any, patches: Patches, search: Search) -> None:
        self._name = name
        self._search = search
        self._instrumentor = instrumentor
        self._patches = patches
        self._watched: WeakSet[Any] = WeakSet()
        self._watch = never_raise(name)(self._give)
        self._leave = never_raise(name)(self._take_back)

    def watch(self) -> None:
        """Watch those that exist and those to come."""
        module, name = CLASSES[self._name]
        cls = getattr(sys.modules[module], name)
        self._give_instrument_app = self._instrumentor.instrument_app
        self._patches.on_undo(self._leave_all)
        self._patches.replace_method(cls, "__init__", self._hook)
        self._patches.replace(
            type(self._instrumentor), "instrument_app", staticmethod(self._by_hand(self._give_instrument_app))
        )
        self._search.find(cls, self._watch)

    def _hook(self, init: Callable[..., None]) -> Callable[..., None]:
        def __init__(app: Any, /, *args: Any, **kwargs: Any) -> None:
            init(app, *args, **kwargs)
            self._watch(app)

        return __init__

    def _by_hand(self, instrument_app: Callable[..., Any]) -> Callable[..., Any]:
        """Of an application that the service gives the instrumentor itself, with hooks of its own, ours lets go."""

        @functools.wraps(instrument_app)
        def call(app: Any, /, *args: Any, **kwargs: Any) -> Any:
            self._leave(app)
            return instrument_app(app, *args, **kwargs)

        return call

    def _give(self, app: Any) -> None:
        if not getattr(app, _MARK, False):
            self._give_instrument_app(
                app, tracer_provider=providers.tracer_provider, meter_provider=providers.meter_provider
            )
            self._watched.add(app)

    def _take_back(self, app: Any) -> None:
        if app in self._watched:
            self._watched.discard(app)
            stack = getattr(app, "middleware_stack", None)
            self._instrumentor.uninstrument_app(app)
            if stack is None and hasattr(app, "middleware_stack"):
                # It builds one, and an application that has one takes no further middleware.
                app.middleware_stack = None

    def _leave_all(self) -> None:
        for app in list(self._watched):
            self._leave(app)
