"""One HTTP request of an exchange client: its duration, and what its response says of limits, clock and order."""

from __future__ import annotations

import functools
import re
import time
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context, trace

from ....semconv import exchange as semconv
from ... import orders
from ...context import current as current_context
from ...patching.guard import never_raise
from ...upstream import SUPPRESS_HTTP_INSTRUMENTATION
from . import errors, reconciling
from .http_answer import STATED, HttpAnswer
from .names import ASIDES, CANCELS, IMPLICIT, PREPARES
from .operation import ASIDE, Operation, current, library
from .scope import ContextScope
from .series_attributes import of_client, of_request
from .standing import is_listen_key
from .telemetry import ExchangeTelemetry

#: With what Kraken only checks an order.
_VALIDATES = re.compile(r"(^|&)validate=true", re.IGNORECASE)
_TEMPLATE = re.compile(r"[A-Za-z0-9_\-./{}:]{1,160}")


class Request(ContextScope):
    """One HTTP request. The HTTP library's own instrumentation is off meanwhile: it would record the signed URL and
    send our trace id to the exchange."""

    __slots__ = (
        "_answer",
        "_api",
        "_aside",
        "_exchanges",
        "_http",
        "_method",
        "_path",
        "_seen",
        "_started",
        "exchange",
        "operation",
        "status",
        "who",
    )

    def __init__(
        self,
        exchanges: ExchangeTelemetry,
        who: tuple[str, str],
        api: str,
        url: str,
        method: str,
        body: Any = None,
    ) -> None:
        self._exchanges = exchanges
        self._api = api
        self._method = method if method.isalpha() and len(method) < 8 else "_OTHER"
        self.who = who = reconciling.marked(who)
        self.status: int | None = None
        self._answer = ""
        self._path = url.partition("?")[0]
        self.exchange = exchanges.exchange(who[0])
        self.operation = current()
        self._aside = self._method == "GET" or current_context().get(ASIDE) is self.operation
        self._seen: list[orders.HttpRequest] = []
        # The witness of a block leaves these requests to us.
        super().__init__({**current_context(), orders.WATCHER: self, SUPPRESS_HTTP_INSTRUMENTATION: True})
        if self.operation is not None:
            self.operation.requests += 1
            if self.operation.requests == 1:
                self.operation.span.set_attributes(_described(self._path, self._method))
            if orders.is_trial(self._path) or _validates(body):
                self._aside = True
                self.operation.only_tries()
            if not self._aside:
                self.operation.writes(body or url)
        exchanges.requests_active.add(1, of_client(*who))
        endpoint = self.operation.template if self.operation is not None else ""
        account = self.operation.account if self.operation is not None else ""
        self._http = HttpAnswer(exchanges, who, endpoint, account)
        self._started = time.monotonic()

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """The response was received."""
        self.leave()
        self._record(None)

    def fail(self, error: BaseException) -> None:
        """The request failed, or its response says so."""
        self.leave(error)
        self._record(error)

    def _record(self, error: BaseException | None) -> None:
        if self.status is None and self._seen:
            self._take_answer(self._seen[-1])
        attempts = self.operation.attempts if self.operation is not None else None
        if attempts is not None and self._aside:
            attempts.aside(error)
        elif attempts is not None:
            attempts.ended(error, self.status, self._answer, self._written(), self._before())
        self._measure(error)
        if is_listen_key(self._path):
            self._note_listen_key(error)
        if error is not None and self.status not in STATED:
            self._count_refusal(error)

    @never_raise(library)
    def _take_answer(self, seen: orders.HttpRequest) -> None:
        """Take what the HTTP library was answered, where the user's class reads answers in its own way."""
        seen.catch_up()
        if seen.read and seen.error is None:
            self._note_answer(seen.status, seen.answer)

    @never_raise(library)
    def _count_refusal(self, error: BaseException) -> None:
        """Exchanges also say in a response that is otherwise well that there were too many requests."""
        category = errors.category(error, "rest", self.status, self.who[0], self._answer)
        if category in ("rate_limit", "ban"):
            self._http.refused(category, self.status)

    @never_raise(library)
    def _note_listen_key(self, error: BaseException | None) -> None:
        path = urlsplit(self._path).path
        self.exchange.standing.asked_for_listen_key(self._method, path, error is not None, self._answer)

    def request(self, method: str, url: str, body: object = None) -> orders.HttpRequest | None:  # noqa: ARG002 - a Watcher
        """The HTTP library is about to send it, or to send it again after a redirection."""
        if self.operation is None:
            return None
        if self.operation.attempts is None:
            # A call of an endpoint may be an order, for all that is known here.
            witness = orders.current_witness() if self.operation.name == IMPLICIT else None
            return None if witness is None else witness.request(method, url)
        if self._aside:
            return None
        # What stays of an address from order to order is taken apart once.
        seen = orders.HttpRequest(method, urlsplit(url.partition("?")[0]).path)
        self._seen.append(seen)
        return seen

    def _before(self) -> orders.Outcome | None:
        """What became of it before the answer that the client got, where a session or its library has repeated it."""
        if any(seen.repeated for seen in self._seen):
            return "unknown"
        return orders.requests_outcome(self._seen[:-1], self.who[0])

    def _written(self) -> bool | None:
        """Whether bytes of it reached a connection; None where nobody would have seen them."""
        if any(seen.written for seen in self._seen):
            return True
        return False if self._seen and all(seen.watched for seen in self._seen) else None

    @never_raise(library)
    def _measure(self, error: BaseException | None) -> None:
        duration = time.monotonic() - self._started
        who = of_client(*self.who)
        self._exchanges.requests_active.add(-1, who)
        kind = "" if error is None else errors.error_type(error)
        attributes = of_request(*self.who, self._api, self._method, self.status, kind)
        self._exchanges.request_duration.record(duration, attributes)
        if self.operation is not None and self.operation.requests > 1:
            event = {key: value for key, value in attributes.items() if key not in who}
            self.operation.span.add_event("exchange.request", {**event, "duration": duration})

    def answered(self, status: Any, headers: Any, body: Any) -> None:
        """The response's status, headers and body are known."""
        received = time.time()
        text = body if isinstance(body, str) else ""
        # First: what comes next may fail, and the outcome of an order hangs on this.
        self._note_answer(status if isinstance(status, int) else None, text)
        if self.operation is not None:
            self.operation.answered_at = (self._http.sent_at, received)
        self._http.read(self.status, headers, text)

    def _note_answer(self, status: int | None, text: str) -> None:
        self.status = status
        self._answer = text[: orders.LONGEST_TEXT]
        if self.operation is not None:
            self.operation.status = self.status
            self.operation.answer = self._answer


class Aside(ContextScope):
    """What a call that submits an order does besides: its requests say nothing about the order."""

    __slots__ = ()

    def __init__(self, operation: Operation) -> None:
        super().__init__(context.set_value(ASIDE, operation))

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """The call besides the order returned."""
        self.leave()

    def fail(self, error: BaseException) -> None:
        """The call besides the order raised `error`."""
        self.leave(error)


def begin_aside(instance: Any, name: str) -> Aside | None:
    """Open a scope around what a call that submits an order does besides, such as loading markets."""
    running = current()
    if running is None or running.attempts is None or running.owner != id(instance):
        return None
    return Aside(running) if name in PREPARES | CANCELS or name.startswith(ASIDES) else None


def current_request() -> Request | None:
    """The HTTP request that the running code belongs to."""
    found = context.get_value(orders.WATCHER)
    return found if isinstance(found, Request) else None


def _validates(body: Any) -> bool:
    return isinstance(body, str) and "validate" in body and _VALIDATES.search(body) is not None


def template(path: Any) -> str:
    """An endpoint's path as ccxt writes it, with placeholders for values; empty if it looks like anything else."""
    text = str(path)
    return text if _TEMPLATE.fullmatch(text) else ""


@functools.lru_cache(maxsize=256)
def _described(address: str, method: str) -> dict[str, str]:
    known = {semconv.HTTP_METHOD: method}
    host = urlsplit(address).hostname
    return {**known, semconv.SERVER_ADDRESS: host} if host else known


def set_server(span: trace.Span, url: str) -> None:
    """Put the host of `url` on a span, and nothing else of it."""
    parts = urlsplit(url)
    if parts.hostname:
        span.set_attribute(semconv.SERVER_ADDRESS, parts.hostname)
