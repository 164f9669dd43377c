"""Creating instruments with arguments of a service, which may be wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import islice, pairwise
from typing import Any, ParamSpec, TypeVar

from opentelemetry.metrics import NoOpMeter

from ..plain import sequence
from ..safe import described, let_pass, number_of, text_of
from .faults import FAULTS

P = ParamSpec("P")
R = TypeVar("R")

#: Bucket boundaries of one histogram that are read.
_MOST_BOUNDS = 1000


def or_none(create: Callable[P, R]) -> Callable[P, R]:
    """Make a `create_…` method of a meter return a no-op instrument where it would raise, and log why."""

    @functools.wraps(create)
    def created(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return create(*args, **kwargs)
        except BaseException as error:
            let_pass(error)
            name = text_of(kwargs.get("name", args[1] if len(args) > 1 else ""))[:100]
            FAULTS.log_once(name, "the metric %r is not recorded: %s", name, described(error))
            return getattr(NoOpMeter("botobs"), create.__name__)("unusable")  # type: ignore[no-any-return]

    return created


def usable_bounds(name: str, advised: Any) -> tuple[float, ...] | None:
    """The bucket boundaries advised for the histogram `name`; None, with a warning, if they are no rising numbers."""
    items = sequence(advised)
    read = [number_of(bound) for bound in islice(items, _MOST_BOUNDS)] if items is not None else [None]
    bounds = tuple(float(bound) for bound in read if bound is not None)
    if len(bounds) == len(read) and all(lower < upper for lower, upper in pairwise(bounds)):
        return bounds
    FAULTS.log_once(
        name, "the bucket boundaries of %s are not rising numbers; the default ones are used", name
    )
    return None
