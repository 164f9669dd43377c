"""Exchange clients and socket libraries that botobs does not watch: what is seen of each all the same, and the way out.

The names are those of modules and distributions on PyPI; a library that is watched is in the registry instead.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import Literal

_DESCRIBE = "describe it with botobs.clients.ExchangeClient"
_FEED = "report its messages with botobs.trading.feed"

Kind = Literal["http", "sockets", "both"]

#: Clients of exchanges: distribution by module, and what they talk over.
_CLIENTS: dict[str, tuple[str, Kind]] = {
    "bfxapi": ("bitfinex-api-py", "both"),
    "bitmex": ("bitmex", "http"),
    "cbpro": ("cbpro", "both"),
    "cryptofeed": ("cryptofeed", "sockets"),
    "dydx3": ("dydx-v3-python", "http"),
    "dydx_v4_client": ("dydx-v4-client", "both"),
    "gate_api": ("gate-api", "http"),
    "ib_async": ("ib_async", "sockets"),
    "ib_insync": ("ib_insync", "sockets"),
    "ibapi": ("ibapi", "sockets"),
    "kraken": ("python-kraken-sdk", "both"),
    "kucoin": ("python-kucoin", "both"),
    "oandapyV20": ("oandapyV20", "http"),
    "py_clob_client": ("py-clob-client", "http"),
    "pykrakenapi": ("pykrakenapi", "http"),
    "python_bitvavo_api": ("python-bitvavo-api", "both"),
    "tastytrade": ("tastytrade", "both"),
    "unicorn_binance_rest_api": ("unicorn-binance-rest-api", "http"),
    "unicorn_binance_websocket_api": ("unicorn-binance-websocket-api", "sockets"),
}
#: Socket libraries that are not watched.
_SOCKETS: dict[str, str] = {
    "autobahn": "autobahn",
    "httpx_ws": "httpx-ws",
    "pysher": "Pysher",
    "signalrcore": "signalrcore",
    "socketio": "python-socketio",
    "ws4py": "ws4py",
}


@dataclass(frozen=True, slots=True)
class UnwatchedClient:
    """An exchange client or a socket library that is installed and not watched.

    Attributes:
        module: The name by which it is imported.
        library: The distribution.
        imported: Whether this process has imported it.
        reason: What of it is not seen, and what is.
        way_out: What can be done.
    """

    module: str
    library: str
    imported: bool
    reason: str
    way_out: str


_SEEN: dict[Kind, str] = {
    "http": "botobs has no description of it: its calls are HTTP requests of the library below it",
    "sockets": "botobs has no description of it: of its sockets what the library below it shows",
    "both": "botobs has no description of it: its calls and sockets are those of the libraries below it",
}


def unwatched_clients(described: Collection[str] = ()) -> Iterator[UnwatchedClient]:
    """The unwatched clients that are installed here, exchange clients first.

    Args:
        described: Modules of libraries that another distribution's description watches.
    """
    for module, (library, kind) in _CLIENTS.items():
        if _is_installed(library) and module not in described:
            way_out = _FEED if kind == "sockets" else _DESCRIBE
            yield UnwatchedClient(module, library, module in sys.modules, _SEEN[kind], way_out)
    for module, library in _SOCKETS.items():
        if _is_installed(library):
            reason = "its connections are not seen, nor that they are lost or silent"
            yield UnwatchedClient(module, library, module in sys.modules, reason, _FEED)


def _is_installed(library: str) -> bool:
    try:
        distribution(library)
    except PackageNotFoundError:
        return False
    return True
