"""Upstream's functions that fail within a request, with a stand-in for the modules of frameworks."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from botobs._sdk.instrument.web import guarded
from botobs._sdk.patching.failures import counts
from botobs._sdk.patching.patch import Patches


class Middleware:
    """As upstream's of Django, which reads the request and raises."""

    def process_request(self, request: str) -> None:
        """Read a request."""
        raise ValueError(request)

    def process_response(self, request: str, response: str) -> str:
        """Read a request that has its response."""
        raise ValueError(request + response)


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A module in the place of each that is guarded."""
    made = ModuleType("upstream")
    made.__dict__.update(_DjangoMiddleware=Middleware, collect_request_attributes=lambda environ: 1 / environ)
    for functions in guarded.FUNCTIONS.values():
        for function in functions:
            monkeypatch.setitem(sys.modules, function.module, made)
    return made


@pytest.mark.parametrize("name", ["flask", "django"])
def test_what_fails_is_counted_and_fails_nothing(upstream: Any, name: str) -> None:
    patches = Patches(name)
    before = counts().get(name, 0)
    guarded.guard(patches, name)
    try:
        if name == "flask":
            assert upstream.collect_request_attributes(2) == 0.5
            assert upstream.collect_request_attributes(0) == {}
        else:
            middleware = upstream._DjangoMiddleware()
            assert middleware.process_request("x") is None
            assert middleware.process_response("x", "the response") == "the response"
    finally:
        patches.undo()
    assert counts()[name] > before
    with pytest.raises((ValueError, ZeroDivisionError)):
        upstream.collect_request_attributes(0) if name == "flask" else Middleware().process_request("x")


def test_of_all_others_nothing_is_touched() -> None:
    patches = Patches("redis")
    guarded.guard(patches, "redis")
    assert not patches._undo


def test_names_are_few(upstream: Any) -> None:
    upstream.get_default_span_name = lambda environ: f"GET {environ['PATH_INFO']}"
    upstream._get_default_span_details = lambda scope: (scope["name"], {"http.route": "/a"})
    patches = Patches("names")
    guarded.guard(patches, "flask")
    guarded.guard(patches, "starlette")
    try:
        assert upstream.get_default_span_name({"PATH_INFO": "/made-up"}) == "GET"
        assert upstream.get_default_span_name({}) == "HTTP"
        names = ("GET /a", "MADE-UP /a", "MADEUP", "/ws/{id}", "POST")
        found = [upstream._get_default_span_details({"name": name})[0] for name in names]
        assert found == ["GET /a", "HTTP /a", "HTTP", "/ws/{id}", "POST"]
    finally:
        patches.undo()
