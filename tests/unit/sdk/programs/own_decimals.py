"""Computes with more digits than usual, which an SDK that makes a decimal context would undo."""

from __future__ import annotations

import contextvars
import decimal

import botobs

botobs.init()
with botobs.span("seen"):
    pass
assert not list(contextvars.copy_context()), list(contextvars.copy_context())
# In force where no context was made yet.
decimal.DefaultContext.prec = 50
print(decimal.Decimal(1) / 3)
