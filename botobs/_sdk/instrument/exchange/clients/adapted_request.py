"""One request over a WebSocket of a library that an `ExchangeClient` describes: from its call to its response.

The call returns when the message is written, or waits for the response; both are the same here: what was written waits
for the message that answers it, for the end of the connection, or for the time after which nobody expects it.
"""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Mapping
from typing import Any

from opentelemetry import context

from .....semconv import exchange as semconv
from .... import orders
from ....patching.guard import never_raise
from .. import errors
from ..answers import Answers
from ..awaited import SENDING
from ..http_answer import HttpAnswer
from ..names import BATCHES, EDITS, SUBMITS
from ..operation import Operation, library
from ..settling import settle_one
from ..state import Connection
from ..telemetry import ExchangeTelemetry
from .adapted_call import STATUS_OF_NONE, begin_described, exchange_of
from .described import DescribedCall
from .protocol import Call, ExchangeClient
from .streams import raw


def begin_request(
    exchanges: ExchangeTelemetry,
    client: ExchangeClient,
    instance: Any,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    users: bool,
) -> SocketCall | None:
    """Open the scope of a request; None for one that is not watched, or whose response would not be seen.

    `users` says that it goes through a function of the user's, and not the library's own.

    Raises:
        Exception: Whatever `client` raises.
    """
    arguments = signature.bind(instance, *args, **kwargs).arguments
    call = client.request(instance, arguments)
    opened = None if call is None else client.socket(instance)
    if call is None or (opened is not None and raw.of_any(opened) is None):
        return None
    evidence = orders.OrderRequests(exchange_of(exchanges, client, instance), lambda: not users)
    operation = begin_described(exchanges, client, instance, arguments, call, evidence)
    return None if operation is None else SocketCall(exchanges, client, call, operation, evidence, users)


class SocketCall(DescribedCall):
    """A request, and whoever waits for its answer."""

    __slots__ = ("_awaited", "_seen", "_sent_at")

    def __init__(
        self,
        exchanges: ExchangeTelemetry,
        client: ExchangeClient,
        call: Call,
        operation: Operation,
        evidence: orders.OrderRequests,
        users: bool,
    ) -> None:
        self._seen = orders.HttpRequest("", call.path)
        # A function of the user's may send in a way that is not watched.
        self._seen.watched = not users
        evidence.requests.append(self._seen)
        self._sent_at = 0.0
        self._awaited = False
        super().__init__(exchanges, client, call, operation, evidence, context.set_value(SENDING, self))

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the response says it
        """The call returned; a response to what it has written may have come, or is waited for."""
        self.pause()
        self._end(None)

    def fail(self, error: BaseException) -> None:
        """The call raised `error`: what it has written may be answered all the same."""
        self.leave(error)
        self._operation.leave(error)
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if self._awaited or self._operation.done:
            return
        # Nothing was written, or over a connection whose answers are not seen.
        self._seen.failed(error or ConnectionError())
        if self._seen.written:
            error = self._seen.error
        if error is None:
            self._operation.finish(None)
        else:
            self._operation.fail(error)

    @never_raise(library)
    def sending(self, connection: Connection | None, message: Any) -> None:
        """`message` is about to be written."""
        # First: what comes next may fail, and the outcome of an order hangs on this.
        self._seen.written = True
        self._sent_at = time.time()
        decoded = json.loads(message)
        self._operation.requests += 1
        self._operation.writes(decoded)
        if connection is None:
            return
        self._operation.span.set_attribute(semconv.SERVER_ADDRESS, connection.key[2])
        if connection.answers is None:
            connection.answers = Answers(self._client.name, self._client.request_id)
        connection.answers.expect(decoded, self)
        self._awaited = True

    @never_raise(library)
    def answered(self, message: Mapping[str, Any], text: str) -> None:
        """The response was received."""
        result, refused = self._unified(message), self._refused(message)
        stated = message.get("status")
        status = stated if isinstance(stated, int) else None
        operation = self._operation
        self._seen.answered(status or STATUS_OF_NONE, text)
        if operation.done:
            self._settle(result, text, status)
            return
        operation.status, operation.answer = status, self._seen.answer
        operation.answered_at = (self._sent_at, time.time())
        self._read(message)
        operation.finish(result, refused or "")

    @never_raise(library)
    def given_up(self, error: BaseException) -> None:
        """No response will come, or none in time."""
        if not self._operation.done:
            self._seen.failed(error)
            self._operation.fail(error)

    def _settle(self, result: Any, text: str, status: int | None) -> None:
        """An answer that comes too late settles the orders that were given up."""
        name = self._operation.name
        if name not in SUBMITS | EDITS or not orders.UNSETTLED.waiting:
            return
        if name not in BATCHES:
            outcome = orders.answer_outcome(self.who[0], status or STATUS_OF_NONE, text)
            given = str(self._call.order.get("clientOrderId") or "")
            if outcome != "unknown":
                settle_one(self.who[0], result, outcome, [given] if given else ())
            return
        for each in result if isinstance(result, list) else ():
            if isinstance(each, Mapping) and "code" not in each:
                settle_one(self.who[0], each, "accepted")

    @never_raise(library)
    def _read(self, message: Mapping[str, Any]) -> None:
        exchange = self._exchanges.exchange(self.who[0])
        moment = self._client.time(self._call, message)
        if moment is not None:
            exchange.clock.add(*self._operation.answered_at, moment, 0.001, time.monotonic())
        # Only Binance's responses say what this reads, in all of its clients.
        exchange.limits.read_socket(message, self._operation.account)
        for stated in self._client.limits(self._call, message):
            exchange.limits.state(stated, self._operation.account)
        category = errors.answered(self.who[0], self._operation.status, self._operation.answer)
        if category in ("rate_limit", "ban"):
            HttpAnswer(self._exchanges, self.who, self._call.path).refused(category, self._operation.status)
