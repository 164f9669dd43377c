"""Things that exist once a meter provider, however often instrumentations come and go.

A stock meter returns the first observable instrument at its second creation, and drops the new callbacks
in silence, so whoever owns callbacks has to outlive its installation. And two instrumentations that record the same
metric must share one meter: in Prometheus series that differ by the meter alone are the same series.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from .base import Telemetry

T = TypeVar("T")

_Made = dict[Callable[[Telemetry], Any], Any]

#: Where a provider keeps them: they refer to it, so that kept anywhere else they would keep it alive.
_ATTRIBUTE = "_botobs_made"
#: Of providers that take no attribute.
_ELSEWHERE: weakref.WeakKeyDictionary[Any, _Made] = weakref.WeakKeyDictionary()


def _made_for(meter_provider: Any) -> _Made:
    try:
        made: _Made = vars(meter_provider).setdefault(_ATTRIBUTE, {})
    except TypeError:
        made = _ELSEWHERE.setdefault(meter_provider, {})
    return made


def once_per_provider(telemetry: Telemetry, factory: Callable[[Telemetry], T]) -> T:
    """What `factory` made for this meter provider, made now if it is the first time.

    Args:
        telemetry: Where the instruments are created.
        factory: A class; its identity is the key.
    """
    mine = _made_for(telemetry.meter_provider)
    if factory not in mine:
        mine[factory] = factory(telemetry)
    result: T = mine[factory]
    return result


def made(meter_provider: Any, factory: Callable[[Telemetry], T]) -> T | None:
    """What `factory` has made for this meter provider; None if it was not asked yet."""
    return _made_for(meter_provider).get(factory)
