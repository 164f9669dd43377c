"""What is asked about: an alert, a bot, or an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .alerts import Alert


@dataclass(frozen=True)
class Subject:
    """It, as alerts see it.

    Attributes:
        kind: `alert`, `bot` or `order`.
        name: The alert, the bot's id or the client order id.
        alerts: What its state amounts to in alerts, whether they fire or not.
        what: One sentence.
        traceql: Finds the traces that belong to it.
        category: The error category that it carries itself, where it has one.
        error_type: The class of that error.
    """

    kind: Literal["alert", "bot", "order"]
    name: str
    alerts: tuple[Alert, ...]
    what: str
    traceql: str
    category: str = ""
    error_type: str = ""

    @property
    def since(self) -> float:
        """When it began, in seconds since the epoch."""
        return min(alert.since for alert in self.alerts)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its first alert."""
        return self.alerts[0].labels
