"""Which instrumentation a client belongs to: its failures are counted under it, and it is switched off by it."""

from __future__ import annotations

from . import reconciling

_STREAMS = {"ccxt.pro": "ccxt_ws", "aiohttp": "aiohttp_ws"}


def instrumentation_of(client: str, stream: bool = False) -> str:
    """The name of an instrumentation.

    Args:
        client: Value of `exchange.client`.
        stream: Of what it sends over WebSockets, instead of HTTP.
    """
    if stream and client in _STREAMS:
        return _STREAMS[client]
    return "ccxt" if client.startswith("ccxt.") or client == reconciling.CLIENT else client
