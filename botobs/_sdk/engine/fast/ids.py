"""The ids of spans, without a method call around them."""

from __future__ import annotations

from ...ids import _next, getrandbits

__all__ = ["getrandbits", "given_ids"]

#: The ids that the root span now being started is to have instead, if they were given.
given_ids = _next.get
