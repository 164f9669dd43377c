"""What the calls of a library that an `ExchangeClient` describes share, over HTTP and over a WebSocket."""

from __future__ import annotations

from typing import Any

from opentelemetry import context

from .... import orders
from ....patching.guard import never_raise
from ..operation import Operation, library
from ..scope import ContextScope
from ..telemetry import ExchangeTelemetry
from .protocol import Call, ExchangeClient


class DescribedCall(ContextScope):
    """One call: the place of its operation in the context, and its own inside that.

    Args:
        exchanges: Where it is reported.
        client: What is said of the library.
        call: What is said of the call.
        operation: Its span, and what is recorded about it.
        evidence: What its requests say of orders.
        entered: The context that it runs in.
    """

    __slots__ = ("_call", "_client", "_evidence", "_exchanges", "_operation", "who")

    def __init__(
        self,
        exchanges: ExchangeTelemetry,
        client: ExchangeClient,
        call: Call,
        operation: Operation,
        evidence: orders.OrderRequests,
        entered: context.Context,
    ) -> None:
        self._exchanges = exchanges
        self._client = client
        self._call = call
        self._operation = operation
        self._evidence = evidence
        self.who = operation.who
        super().__init__(entered)

    def pause(self) -> None:
        """Leave the context."""
        super().pause()
        self._operation.pause()

    def resume(self) -> None:
        """Enter it again."""
        self._operation.resume()
        super().resume()

    @never_raise(library)
    def _unified(self, result: Any) -> Any:
        return self._client.result(self._call, result)

    @never_raise(library)
    def _refused(self, result: Any) -> str:
        return self._client.error(self._call, result)
