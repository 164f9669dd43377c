"""The configuration with which a ccxt client connects to the simulator."""

from __future__ import annotations

import functools
from typing import Any

import ccxt.pro

from .credentials import API_KEY, PASSPHRASE, SECRET

#: Only the spot markets exist, and nothing is known about currencies but what the markets say.
_OPTIONS: dict[str, dict[str, Any]] = {
    "binance": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False},
    "okx": {"fetchMarkets": {"types": ["spot"]}},
}

#: The exchanges that are simulated, by ccxt's ids.
DIALECTS = tuple(_OPTIONS)


def ccxt_config(name: str, base_url: str) -> dict[str, Any]:
    """The constructor's argument for the ccxt class `name`, with every URL replaced by the simulator's.

    Args:
        name: ccxt's id of a simulated exchange: binance or okx.
        base_url: Where the simulator listens, such as `http://127.0.0.1:8083`.

    Raises:
        ValueError: The exchange is not simulated.
    """
    if name not in DIALECTS:
        raise ValueError(f"the exchange simulator does not simulate {name!r}, only {', '.join(DIALECTS)}")
    return {
        "apiKey": API_KEY,
        "secret": SECRET,
        "password": PASSPHRASE,
        "urls": {"api": _addresses(name, base_url.rstrip("/") + f"/{name}")},
        "has": {"fetchCurrencies": False},
        "options": _OPTIONS[name],
    }


def _addresses(name: str, base: str) -> dict[str, Any]:
    """Every URL that the client knows, moved to `base`; what is not simulated returns 404."""
    socket = "ws" + base.removeprefix("http")
    moved: dict[str, Any] = _moved(_known_addresses(name), base, socket)
    if name == "okx":
        return moved | {"rest": base, "ws": f"{socket}/ws/v5"}
    # ccxt recognises spot streams by "/stream" in the address.
    moved["ws"] |= {"spot": f"{socket}/stream/ws"}
    moved["ws"]["ws-api"] |= {"spot": f"{socket}/ws-api/v3"}
    return moved | {"public": f"{base}/api/v3", "private": f"{base}/api/v3"}


@functools.cache
def _known_addresses(name: str) -> Any:
    return getattr(ccxt.pro, name)().urls["api"]


def _moved(address: Any, base: str, socket: str) -> Any:
    if isinstance(address, dict):
        return {key: _moved(value, base, socket) for key, value in address.items()}
    return f"{socket if address.startswith('ws') else base}/nowhere"
