"""Starts the bot manager: `python -m demo.bot_manager`."""

from __future__ import annotations

import logging
import os

from aiohttp import web

import botobs

from .app import create_app
from .config import Config


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    botobs.init("bot-manager")
    logging.basicConfig(level=logging.INFO)
    config = Config.from_environ(os.environ)
    web.run_app(
        create_app(config),
        host="127.0.0.1",
        port=config.port,
        access_log=None,
        shutdown_timeout=5.0,
        print=None,
    )


if __name__ == "__main__":
    main()
