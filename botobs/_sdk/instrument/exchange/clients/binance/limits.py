"""What the responses of Binance's WebSocket API say about limits, whichever client has asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ......semconv import exchange as semconv
from ...state import Connection
from ...telemetry import ExchangeTelemetry


def read_limits(exchanges: ExchangeTelemetry, connection: Connection, message: Mapping[str, Any]) -> None:
    """Take a response into account, and count it if it refuses the request for its rate."""
    if connection.exchange.limits.read_socket(message):
        status = message["status"]
        attributes = {
            semconv.NAME: connection.key[0],
            semconv.ERROR_CATEGORY: "ban" if status == 418 else "rate_limit",
            semconv.HTTP_STATUS: status,
        }
        exchanges.rejections.add(1, attributes)
