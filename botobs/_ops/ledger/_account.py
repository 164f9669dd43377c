"""What is written down for one service, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spans:
    """The spans of a service.

    Attributes:
        produced: Started and recorded in the service.
        dropped: Given up in the SDK, by reason.
        acknowledged: Answered for by the collector.
        sampled_out: Left out by the collector's sampling, or in a sampler's memory when it was killed.
        stored: Found in Tempo.
        stored_for_sure: Those of them that were started before the service last told how many it had started.
    """

    produced: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    sampled_out: int = 0
    stored: int = 0
    stored_for_sure: int = 0

    @property
    def missing(self) -> int:
        """Acknowledged, to be kept, and not stored."""
        return max(0, self.acknowledged - self.sampled_out - self.stored)

    @property
    def duplicate(self) -> int:
        """Stored beyond what was ever made."""
        return max(0, self.stored_for_sure - self.produced)


@dataclass(frozen=True)
class Exports:
    """The metric exports of a service, each of which carries its number.

    Attributes:
        acknowledged: As many as the highest stored number of each process says.
        missing: Numbers below it that are not stored.
    """

    acknowledged: int = 0
    missing: int = 0

    @classmethod
    def of(cls, values: Sequence[float], before: float | None) -> Exports:
        """From the numbers that are stored of one process.

        Args:
            values: Within the window, at least one.
            before: The last one ahead of it; None for a process that was not there yet.
        """
        numbers = {int(value) for value in values}
        first = 1 if before is None else int(before) + 1
        wanted = max(numbers) - first + 1
        return cls(max(0, wanted), max(0, wanted - len({number for number in numbers if number >= first})))

    def __add__(self, other: Exports) -> Exports:
        return Exports(self.acknowledged + other.acknowledged, self.missing + other.missing)


@dataclass(frozen=True)
class Account:
    """One service.

    Attributes:
        refused: Metric points that a guard of the collector took out, by guard.
    """

    service: str
    spans: Spans = Spans()
    exports: Exports = Exports()
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing that was acknowledged is missing."""
        return not self.spans.missing and not self.exports.missing
