"""Finds the series of a set of attributes, and limits their number."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..cardinality import OVERFLOW, AttributeGuard
from ..constant import MOST_METRICS, ConstantAttributes
from ..freeze import Attributes, copy, usable_key
from ..values import is_short, plain_key, series_attributes
from .cells import Cell

if TYPE_CHECKING:
    from ...redaction import Redactor

_C = TypeVar("_C", bound=Cell)
_STR = frozenset({str})
_getter: Callable[..., itemgetter[Any]] = itemgetter


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
        #: The cell without attributes, once there is one.
        self.bare: _C | None = None
        #: Plain attributes as they were passed, by `plain_key`, to their cell.
        self.known: dict[Any, _C] = {}
        #: Where texts are found faster: by the number of attributes, what gets those of the names that came first (a
        #: tuple, or the text of a single one), and the cells by them. To make a key of the names too costs more than
        #: all else.
        self.shapes: dict[int, tuple[itemgetter[Any], dict[Any, _C]]] = {}

    def find(self, attributes: Attributes) -> _C:
        """The cell of attributes; never raises. Of the service's values only plain ones are hashed or compared."""
        if type(attributes) is dict and (key := plain_key(attributes)) is not None:
            cell = self.known.get(key)
            if cell is not None:
                return cell
        return self._find_copied(copy(attributes))

    def find_constant(self, attributes: ConstantAttributes) -> _C:
        """The cell of constant attributes, which remember it; not that of the overflow, which counts each time."""
        cell = self.find(dict(attributes))
        if cell is not self._overflow:
            if len(attributes.cells) >= MOST_METRICS:
                attributes.cells.clear()
            attributes.cells[self] = cell
        return cell

    def _find_copied(self, attributes: dict[str, Any]) -> _C:
        if not attributes:
            if self.bare is None:
                self.bare = self._find({}, ())
            return self.bare
        key = plain_key(attributes)
        cell = None if key is None else self.known.get(key)
        if cell is None:
            cell = self._find(self._clean(attributes), None)
            short = key is not None and all(map(is_short, chain(attributes, attributes.values())))
            if short and cell is not self._overflow:
                if len(self.known) > 4 * self._cardinality.series:
                    self.known.clear()
                    self.shapes.clear()
                self.known[key] = cell
                self._keep_shape(attributes, cell)
        return cell

    def _keep_shape(self, attributes: dict[str, Any], cell: _C) -> None:
        if not _STR.issuperset(map(type, attributes.values())):
            return
        values_of, cells = self.shapes.setdefault(len(attributes), (_getter(*attributes), {}))
        try:
            cells[values_of(attributes)] = cell
        except KeyError:
            # Other names came first.
            return

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
        usable = {name: value for key, value in attributes.items() if (name := usable_key(key)) is not None}
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


def _identity(value: Any) -> Any:
    """A key that differs where OpenTelemetry sees different attributes, whatever their order."""
    if isinstance(value, Mapping):
        return tuple((key, _identity(value[key])) for key in sorted(value))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return ("sequence", *map(_identity, value))
    return (type(value).__name__, value)
