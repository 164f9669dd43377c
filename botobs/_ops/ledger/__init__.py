"""The delivery ledger: what each service has made, what became of it, and what of the acknowledged is missing."""

from __future__ import annotations

from ._account import Account, Exports, Ledger, Spans
from ._read import SETTLE, read

__all__ = ["SETTLE", "Account", "Exports", "Ledger", "Spans", "read"]
