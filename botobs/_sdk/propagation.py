"""Keeps secrets out of the headers that propagate context.

Baggage is sent with every call to any service, an exchange for instance, without passing the export's redaction.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from opentelemetry import baggage, propagate
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import (
    CarrierT,
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)

from .redaction import Redactor
from .safe import let_pass, never_raise

#: Those that write of the headers of a request: `baggage`, `traceparent`, `tracestate`.
_LOGGERS = (
    "opentelemetry.baggage.propagation",
    "opentelemetry.trace.propagation.tracecontext",
    "opentelemetry.trace.span",
)
_SELDOM_S = 60.0


class RedactingPropagator(TextMapPropagator):
    """Wraps a propagator, and removes entries that contain a secret from the baggage that it injects.

    Args:
        inner: The propagator.
        redactor: Decides what a secret is.
    """

    def __init__(self, inner: TextMapPropagator, redactor: Redactor) -> None:
        self.inner = inner
        self._redactor = redactor

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """The context that the wrapped propagator reads from `carrier`; `context` unchanged if it raises."""
        try:
            return self.inner.extract(carrier, context, getter)
        except BaseException as error:
            let_pass(error)
            return Context() if context is None else context

    @never_raise
    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """Inject `context` into `carrier`, without baggage that contains a secret; never raises."""
        for key, value in baggage.get_all(context).items():
            if self._is_secret(key, value):
                context = baggage.remove_baggage(key, context)
        self.inner.inject(carrier, context, setter)

    @property
    def fields(self) -> set[str]:
        """The names of the headers that the wrapped propagator sets."""
        return self.inner.fields

    def _is_secret(self, key: str, value: Any) -> bool:
        try:
            return bool(self._redactor.attribute(key, value) != value)
        except BaseException as error:
            # An object of the service without a text: it cannot be sent as a header either.
            let_pass(error)
            return True


class _Seldom:
    """A filter for the loggers of propagators: of each of their lines of code one record a minute.

    They write a line for each wrong entry of a header, and whoever sends requests could fill the service's log.
    """

    def __init__(self) -> None:
        self._next: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, place = time.monotonic(), (record.name, record.lineno)
        if now < self._next.get(place, now):
            return False
        self._next[place] = now + _SELDOM_S
        return True


_seldom = _Seldom()


def guard(redactor: Redactor) -> None:
    """Wrap the global propagator in a `RedactingPropagator`, and have the log of propagators bounded."""
    release()
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_seldom)
    propagate.set_global_textmap(RedactingPropagator(propagate.get_global_textmap(), redactor))


def release() -> None:
    """Restore the global propagator that was wrapped."""
    for name in _LOGGERS:
        logging.getLogger(name).removeFilter(_seldom)
    current = propagate.get_global_textmap()
    if isinstance(current, RedactingPropagator):
        propagate.set_global_textmap(current.inner)
