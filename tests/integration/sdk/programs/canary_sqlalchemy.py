"""Secrets in statements, values and addresses of SQLAlchemy."""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy
from sqlalchemy import text

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin

begin()
engine = sqlalchemy.create_engine("sqlite://")
with engine.connect() as connection:
    connection.execute(text("CREATE TABLE keys (name TEXT UNIQUE, secret TEXT)"))
    connection.execute(text(f"INSERT INTO keys VALUES ('binance', '{KEY}') -- {KEY}"))
    connection.execute(text("INSERT INTO keys VALUES (:name, :secret)"), {"name": SHORT, "secret": KEY})
    for statement in (
        f"INSERT INTO keys VALUES ('binance', '{SHORT}')",
        f"SELECT * FROM missing WHERE x = '{SHORT}'",
    ):
        with suppress(sqlalchemy.exc.SQLAlchemyError), botobs.span("storing"):
            connection.execute(text(statement))
with suppress(sqlalchemy.exc.SQLAlchemyError), botobs.span("connecting"):
    sqlalchemy.create_engine(f"sqlite:////none/such/{KEY}?password={SHORT}").connect()
