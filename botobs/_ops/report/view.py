"""What a panel shows, ready for the page: a chart, numbers, a table, or the reason why there is nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: The dashed line that an alert watches.
LIMIT = "limit"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        number: It is set to the right, as numbers are.
        colour: What is shown beside the text: a colour by its name in the style sheet, `LIMIT`, or nothing.
        tone: `good`, `bad`, `warn` or nothing.
        link: Where it leads within the page.
    """

    text: str
    number: bool = False
    colour: str = ""
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headings; `numbers` are the places of the columns that hold numbers."""

    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """One big number."""

    text: str
    tone: str = ""
    label: str = ""
    link: str = ""


@dataclass(frozen=True)
class View:
    """What a panel shows.

    Attributes:
        chart: What `report.js` hands to the charting library, or None.
        summary: The chart in a sentence, for those who do not see it.
        figures: Big numbers.
        table: The table, or the legend of the chart with its numbers.
        keys: What each colour of the chart means, by its name in the style sheet: (meaning, colour).
        note: Why there is nothing, or what was left out.
        height: Of the chart, in pixels.
    """

    chart: Mapping[str, Any] | None = None
    summary: str = ""
    figures: Sequence[Figure] = ()
    table: Table | None = None
    keys: Sequence[tuple[str, str]] = ()
    note: str = ""
    height: int = 200

    @property
    def empty(self) -> bool:
        """There is nothing but the note."""
        return self.chart is None and not self.figures and self.table is None
