"""One HTTP request as a CLIENT span and a duration, for client libraries whose requests can be wrapped whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.propagate import inject
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
    use_span,
)

from ....semconv import http as semconv
from ...patching.guard import never_raise
from ...safe import class_name
from ..base import Telemetry
from ._http import method_of, span_name, without_query


class Call:
    """A request that is under way."""

    __slots__ = ("outcome", "shared", "span", "started")

    def __init__(self, shared: dict[str, Any], span: Span) -> None:
        self.shared = shared
        self.span = span
        self.outcome: dict[str, Any] = {}
        self.started = time.perf_counter()

    def answered(self, status: int, protocol_version: str | None) -> None:
        """Note the response: `status`, and the version of HTTP such as `1.1`."""
        self.outcome[semconv.HTTP_RESPONSE_STATUS_CODE] = status
        if protocol_version:
            self.outcome["network.protocol.version"] = protocol_version
        if status >= 400:
            self.outcome["error.type"] = str(status)


class ClientCalls:
    """Records the requests of one library."""

    def __init__(self, telemetry: Telemetry, scope: str) -> None:
        self._tracer = telemetry.tracer(scope)
        self._duration = semconv.CLIENT_REQUEST_DURATION.create(telemetry.meter("http"))

    @contextmanager
    def call(self, method: str, url: str, headers: Any) -> Iterator[Call]:
        """Record a request for the length of a block, failed ones too.

        Args:
            method: As the caller gave it.
            url: With query and user info, which are dropped before it is recorded.
            headers: A mapping; takes the context of the trace.
        """
        call = self._begin(method, url)
        if call is None:
            yield Call({}, INVALID_SPAN)
            return
        try:
            with use_span(call.span, record_exception=False, set_status_on_exception=False):
                self._inject(headers)
                yield call
        except Exception as error:
            # The message of a failed connection holds the whole URL: only its class is kept. A request that is given
            # up, by a cancellation for example, has not failed.
            call.outcome["error.type"] = class_name(type(error))
            raise
        finally:
            self._end(call)

    @staticmethod
    @never_raise("http")
    def _inject(headers: Any) -> None:
        inject(headers)

    @never_raise("http")
    def _begin(self, method: str, url: str) -> Call:
        known = method_of(method)
        safe_url = without_query(url)
        shared: dict[str, Any] = {semconv.HTTP_REQUEST_METHOD: known, **_server(safe_url)}
        attributes = {**shared, semconv.URL_FULL: safe_url}
        if known == "_OTHER":
            attributes[semconv.HTTP_REQUEST_METHOD_ORIGINAL] = method
        return Call(
            shared, self._tracer.start_span(span_name(known), kind=SpanKind.CLIENT, attributes=attributes)
        )

    @never_raise("http")
    def _end(self, call: Call) -> None:
        seconds = time.perf_counter() - call.started
        try:
            call.span.set_attributes(call.outcome)
            if "error.type" in call.outcome:
                call.span.set_status(Status(StatusCode.ERROR, call.outcome["error.type"]))
            self._duration.record(seconds, {**call.shared, **call.outcome}, set_span_in_context(call.span))
        finally:
            call.span.end()


def _server(url: str) -> dict[str, str | int]:
    parts = urlsplit(url)
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        port = None
    server: dict[str, str | int] = {"server.address": parts.hostname} if parts.hostname else {}
    if port is not None:
        server["server.port"] = port
    return server
