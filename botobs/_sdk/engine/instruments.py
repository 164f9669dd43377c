"""Creating instruments with arguments of a service, which may be wrong."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, ParamSpec, TypeVar

from opentelemetry.metrics import NoOpMeter

from ..plain import sequence
from ..safe import caller, described, let_pass, number_of, text_of
from .faults import FAULTS

P = ParamSpec("P")
R = TypeVar("R")

_MONOTONIC = ("counter", "observable_counter")
_SEPARATORS = re.compile(r"[^A-Za-z0-9]+")
#: Names of metrics by how Prometheus spells them.
_SPELLED: dict[str, str] = {}
_MOST_NAMES, _LONGEST_NAME = 5000, 255
#: Bucket boundaries of one histogram that are read.
_MOST_BOUNDS = 1000


def or_none(create: Callable[P, R]) -> Callable[P, R]:
    """Make a `create_…` method of a meter return a no-op instrument where it would raise, and log why."""

    kind = create.__name__.removeprefix("create_")

    @functools.wraps(create)
    def created(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            made = create(*args, **kwargs)
            _tell_of_twin(kind, *_named(args, kwargs))
            return made
        except BaseException as error:
            let_pass(error)
            name = _named(args, kwargs)[0][:100]
            FAULTS.log_once(name, "the metric %r is not recorded: %s%s", name, described(error), caller())
            return getattr(NoOpMeter("botobs"), create.__name__)("unusable")  # type: ignore[no-any-return]

    return created


def _named(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[str, str]:
    """Name and unit among the arguments of a `create_…` method, the meter first."""
    name, unit = (
        kwargs.get(word, args[place] if len(args) > place else "")
        for place, word in ((1, "name"), (2, "unit"))
    )
    return text_of(name), text_of(unit)


def _tell_of_twin(kind: str, name: str, unit: str) -> None:
    """Warn of a metric that Prometheus spells as another one: of two points of one series it keeps one, uncounted."""
    ending = "_seconds" if unit == "s" else "_bytes" if unit == "By" else ""
    spelled = _SEPARATORS.sub("_", name)
    spelled = (spelled if spelled.endswith(ending) else spelled + ending) + (
        "_total" if kind in _MONOTONIC else ""
    )
    if len(_SPELLED) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        first = _SPELLED.setdefault(spelled, name)
        if first.lower() != name.lower():
            FAULTS.log_once(
                name,
                "%s and %s are one metric to Prometheus, which keeps one of both%s",
                first,
                name,
                caller(),
            )


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
