"""Orders over a WebSocket whose client waits for the response itself: one that comes after the client has given up
settles the order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import orders
from ...patching.guard import never_raise
from .answers import Answers
from .client_names import instrumentation_of
from .operation import Operation, library
from .settling import settle_one
from .state import Connection

#: Where exchanges carry the id of a request in it and in the response to it, the most telling first.
_IDS = ("request_id", "req_id", "reqId", "reqid", "id")


def expect(connection: Connection, operation: Operation, message: Any) -> None:
    """A request that submits one order is about to be sent over a connection."""
    if not isinstance(message, Mapping) or not request_id(message):
        return
    if connection.answers is None:
        connection.answers = Answers(instrumentation_of(operation.who[1], stream=True), request_id)
    connection.answers.expect(message, LateAnswer(operation))


def request_id(message: Mapping[str, Any]) -> str:
    """The id by which a decoded message is a request or the response to one; empty without one."""
    if message.get("ack") is True:
        # Gate says first that it has the request: https://www.gate.com/docs/developers/apiv4/ws/en/#api-request
        return ""
    # Gate has that of the caller in the payload, and another beside it.
    payload = message.get("payload")
    places = (payload, message) if isinstance(payload, Mapping) else (message,)
    found = (place.get(name) for place in places for name in _IDS)
    return next((str(each) for each in found if isinstance(each, str | int) and each != ""), "")


def _library(answer: LateAnswer, *_: Any) -> str:
    return library(answer.operation)


class LateAnswer:
    """One request; as long as its call runs, the client tells what comes of it."""

    __slots__ = ("operation",)

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    def sending(self, connection: Connection | None, message: Any) -> None:
        """It is sent by the client's own call."""

    @never_raise(_library)
    def answered(self, message: Mapping[str, Any], text: str) -> None:
        """The response has come."""
        exchange, names = self.operation.who[0], self.operation.sent_ids
        if not self.operation.done or not names or not orders.UNSETTLED.waiting:
            return
        status = message.get("status")
        outcome = orders.answer_outcome(exchange, status if isinstance(status, int) else None, text)
        if outcome != "unknown":
            settle_one(exchange, {}, outcome, names)

    def given_up(self, error: BaseException) -> None:
        """The call tells what its client makes of it."""
