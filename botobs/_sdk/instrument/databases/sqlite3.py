"""Connections of sqlite3 that upstream's instrumentor watches.

It puts a proxy in the place of each. `backup` is written in C and takes the other connection as it is alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.patch import Patches
from ..base import Telemetry


class Sqlite3Connections:
    """Has the proxy of a connection take another one for `backup`."""

    name = "sqlite3_connections"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Patch what makes the proxies, once it is imported."""
        self._patches.on_import("opentelemetry.instrumentation.dbapi", self._patch)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType) -> None:
        class TracedConnectionProxy(module.TracedConnectionProxy):  # type: ignore[name-defined,misc]
            def backup(self, target: Any, **options: Any) -> None:
                self.__wrapped__.backup(getattr(target, "__wrapped__", target), **options)

        def hook(make: Callable[..., Any]) -> Callable[..., Any]:
            def proxy_of(connection: Any, *rest: Any, **named: Any) -> Any:
                library = sys.modules.get("sqlite3")
                of_sqlite = library is not None and isinstance(connection, library.Connection)
                return (TracedConnectionProxy if of_sqlite else make)(connection, *rest, **named)

            return proxy_of

        name = "get_traced_connection_proxy"
        self._patches.replace(module, name, hook(getattr(module, name)))
