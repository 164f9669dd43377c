"""The range of time of a page, as its address has it: `from=now-1h&to=now`, which Grafana writes too."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ..._sdk import units
from ..errors import UserError
from ..report.window import Window

#: What can be chosen: the word of the address, and what people read.
CHOICES = {
    "now-5m": "5 minutes",
    "now-15m": "15 minutes",
    "now-1h": "1 hour",
    "now-6h": "6 hours",
    "now-1d": "1 day",
    "now-7d": "7 days",
    "now-30d": "30 days",
}
_RELATIVE = re.compile(r"now(?:-(\w[\w.]*))?")
#: Seconds that a range has at least and at most.
_LEAST, _MOST = 10, 400 * 86400


@dataclass(frozen=True)
class Range:
    """A range.

    Attributes:
        begin: `now`, `now-1h`, or milliseconds since the epoch.
        end: The same.
    """

    begin: str = "now-1h"
    end: str = "now"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Range:
        """Of an address.

        Raises:
            UserError: It is none.
        """
        found = cls(query.get("from") or cls.begin, query.get("to") or cls.end)
        begin, end = found.moments(time.time())
        if not _LEAST <= end - begin <= _MOST:
            raise UserError(f"from {found.begin} to {found.end} is no range of ten seconds to 400 days")
        return found

    def moments(self, now: float) -> tuple[float, float]:
        """Its ends in seconds since the epoch."""
        return _moment(self.begin, now), _moment(self.end, now)

    def window(self) -> Window:
        """The points of its pictures."""
        return Window.between(*self.moments(time.time()))

    @property
    def live(self) -> bool:
        """Whether it moves on with the time."""
        return self.end == "now"

    @property
    def query(self) -> str:
        """As part of an address."""
        return urlencode({"from": self.begin, "to": self.end})

    @property
    def shown(self) -> str:
        """The choice that it is, or `custom`."""
        return CHOICES.get(self.begin, "custom") if self.live else "custom"


def _moment(text: str, now: float) -> float:
    try:
        if found := _RELATIVE.fullmatch(text):
            return now - (units.seconds(found[1]) if found[1] else 0.0)
        if text.isascii() and text.isdigit() and len(text) <= 15:
            return int(text) / 1000
    except ValueError:
        pass
    raise UserError(f"{text!r} is no moment: write now, now-1h, or milliseconds since 1970")
