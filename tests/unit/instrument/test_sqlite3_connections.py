"""A connection of sqlite3 is backed up into another one, both behind upstream's proxies.

The proxy is upstream's in its outline: the instrumentor is not among the tests' dependencies.
"""

from __future__ import annotations

import sqlite3
import sys
from types import ModuleType
from typing import Any

import pytest
import wrapt

from botobs._sdk.instrument.databases.sqlite3 import Sqlite3Connections

MODULE = "opentelemetry.instrumentation.dbapi"


class Proxy(wrapt.ObjectProxy[Any]):
    def __init__(self, connection: Any, integration: Any = None) -> None:
        super().__init__(connection)


def test_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(MODULE)
    vars(module).update(TracedConnectionProxy=Proxy, get_traced_connection_proxy=Proxy)
    monkeypatch.setitem(sys.modules, MODULE, module)
    instrumentation = Sqlite3Connections()
    instrumentation.install(None)  # type: ignore[arg-type]
    try:
        one, other = (module.get_traced_connection_proxy(sqlite3.connect(":memory:"), None) for _ in "ab")
        assert type(module.get_traced_connection_proxy(object())) is Proxy
    finally:
        instrumentation.uninstall()
    assert module.get_traced_connection_proxy is Proxy
    one.execute("create table t as select 7")
    pages: list[int] = []
    one.backup(other, pages=-1, progress=lambda *status: pages.append(status[0]))
    assert other.execute("select * from t").fetchall() == [(7,)]
    assert pages
    with sqlite3.connect(":memory:") as plain:
        one.backup(plain)
        assert plain.execute("select * from t").fetchall() == [(7,)]
    with pytest.raises(TypeError):
        Proxy(sqlite3.connect(":memory:")).backup(other)
    one.close()
    other.close()
