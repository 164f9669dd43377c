"""Looks at the functions of libraries as frameworks do: signatures, kinds, names, pickles, copies."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import typing
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.same.described import text
from tests.support.same.scene import Scene


def _functions(name: str) -> Iterator[tuple[str, Any]]:
    """The functions of a module, and the methods of its classes."""
    module = importlib.import_module(name)
    for key, found in sorted(vars(module).items()):
        if inspect.isclass(found) and found.__module__ == name:
            for method in dir(found):
                if "__" not in method or method == "__init__":
                    yield f"{key}.{method}", getattr(found, method, None)
        elif inspect.isroutine(found):
            yield key, found


def _outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as error:
        return type(error).__name__


def _looked_at(found: Any) -> Any:
    return (
        _outcome(lambda: str(inspect.signature(found))),
        (
            inspect.iscoroutinefunction(found),
            inspect.isgeneratorfunction(found),
            inspect.isasyncgenfunction(found),
        ),
        (
            inspect.isfunction(found),
            inspect.ismethod(found),
            inspect.isroutine(found),
            inspect.isclass(found),
        ),
        getattr(found, "__qualname__", None),
        getattr(found, "__module__", None),
        (getattr(found, "__doc__", None) or "")[:20],
        _outcome(lambda: copy.deepcopy(found) == found and copy.copy(found) == found),
        _outcome(lambda: pickle.loads(pickle.dumps(found)) == found),
        _outcome(lambda: text(repr(found)) if callable(found) else None),
        _outcome(lambda: sorted(typing.get_type_hints(found))),
    )


def _look(*modules: str) -> dict[str, Any]:
    return {f"{module}.{name}": _looked_at(found) for module in modules for name, found in _functions(module)}


def standard_library(scene: Scene) -> Any:
    return _look(
        "asyncio.base_events",
        "concurrent.futures.thread",
        "http.client",
        "logging",
        "multiprocessing.pool",
        "multiprocessing.process",
        "os",
        "signal",
        "threading",
    )


def web(scene: Scene) -> Any:
    return _look(
        "aiohttp.client",
        "aiohttp.client_reqrep",
        "aiohttp.web_protocol",
        "httpx._client",
        "requests.sessions",
        "urllib3.connectionpool",
        "websockets.asyncio.connection",
        "websockets.sync.connection",
    )


def databases_and_logs(scene: Scene) -> Any:
    return _look(
        "asyncpg.connection",
        "asyncpg.pool",
        "sqlalchemy.pool.base",
        "sqlalchemy.engine.default",
        "structlog._base",
        "loguru._logger",
    )
