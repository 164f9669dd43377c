"""Starts the trading engine: `python -m botobs._demo.trading_engine`."""

from __future__ import annotations

import os

import botobs

from ..serving import serve
from .app import create_app
from .config import Config


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    botobs.init("trading-engine")
    config = Config.from_environ(os.environ)
    serve(create_app(config), config.port)


if __name__ == "__main__":
    main()
