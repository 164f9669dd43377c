"""The counts of one service, and the figures derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Spans:
    """The spans of a service that were started within one window; what is stored is counted in the same.

    Attributes:
        produced: Started and recorded in the service.
        dropped: Given up in the SDK, by reason.
        acknowledged: Acknowledged by the collector within the window; they may have been started before it.
        sampled_out: Left out by the collector's sampling, or in a sampler's memory when it was killed.
        stored: Found in Tempo.
        unsettled: Of those produced, at most so many may have been open or on their way still: the error of `missing`.
        blurred: So many may have been counted on the wrong side of an edge of the window: a part of every error.
    """

    produced: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    acknowledged: int = 0
    sampled_out: int = 0
    stored: int = 0
    unsettled: int = 0
    blurred: int = 0

    @property
    def error(self) -> int:
        """Spans that may be missing besides the ones that are counted as missing."""
        return self.unsettled + self.blurred

    @property
    def missing(self) -> int:
        """Produced, neither dropped nor sampled out nor on their way, and not stored: at least so many."""
        settled = self.produced - sum(self.dropped.values()) - self.sampled_out
        return max(0, settled - self.stored - self.error)

    @property
    def duplicate(self) -> int:
        """Stored beyond what was made: sent again after a response was lost, and counted twice. At least so many."""
        return max(0, self.stored - self.produced - self.blurred)

    def __add__(self, other: Spans) -> Spans:
        reasons = self.dropped.keys() | other.dropped.keys()
        return Spans(
            self.produced + other.produced,
            {reason: self.dropped.get(reason, 0) + other.dropped.get(reason, 0) for reason in reasons},
            self.acknowledged + other.acknowledged,
            self.sampled_out + other.sampled_out,
            self.stored + other.stored,
            self.unsettled + other.unsettled,
            self.blurred + other.blurred,
        )


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
        """From the numbers that are stored under one identity; one that falls is the first of another process.

        Args:
            values: Within the window, at least one, in their order.
            before: The last one ahead of it; None for a process that was not there yet.
        """
        last, found = 0 if before is None else int(before), cls()
        own: list[int] = []
        for number in map(int, values):
            if number < last:
                found += cls._of_process(own, before)
                own, before = [], None
            own.append(number)
            last = number
        return found + cls._of_process(own, before)

    @classmethod
    def _of_process(cls, numbers: Sequence[int], before: float | None) -> Exports:
        if not numbers:
            return cls()
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
        tells: Whether the service has reported what it made, all the time and each process by itself; without that,
            what it sent cannot be compared.
    """

    service: str
    spans: Spans = Spans()
    exports: Exports = Exports()
    refused: Mapping[str, int] = field(default_factory=dict)
    tells: bool = True

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.spans.missing and not self.exports.missing


@dataclass(frozen=True)
class Ledger:
    """All accounts, and losses that cannot be assigned to a service.

    Attributes:
        accounts: By name of the service.
        lost: Spans and points that the collector or a store counts as lost, without saying whose they were, by where.
    """

    accounts: Sequence[Account]
    lost: Mapping[str, int] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether no service and no store is known to miss anything."""
        return not self.lost and all(account.complete for account in self.accounts)

    @property
    def twice(self) -> dict[str, int]:
        """Spans that are stored twice, by service: they are no loss, and may hide one of as many."""
        return {
            one.service: one.spans.duplicate for one in self.accounts if one.tells and one.spans.duplicate
        }

    @property
    def silent(self) -> list[str]:
        """Services that have not reported what they made: whether something of theirs is missing is unknown."""
        return [account.service for account in self.accounts if not account.tells]
