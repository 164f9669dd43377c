"""The application database: its address and its tables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import asyncpg

URL_VARIABLE = "DEMO_DATABASE_URL"
SCHEMA = Path(__file__).with_name("schema.sql")


def database_url(environ: Mapping[str, str]) -> str:
    """The address of the application database, `postgresql://user:password@host:port/name`.

    Raises:
        SystemExit: `DEMO_DATABASE_URL` is not set.
    """
    url = environ.get(URL_VARIABLE)
    if not url:
        raise SystemExit(
            f"{URL_VARIABLE} is not set: give the address of a PostgreSQL database, postgresql://..."
        )
    return url


async def apply_schema(url: str) -> None:
    """Create the tables that are missing in the database at `url`."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(await asyncio.to_thread(SCHEMA.read_text, encoding="utf-8"))
    finally:
        await connection.close()
