"""Compares what an exchange says with what this process reported, and settles unknown orders.

`Worker` is the thread that looks at one account, `Looker` compares, `CcxtAccount` is a ccxt client as `Looker` asks it.
"""

from __future__ import annotations

from .look import Rules
from .registry import Reconciliation, ReconciliationRegistry

__all__ = ["Reconciliation", "ReconciliationRegistry", "Rules"]
