"""The requests of one WebSocket that wait for their responses, each found by the id that both carry."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ...patching.guard import never_raise

#: Seconds after which no response is expected any more. Binance's connectors wait as long; pybit and python-okx leave
#: it to the caller.
ANSWERED_WITHIN = 20.0
#: Seconds in which a response that comes too late still settles the order.
_REMEMBERED = 3600.0
#: Requests of one connection that are remembered; beyond them the oldest is given up.
_MOST = 1000


class Request(Protocol):
    """What waits for a response. Its methods never raise."""

    def answered(self, message: Mapping[str, Any], text: str) -> None:
        """The response has come, perhaps after the request was given up."""

    def given_up(self, error: BaseException) -> None:
        """No response will come, or none in time."""


class _Waiting:
    __slots__ = ("request", "since", "too_late")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.since = time.monotonic()
        self.too_late = False


def _client(answers: Answers, *_: Any) -> str:
    return answers.client_name


class Answers:
    """What one connection's requests wait for. Safe to use from the thread that sends and the one that receives.

    Args:
        client_name: The instrumentation that a mistake is counted under.
        identify: Says by which id a decoded message belongs to a request; empty for one that belongs to none.
    """

    __slots__ = ("_identify", "_waiting", "client_name")

    def __init__(self, client_name: str, identify: Callable[[Mapping[str, Any]], str]) -> None:
        self.client_name = client_name
        self._identify = identify
        self._waiting: dict[str, _Waiting] = {}

    def expect(self, message: Mapping[str, Any], request: Request) -> None:
        """`message` is about to be sent for `request`."""
        identity = self._identify(message) or f"none-{id(request)}"
        before = self._waiting.get(identity)
        if before is not None and before.request is not request:
            # The same id again: to which of the two a response belongs is unknown.
            self._give_up(before, TimeoutError())
        if len(self._waiting) >= _MOST:
            oldest = next(iter(self._waiting), None)
            dropped = self._waiting.pop(oldest, None) if oldest is not None else None
            if dropped is not None:
                self._give_up(dropped, TimeoutError())
        self._waiting[identity] = _Waiting(request)

    @never_raise(_client)
    def look(self, data: str | bytes | bytearray | memoryview) -> None:
        """A message was received. It is decoded only where a request waits for its response."""
        text = data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
        if not any(identity in text for identity in list(self._waiting)):
            return
        message = json.loads(text)
        if not isinstance(message, Mapping):
            return
        found = self._waiting.pop(self._identify(message), None)
        if found is not None:
            found.request.answered(message, text)

    def lost(self) -> None:
        """The connection has ended: requests without a response will get none."""
        waiting, self._waiting = self._waiting, {}
        for each in list(waiting.values()):
            self._give_up(each, ConnectionResetError())

    def expire(self) -> None:
        """Give up requests that wait for too long."""
        now = time.monotonic()
        for identity, each in list(self._waiting.items()):
            if now - each.since > ANSWERED_WITHIN:
                self._give_up(each, TimeoutError())
            if now - each.since > _REMEMBERED:
                self._waiting.pop(identity, None)

    @staticmethod
    def _give_up(waiting: _Waiting, error: BaseException) -> None:
        if not waiting.too_late:
            waiting.too_late = True
            waiting.request.given_up(error)
