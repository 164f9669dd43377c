"""Starts the exchange simulator: `python -m demo.exchange_simulator`."""

from __future__ import annotations

import logging
import os

from aiohttp import web

from .app import create_app
from .config import Config


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO)
    config = Config.from_environ(os.environ)
    web.run_app(
        create_app(config.behaviour),
        host="127.0.0.1",
        port=config.port,
        access_log=None,
        shutdown_timeout=2.0,
        print=None,
    )


if __name__ == "__main__":
    main()
