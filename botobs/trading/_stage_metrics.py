"""Counts and times what an order comes to."""

from __future__ import annotations

import functools
from typing import Literal

from .._sdk.engine.constant import ConstantAttributes
from .._sdk.orders import Rejections
from ..semconv import trading as names
from ._recorder import Recorder
from ._stages import OPEN, OUTCOMES, Stage


class StageMetrics:
    """Counts the stages of one order, and times those that follow each other.

    Args:
        recorder: Where they are counted.
        rejections: Where the exchange's refusals are seen together.
        exchange: As it is called in `exchange.name`.
        bot_id: The bot's id, where it is known.
        kind: The order's type, where it is known.
        decided_at: When it was decided, on the recorder's clock, where that is known.
    """

    __slots__ = (
        "_acknowledged_at",
        "_bot_id",
        "_decided_at",
        "_doubted",
        "_exchange",
        "_kind",
        "_recorder",
        "_rejections",
        "_told",
    )

    def __init__(
        self,
        recorder: Recorder,
        rejections: Rejections,
        exchange: str,
        bot_id: str | None,
        kind: str | None,
        decided_at: float | None,
    ) -> None:
        self._recorder = recorder
        self._rejections = rejections
        self._exchange = exchange
        self._bot_id = bot_id
        self._kind = kind
        self._decided_at = decided_at
        self._acknowledged_at: float | None = None
        self._doubted = False
        self._told: frozenset[Stage] = frozenset()

    def count(self, stage: Stage, implied: bool = False) -> None:
        """The order has come to a stage; `implied` by another one that was reported.

        Each counts once, also that of an order that was refused and is sent again.
        """
        if stage in OPEN or stage == "rejected":
            if stage in self._told:
                return
            self._told |= {stage}
        recorder, now = self._recorder, self._recorder.elapsed()
        recorder.add(names.ORDER_STAGES, _of_stage(self._bot_id, stage))
        if stage == "submitted":
            recorder.add(names.ORDERS_SUBMITTED, _of_outcome(self._exchange, ""))
        if stage in ("acknowledged", "rejected") and self._decided_at is not None and not self._doubted:
            recorder.record(names.DECISION_TO_ACK, now - self._decided_at, _of_outcome(self._exchange, stage))
        if stage == "acknowledged":
            self._rejections.accepted(self._exchange)
            if not implied:
                self._acknowledged_at = now
        if stage == "rejected":
            self._rejections.rejected(self._exchange)
        if stage == "unknown":
            # The time until its next update is not the exchange's response time.
            self._doubted = True
        if stage == "filled" and self._acknowledged_at is not None:
            kind = {} if self._kind is None else {names.ORDER_TYPE: self._kind}
            attributes = {names.EXCHANGE_NAME: self._exchange, **kind}
            recorder.record(names.FILL_DURATION, now - self._acknowledged_at, attributes)
        if stage in OUTCOMES:
            recorder.add(names.ORDERS, _of_outcome(self._exchange, stage))


@functools.lru_cache(maxsize=1024)
def _of_stage(bot_id: str | None, stage: Stage) -> ConstantAttributes:
    return ConstantAttributes(({} if bot_id is None else {names.BOT_ID: bot_id}) | {names.ORDER_STAGE: stage})


@functools.lru_cache(maxsize=1024)
def _of_outcome(exchange: str, outcome: Stage | Literal[""]) -> ConstantAttributes:
    known = {names.EXCHANGE_NAME: exchange}
    return ConstantAttributes(known | ({names.ORDER_OUTCOME: outcome} if outcome else {}))
