"""Starts the exchange simulator: `python -m botobs._demo.exchange_simulator`."""

from __future__ import annotations

import os

from ..serving import serve
from .app import create_app
from .config import Config


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = Config.from_environ(os.environ)
    serve(create_app(config.behaviour), config.port)


if __name__ == "__main__":
    main()
