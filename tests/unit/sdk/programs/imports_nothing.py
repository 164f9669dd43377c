"""Starts, and has none of the libraries imported that are watched."""

from __future__ import annotations

import sys

import botobs

botobs.init()
watched = (
    "sqlalchemy asyncpg aiohttp httpx requests ccxt websockets structlog loguru fastapi starlette packaging"
)
assert not set(watched.split()) & set(sys.modules)
