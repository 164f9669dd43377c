"""What the HTTP instrumentations share: names, safe URLs, one meter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from opentelemetry.metrics import Histogram, Meter, MeterProvider, NoOpMeter

from ....semconv import http as semconv
from ..base import Telemetry

#: The content type of server-sent events, which end only with the connection.
EVENT_STREAM = "text/event-stream"

_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)


def method_of(method: str) -> str:
    """The method as an attribute: a known one in upper case, or `_OTHER`."""
    method = method.upper()
    return method if method in _METHODS else "_OTHER"


def span_name(method: str, route: str | None = None) -> str:
    """`{method} {route}`, as the conventions name HTTP spans."""
    shown = "HTTP" if method == "_OTHER" else method
    return f"{shown} {route}" if route else shown


def without_query(url: object) -> str:
    """`url` without query, fragment, user and password: what is left identifies the call and holds no key."""
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class ClientMeterProvider(MeterProvider):
    """Gives the upstream client instrumentors one histogram, ours, whichever of them asks.

    Their own meters differ by name alone and so collide in Prometheus, and their buckets end at 10 s.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._meter = _ClientMeter(semconv.CLIENT_REQUEST_DURATION.create(telemetry.meter("http")))

    def get_meter(self, *_args: Any, **_kwargs: Any) -> Meter:
        """The meter with the shared histogram."""
        return self._meter


class _ClientMeter(NoOpMeter):
    def __init__(self, duration: Histogram) -> None:
        super().__init__("botobs.http")
        self._duration = duration

    def create_histogram(self, name: str, *args: Any, **kwargs: Any) -> Histogram:
        if name == semconv.CLIENT_REQUEST_DURATION.name:
            return self._duration
        return super().create_histogram(name, *args, **kwargs)
