"""The tables that the bot manager owns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Root of the ORM classes."""

    type_annotation_map = {datetime: DateTime(timezone=True), int: BigInteger}  # noqa: RUF012


class Bot(Base):
    """One bot, and where it is in its life."""

    __tablename__ = "bots"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    exchange: Mapped[str]
    symbol: Mapped[str]
    order_notional: Mapped[Decimal]
    interval_seconds: Mapped[float]
    state: Mapped[str]
    desired: Mapped[str]
    restarts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    state_since: Mapped[datetime] = mapped_column(server_default=func.now())
    heartbeat_at: Mapped[datetime | None]


class BotEvent(Base):
    """Something that happened to a bot."""

    __tablename__ = "bot_events"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    bot_id: Mapped[int] = mapped_column(ForeignKey("bots.id"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    kind: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
