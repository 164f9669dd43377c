"""Captures what a service under test would send."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from .._sdk.engine import Limits, create_engine
from .._sdk.engine.cardinality import names_one_of_many
from .._sdk.redaction import Redactor
from . import _globals
from ._determinism import FakeClock, SequentialIds
from ._logs import LogCapture
from ._model import Log, Point, Span, logs_in, points_in, scopes_in, spans_in
from ._secrets import leaks
from ._tree import nest, render

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider


class Capture:
    """What was recorded since it began, as it would leave the process: redacted and encoded, then read back.

    Attributes:
        clock: The time of spans and of `botobs.trading`; None where it is the real one.
    """

    def __init__(self, clock: FakeClock | None) -> None:
        self.clock = clock
        redactor = Redactor()
        resource = Resource({"service.name": "test"})
        self._ended: list[Any] = []
        # Speed does not matter in tests, and this engine asks a fake clock for each time.
        self._engine = create_engine(
            "stock", resource, ParentBased(ALWAYS_ON), self._ended.append, redactor, Limits()
        )
        self._logs = LogCapture(resource, redactor)

    @property
    def tracer_provider(self) -> TracerProvider:
        """Where spans are recorded; also the global provider while the capture lasts."""
        return self._engine.tracer_provider

    @property
    def meter_provider(self) -> MeterProvider:
        """Where measurements are recorded; also the global provider while the capture lasts."""
        return self._engine.meter_provider

    @property
    def spans(self) -> list[Span]:
        """Finished spans, in the order of their starts."""
        return spans_in(self._engine.encode_spans(self._ended))

    @property
    def metrics(self) -> dict[str, list[Point]]:
        """Every series, by the name of its metric."""
        return points_in(self._engine.collect_metrics() or b"")

    @property
    def logs(self) -> list[Log]:
        """Log records, in the order in which they were written."""
        return logs_in(self._logs.payload())

    def clear(self) -> None:
        """Forget spans and logs; metrics are totals, and stay."""
        self._ended.clear()
        self._logs.clear()

    def tree(self, attributes: Collection[str] | None = None, *, durations: bool = False) -> str:
        """All traces as text: a line a span, children indented, then `key: value`, `* event` and `> link`.

        Args:
            attributes: Names of the attributes to show; None for all.
            durations: Show how long each span took.
        """
        return render(self.spans, attributes, durations)

    def snapshot(self) -> list[dict[str, Any]]:
        """All traces as nested dictionaries with name, attributes, events, links and children."""
        return nest(self.spans)

    def span(self, name: str) -> Span:
        """The one span of this name.

        Raises:
            AssertionError: There is none, or more than one.
        """
        spans = self.spans
        found = [span for span in spans if span.name == name]
        if len(found) != 1:
            names = ", ".join(span.name for span in spans) or "no span at all"
            raise AssertionError(f"{len(found)} spans are called {name!r}; there are: {names}")
        return found[0]

    def value(self, metric: str, attributes: Mapping[str, Any] | None = None) -> float:
        """The value of a metric, summed over the series that have `attributes`; of a histogram the count.

        Raises:
            AssertionError: There is no such series.
        """
        return sum(point.value for point in self._matching(metric, attributes))

    def total(self, metric: str, attributes: Mapping[str, Any] | None = None) -> float:
        """The sum of a histogram's measurements, over the series that have `attributes`.

        Raises:
            AssertionError: There is no such series, or the metric is no histogram.
        """
        totals = [point.total for point in self._matching(metric, attributes)]
        known = [total for total in totals if total is not None]
        if len(known) != len(totals):
            raise AssertionError(f"{metric} is no histogram")
        return sum(known)

    def assert_no_secrets(self, canaries: Iterable[str]) -> None:
        """Demand that no canary is in what would leave the process, be it encoded.

        Args:
            canaries: The secrets that the test planted: keys, passwords, tokens.

        Raises:
            AssertionError: One is there, or nothing at all was recorded, which proves nothing.
            ValueError: There is no canary, or one that is too short.
        """
        measurements, records = self._engine.collect_metrics() or b"", self._logs.payload()
        # The state of the interpreter is always there, and says nothing about the service.
        if not self._ended and not records and scopes_in(measurements) <= {"botobs.runtime"}:
            raise AssertionError("nothing was recorded, so nothing could leak")
        payloads = [
            *((f"the span {span.name!r}", self._engine.encode_spans([span])) for span in self._ended),
            ("the metrics", measurements),
            ("the logs", records),
        ]
        found = leaks(canaries, payloads)
        if found:
            raise AssertionError("\n".join(found))

    def assert_cardinality(self, series: int) -> None:
        """Demand that no metric grows with orders or users.

        Args:
            series: Series that a metric may have.

        Raises:
            AssertionError: A metric has more, or has an attribute such as an order's id.
        """
        wrong = []
        for metric, points in sorted(self.metrics.items()):
            if len(points) > series:
                wrong.append(f"{metric} has {len(points)} series, {series} are allowed")
            keys = sorted({key for point in points for key in point.attributes if names_one_of_many(key)})
            wrong += [f"{metric} has the attribute {key!r}, whose values never repeat" for key in keys]
        if wrong:
            raise AssertionError("\n".join(wrong))

    def _matching(self, metric: str, attributes: Mapping[str, Any] | None) -> list[Point]:
        metrics = self.metrics
        points = metrics.get(metric, [])
        wanted = dict(attributes or {})
        found = [point for point in points if wanted.items() <= dict(point.attributes).items()]
        if not found:
            there = "\n".join(f"  {dict(point.attributes)}" for point in points)
            known = (
                f"it has\n{there}" if points else f"there are {', '.join(sorted(metrics)) or 'no metrics'}"
            )
            raise AssertionError(f"no series of {metric} has {wanted}; {known}")
        return found

    @contextmanager
    def _recording(self, instrument: bool) -> Iterator[None]:
        with ExitStack() as undo:
            if self.clock is not None:
                undo.enter_context(_globals.clock(self.clock))
                # Read by the tracers at their making, which is later.
                self._engine.tracer_provider.id_generator = SequentialIds()  # type: ignore[attr-defined]
            undo.enter_context(_globals.providers(self.tracer_provider, self.meter_provider))
            undo.enter_context(_globals.fresh_trading())
            undo.enter_context(_globals.settlements(self.meter_provider))
            undo.enter_context(_globals.no_second_botobs(os.environ))
            undo.enter_context(self._logs.attached())
            if instrument:
                undo.enter_context(_globals.instrumentations(self.meter_provider))
            undo.callback(self._engine.shutdown)
            yield


@contextmanager
def capture(*, clock: FakeClock | None = None, instrument: bool = True) -> Iterator[Capture]:
    """Capture what is recorded while the block runs, without network and apart from what runs otherwise.

    `botobs.init()` does nothing meanwhile: a service under test may call it.

    Args:
        clock: The time of spans and of `botobs.trading`; with it ids count from one. None for real time and ids.
        instrument: Watch the libraries that `botobs.init()` watches.
    """
    captured = Capture(clock)
    with captured._recording(instrument):
        yield captured
