"""Runs one of the demo's HTTP servers as a process."""

from __future__ import annotations

import logging
import os

import asyncpg
from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

#: Seconds that requests under way have to end when the process receives a signal to stop.
SHUTDOWN_TIMEOUT = 5.0


def serve(app: web.Application, port: int) -> None:
    """Serve `app` on 127.0.0.1, or the address that `DEMO_BIND` names, until SIGTERM or Ctrl-C.

    Raises:
        SystemExit: It cannot start: the port is taken, or the database cannot be used.
    """
    logging.basicConfig(level=logging.INFO)
    try:
        web.run_app(
            app,
            host=os.environ.get("DEMO_BIND") or "127.0.0.1",
            port=port,
            access_log=None,
            shutdown_timeout=SHUTDOWN_TIMEOUT,
            print=None,
        )
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise SystemExit(f"the service cannot start: {error}") from None
