"""Upstream's functions that fail within a request, with a stand-in for the modules of frameworks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.context import attach, get_value, set_value

from botobs._sdk.instrument.web import _grpc, guarded
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
def upstream(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module in the place of each that is guarded."""
    made = ModuleType("upstream")
    made.__dict__.update(_DjangoMiddleware=Middleware, collect_request_attributes=lambda environ: 1 / environ)
    for module in guarded.FUNCTIONS:
        monkeypatch.setitem(sys.modules, module, made)
    return made


@contextmanager
def guarding() -> Iterator[None]:
    patches = Patches("tested")
    guarded.guard(patches)
    try:
        yield
    finally:
        patches.undo()


def test_what_fails_is_counted_and_fails_nothing(upstream: Any) -> None:
    before = dict(counts())
    with guarding():
        assert upstream.collect_request_attributes(2) == 0.5
        assert upstream.collect_request_attributes(0) == {}
        middleware = upstream._DjangoMiddleware()
        assert middleware.process_request("x") is None
        assert middleware.process_response("x", "the response") == "the response"
    assert all(counts()[name] > before.get(name, 0) for name in ("wsgi", "django"))
    with pytest.raises(ZeroDivisionError):
        upstream.collect_request_attributes(0)
    with pytest.raises(ValueError, match="x"):
        Middleware().process_request("x")


def test_names_are_few(upstream: Any) -> None:
    upstream.get_default_span_name = lambda environ: f"GET {environ['PATH_INFO']}"
    upstream._get_default_span_details = lambda scope: (scope["name"], {"http.route": "/a"})
    with guarding():
        assert upstream.get_default_span_name({"PATH_INFO": "/made-up"}) == "GET"
        assert upstream.get_default_span_name({}) == "HTTP"
        names = ("GET /a", "MADE-UP /a", "MADEUP", "/ws/{id}", "POST")
        found = [upstream._get_default_span_details({"name": name})[0] for name in names]
        assert found == ["GET /a", "HTTP /a", "HTTP", "/ws/{id}", "POST"]


def test_an_application_of_falcon_keeps_its_middleware(upstream: Any) -> None:
    class Falcon:
        def __init__(self, middleware: Any = None) -> None:
            middleware.insert(0, "upstream's")
            self.middleware = middleware

    upstream._InstrumentedFalconAPI = Falcon
    shared = ["its own"]
    with guarding():
        for given in (shared, ("its own",), iter(["its own"])):
            assert upstream._InstrumentedFalconAPI(middleware=given).middleware == ["upstream's", "its own"]
    assert shared == ["its own"]


class Span:
    name = ended = ""

    def update_name(self, name: str) -> None:
        self.name = name

    def end(self) -> None:
        self.ended = "ended"


@pytest.mark.parametrize(("method", "name"), [("GET", ""), ("MADE-UP", "HTTP /a/{x}")])
def test_a_response_of_falcon_is_named_by_known_methods(upstream: Any, method: str, name: str) -> None:
    class Middleware:
        def process_response(self, *_: Any) -> None:
            raise ValueError

    upstream._TraceMiddleware = Middleware
    span = Span()
    request = SimpleNamespace(
        env={"opentelemetry-falcon.span_key": span}, method=method, uri_template="/a/{x}"
    )
    with guarding():
        upstream._TraceMiddleware().process_response(request, "response", "resource", True)
    assert span.name == name


class OfTheService(Exception):
    """What a view raises."""


@pytest.mark.parametrize("fails", ["before", "after", "never"])
@pytest.mark.parametrize("raises", [False, True])
def test_a_tween_of_pyramid_fails_no_request(upstream: Any, fails: str, raises: bool) -> None:
    def factory(handler: Any, registry: object) -> Any:
        def tween(request: Any) -> Any:
            request.environ["opentelemetry-pyramid.span_key"] = span
            attach(set_value("left", "behind"))
            if fails == "before":
                raise ValueError("of the tween")
            try:
                return handler(request)
            finally:
                if fails == "after":
                    raise ValueError("of the tween")

        return tween

    def view(request: Any) -> str:
        if raises:
            raise OfTheService
        return "the response"

    upstream.trace_tween_factory = factory
    span, request = Span(), SimpleNamespace(environ={})
    with guarding():
        tween = upstream.trace_tween_factory(view, "registry")
        if raises:
            with pytest.raises(OfTheService) as caught:
                tween(request)
            assert caught.value.__context__ is None
        else:
            assert tween(request) == "the response"
    assert get_value("left") is None
    assert bool(span.ended) is (fails != "never")


class Handled:
    """A servicer's context, as upstream wraps it."""

    def __init__(self) -> None:
        self.codes: list[Any] = []
        self._servicer_context = SimpleNamespace(set_code=self.codes.append)

    def set_code(self, code: Any) -> None:
        """As upstream's, which reads the code."""
        self.codes.append(code.value[1])


def test_methods_and_codes_of_grpc(upstream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interceptor:
        def _start_span(self, details: Any, context: object) -> str:
            service, _ = details.method.lstrip("/").split("/", 1)
            return f"{details.method} of {service}"

    upstream.OpenTelemetryServerInterceptor = Interceptor
    upstream._OpenTelemetryServicerContext = Handled
    monkeypatch.setattr(_grpc, "_MOST_METHODS", 2)
    monkeypatch.setattr(_grpc, "_methods", set())
    with guarding():
        start = upstream.OpenTelemetryServerInterceptor()._start_span
        found = [
            start(SimpleNamespace(method=method), "context") for method in ("/a/b", "/none", "//none", "/c/d")
        ]
        assert found == ["/a/b of a", "/other/other of other", "/other/other of other", "/c/d of c"]
        assert start(SimpleNamespace(method="/e/f"), "context") == "/other/other of other"
        context = upstream._OpenTelemetryServicerContext()
        for code in (SimpleNamespace(value=(5, "not found")), 5, None):
            context.set_code(code)
        assert context.codes == ["not found", 5, None]


def test_metadata_of_grpc_keeps_all_values_of_a_key() -> None:
    pairs = _grpc.Metadata((("k", "1"), ("traceparent", "old"), ("k", "2")))
    pairs["traceparent"] = "new"
    assert list(pairs.items()) == [("k", "1"), ("k", "2"), ("traceparent", "new")]
    assert list(_grpc.Metadata({"k": "1"}).items()) == [("k", "1")]
