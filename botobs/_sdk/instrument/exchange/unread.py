"""What has come of a refusal that its user does not read: its code may say that the order is there all the same."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any

from ... import orders
from ...safe import never_raise


def is_empty(headers: Any) -> bool:
    """Whether an answer says that it has no body, so that nothing of it is unread."""
    return headers is not None and headers.get("Content-Length") == "0"


def body_of(response: Any, name: str, status: object) -> Callable[[], object]:
    """A function that returns an answer's body as far as it is at hand, as bytes; anything else where nothing is.

    Args:
        response: The library's.
        name: Where the library keeps the body once it is read.
        status: The HTTP status. Of an error the beginning is looked at where it stands, in the library's buffers.
    """
    if not isinstance(status, int) or status < 400:
        return lambda: getattr(response, name, None)
    early = _waiting(response)

    def body() -> object:
        kept = getattr(response, name, None)
        return kept if isinstance(kept, bytes) else early or _waiting(response) or None

    return body


@never_raise
def _waiting(response: Any) -> bytes:
    if type(response).__module__.startswith("aiohttp."):
        content = response.content
        return b"".join(getattr(content, "_buffer", ()))[getattr(content, "_buffer_offset", 0) :]
    # requests' has urllib3's, and that the standard library's.
    for name in ("raw", "_fp"):
        if not isinstance(response, http.client.HTTPResponse):
            response = getattr(response, name, response)
    return _buffered(response.fp) if isinstance(response, http.client.HTTPResponse) else b""


def _buffered(reader: Any) -> bytes:
    """What has come, without waiting for more or taking it away from whoever reads it later."""
    connection = None if reader is None else reader.raw._sock
    if connection is None:
        return b""
    timeout = connection.gettimeout()
    connection.settimeout(0)
    try:
        return bytes(reader.peek(orders.LONGEST_TEXT))
    finally:
        connection.settimeout(timeout)
