"""Orders of unknown outcome: which they are, and how a person settles them."""

from __future__ import annotations

from ._listing import Counted, Listing, Order
from ._read import NAMED_FOR, read, read_embedded
from ._settle import find, settle

__all__ = ["NAMED_FOR", "Counted", "Listing", "Order", "find", "read", "read_embedded", "settle"]
