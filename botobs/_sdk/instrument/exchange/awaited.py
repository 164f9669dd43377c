"""How a request over a WebSocket reaches the code that writes its message: through the context."""

from __future__ import annotations

from typing import Any, Protocol

from opentelemetry import context

from .state import Connection

#: In the context of the code that sends a request: the `Awaited` that its message belongs to.
SENDING = context.create_key("botobs-exchange-socket-request")


class Awaited(Protocol):
    """One request. Its method never raises."""

    def sending(self, connection: Connection | None, message: Any) -> None:
        """`message` is about to be written to a connection; None for one that is not watched."""
