"""Counts what could not be measured or encoded, for the metrics of the export, and logs each reason once."""

from __future__ import annotations

import os
import sys

from ..safe import Log, class_name

_logger = Log("botobs")

#: Different messages that are logged in the life of a process.
_MAX_LOGGED = 1000


class Faults:
    """Counts losses. Safe to use from several threads: a race may lose a count."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over, as a forked child does."""
        self._lost = self._taken = 0
        self._logged: set[tuple[str, str]] = set()

    def lose(self, subject: str, message: str, *arguments: object, items: int = 1) -> None:
        """Count `items` of `subject` that are lost, and log why unless that was logged before; never raises."""
        self._lost += items
        self.log_once(subject, message, *arguments)

    def refuse(self, metric: str, amount: object) -> None:
        """Count an amount that `metric` cannot take: no number, not finite, or negative where it must not be."""
        kind = type(amount)
        plain = kind is float or (kind is int and abs(amount) < sys.float_info.max)  # type: ignore[arg-type]
        shown = amount if plain else class_name(kind)
        self.lose(metric, "%s cannot take %s: such amounts are left out", metric, shown)

    def log_once(self, subject: str, message: str, *arguments: object) -> None:
        """Log a message about `subject`, unless it was logged before."""
        key = (subject, message)
        if key in self._logged or len(self._logged) >= _MAX_LOGGED:
            return
        self._logged.add(key)
        _logger.warning(message, *arguments)

    def take(self) -> int:
        """The number of items lost since the last call."""
        lost, self._taken = self._lost - self._taken, self._lost
        return lost


#: Of this process: one engine runs in it at a time.
FAULTS = Faults()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FAULTS.forget)
