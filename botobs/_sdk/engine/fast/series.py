"""Finds the series of a set of attributes, and limits their number."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ...safe import let_pass
from ..cardinality import OVERFLOW, AttributeGuard
from ..freeze import Attributes, copy, freeze, usable_key
from ..values import series_attributes
from .cells import Cell

if TYPE_CHECKING:
    from ...redaction import Redactor

_C = TypeVar("_C", bound=Cell)
#: Characters of a text, bytes, or bits of a number, that are remembered as they were passed.
_LONGEST = 1000


class Cardinality:
    """The limits that all metrics of an engine share.

    Attributes:
        series: Series of one metric; measurements of further ones go to its overflow series.
        redactor: Replaces secrets in attributes before their series is looked up.
        overflows: Measurements that went there so far.
        guard: Removes attributes that would make a series of every order or user.
    """

    def __init__(self, series: int, redactor: Redactor) -> None:
        self.series = series
        self.redactor = redactor
        self.overflows = 0
        self.guard = AttributeGuard()

    def reset(self) -> None:
        """Count from zero, as a forked child does."""
        self.overflows = 0
        self.guard.forget()


class Series(Generic[_C]):
    """The cells of one metric.

    Args:
        name: The metric's name.
        make: Makes the cell of a new series.
        cardinality: The limits.
    """

    def __init__(self, name: str, make: Callable[[dict[str, Any]], _C], cardinality: Cardinality) -> None:
        self._name = name
        self._make = make
        self._cardinality = cardinality
        # Re-entrant: a finalizer or a signal handler that measures may interrupt its own thread in here.
        self._lock = threading.RLock()
        self._cells: dict[Any, _C] = {}
        self._overflow: _C | None = None
        #: Attributes as they were passed, to their cell. Those with values other than strings have the types with
        #: them, because `True`, `1` and `1.0` are equal but not the same attribute.
        self.known: dict[Any, _C] = {}

    def find(self, attributes: Attributes) -> _C:
        """The cell of attributes that are not in `known` as they were passed; never raises."""
        try:
            return self._find_as_passed(attributes)
        except BaseException as error:
            # What the service passed cannot be read, hashed or compared: what can be read of it is used.
            let_pass(error)
            return self._find(self._clean(copy(attributes)), None)

    def _find_as_passed(self, attributes: Attributes) -> _C:
        if not attributes:
            bare = self.known[()] = self._find({}, ())
            return bare
        items = tuple(attributes.items())
        passed = (items, tuple(map(type, attributes.values())))
        try:
            cell = self.known.get(passed)
        except TypeError:
            # A list, say: it has to be copied before it can be a key.
            return self._find(self._clean(attributes), None)
        if cell is None:
            cell = self._find(self._clean(attributes), None)
            if cell is not self._overflow and all(map(_is_short, chain.from_iterable(items))):
                if len(self.known) > 4 * self._cardinality.series:
                    self.known.clear()
                self.known[passed if any(type(value) is not str for _, value in items) else items] = cell
        return cell

    def cells(self) -> list[_C]:
        """All cells, the overflow series last."""
        with self._lock:
            cells = list(self._cells.values())
            return cells if self._overflow is None else [*cells, self._overflow]

    def reset_after_fork(self) -> None:
        """Start all series from zero, under a new lock. Bound instruments stay bound."""
        self._lock = threading.RLock()
        for cell in self.cells():
            cell.reset()

    def _clean(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        usable = {
            name: freeze(value) for key, value in attributes.items() if (name := usable_key(key)) is not None
        }
        kept = self._cardinality.guard.without_refused(self._name, usable)
        return series_attributes(kept, self._cardinality.redactor)

    def _find(self, attributes: dict[str, Any], identity: Any) -> _C:
        if identity is None:
            identity = _identity(attributes)
        cell = self._cells.get(identity)
        if cell is not None:
            return cell
        with self._lock:
            cell = self._cells.get(identity)
            if cell is None and len(self._cells) < self._cardinality.series:
                cell = self._make(attributes)
                cell.metric = self._name
                self._cells[identity] = cell
            if cell is None:
                self._cardinality.overflows += 1
                if self._overflow is None:
                    self._overflow = self._make(dict(OVERFLOW))
                    self._overflow.metric = self._name
                cell = self._overflow
        return cell


def _is_short(value: Any) -> bool:
    """Whether a key or value may be remembered as it was passed: what is sent of a long one is short."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__len__(value) <= _LONGEST
    if issubclass(kind, bytes):
        return bytes.__len__(value) <= _LONGEST
    if issubclass(kind, int):
        return int.bit_length(value) <= _LONGEST
    return not issubclass(kind, tuple) or all(
        not issubclass(type(item), tuple) and _is_short(item) for item in tuple.__iter__(value)
    )


def _identity(value: Any) -> Any:
    """A key that differs where OpenTelemetry sees different attributes, whatever their order."""
    if isinstance(value, Mapping):
        return tuple((key, _identity(value[key])) for key in sorted(value))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ("sequence", *map(_identity, value))
    return (type(value).__name__, value)
