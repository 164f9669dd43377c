"""Exchange clients and socket libraries that are not watched are named, each with the reason and the way out."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from types import ModuleType

import pytest

from botobs._sdk.instrument import registry
from botobs._sdk.instrument.exchange import unwatched
from botobs._sdk.instrument.registry import REGISTRY, State


def _install(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    def distribution(name: str) -> object:
        if name not in libraries:
            raise PackageNotFoundError(name)
        return object()

    monkeypatch.setattr(unwatched, "distribution", distribution)


def test_an_installed_one_is_named_with_reason_and_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "oandapyV20", "ws4py")
    monkeypatch.setitem(sys.modules, "ws4py", ModuleType("ws4py"))
    client, sockets = unwatched.unwatched_clients()
    assert (client.library, client.imported) == ("oandapyV20", False)
    assert "HTTP requests" in client.reason and "ExchangeClient" in client.way_out
    assert (sockets.library, sockets.imported) == ("ws4py", True)
    assert "trading.feed" in sockets.way_out


def test_one_that_somebody_describes_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "oandapyV20")
    assert not list(unwatched.unwatched_clients({"oandapyV20"}))


def test_none_is_watched() -> None:
    watched = {name for name, _ in REGISTRY}
    assert not watched & {*unwatched._CLIENTS, *unwatched._SOCKETS}


def test_the_state_of_a_process_names_those_that_it_has_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "oandapyV20", "cbpro")
    monkeypatch.setitem(sys.modules, "oandapyV20", ModuleType("oandapyV20"))
    reported = [each for each in registry.Instrumentations().look() if each.origin in ("oandapyV20", "cbpro")]
    assert [(each.name, each.state) for each in reported] == [("oandapyV20", State.UNWATCHED)]
    assert "describe it" in reported[0].detail
