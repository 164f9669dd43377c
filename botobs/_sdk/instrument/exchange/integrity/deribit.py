"""Deribit: a book's change names the id of the one before it, `prev_change_id`; snapshots have none.

https://docs.deribit.com/#book-instrument_name-interval
"""

from __future__ import annotations

from typing import Any


def missing(last: dict[Any, int], message: Any) -> int | None:
    """Count the breaks before `message`; see `botobs._sdk.instrument.exchange.integrity.Dialect`."""
    params: Any = message.get("params") if message.__class__ is dict else None
    data: Any = params.get("data") if params.__class__ is dict else None
    if data.__class__ is not dict:
        return None
    number = data.get("change_id")
    if number.__class__ is not int:
        return None
    channel = str(params.get("channel"))
    before = last.get(channel)
    last[channel] = number
    previous = data.get("prev_change_id")
    if before is None or data.get("type") == "snapshot" or previous.__class__ is not int:
        return 0
    return 0 if previous == before else 1
