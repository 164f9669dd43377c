"""Attributes that never change: each metric looks its series up by them once.

They are for code that measures with the same few attributes over and over. Unlike a bound instrument they make no
series before something is measured, and after another `init` none of those that are over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Metrics whose series are remembered; those of engines that are over are among them.
MOST_METRICS = 32


class ConstantAttributes(dict[str, Any]):
    """Attributes that nobody changes, with short texts or numbers as values.

    Attributes:
        cells: On the fast engine, the cell of each series of cells that something was measured in.
        sent: On the stock engine, what can be encoded of them, once it is known.
    """

    __slots__ = ("cells", "sent")

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        super().__init__(attributes)
        self.cells: dict[Any, Any] = {}
        self.sent: dict[str, Any] | None = None
