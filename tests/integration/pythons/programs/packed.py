"""Is packed into one file with all that it imports."""

from __future__ import annotations

from contextlib import suppress

import requests

import botobs
from botobs import trading
from botobs._sdk.instrument.exchange.hosts import exchange_at


def main() -> None:
    handle = botobs.init("packed")
    with trading.order("o-1", exchange="binance").submission():
        pass
    with suppress(requests.ConnectionError):
        requests.get("http://127.0.0.1:9")
    print([status.name for status in handle.instrumentations if status.state == "failed"])
    # It is a file of the package that says so.
    print(exchange_at("api.binance.com"))


if __name__ == "__main__":
    main()
