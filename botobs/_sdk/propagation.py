"""Keeps secrets out of the headers that carry context to other services.

Baggage is sent with every call to whoever is called, an exchange for instance, and nothing looks at it on the way.
"""

from __future__ import annotations

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


class RedactingPropagator(TextMapPropagator):
    """Injects what another propagator does, without entries of the baggage that hold a secret.

    Args:
        inner: The propagator, several of which may be one.
        redactor: Decides what a secret is.
    """

    def __init__(self, inner: TextMapPropagator, redactor: Redactor) -> None:
        self.inner = inner
        self._redactor = redactor

    def extract(
        self, carrier: CarrierT, context: Context | None = None, getter: Getter[CarrierT] = default_getter
    ) -> Context:
        """As the other does; what cannot be read carries nothing."""
        try:
            return self.inner.extract(carrier, context, getter)
        except BaseException as error:
            let_pass(error)
            return Context() if context is None else context

    @never_raise
    def inject(
        self, carrier: CarrierT, context: Context | None = None, setter: Setter[CarrierT] = default_setter
    ) -> None:
        """As the other does, after the baggage was looked through."""
        for key, value in baggage.get_all(context).items():
            if self._is_secret(key, value):
                context = baggage.remove_baggage(key, context)
        self.inner.inject(carrier, context, setter)

    @property
    def fields(self) -> set[str]:
        """The headers that the other sets."""
        return self.inner.fields

    def _is_secret(self, key: str, value: Any) -> bool:
        try:
            return bool(self._redactor.attribute(key, value) != value)
        except BaseException as error:
            # An object of the service's own that has no text, and so can be no header either.
            let_pass(error)
            return True


def guard(redactor: Redactor) -> None:
    """Look through the baggage from now on."""
    release()
    propagate.set_global_textmap(RedactingPropagator(propagate.get_global_textmap(), redactor))


def release() -> None:
    """Put the propagator back that was there before."""
    current = propagate.get_global_textmap()
    if isinstance(current, RedactingPropagator):
        propagate.set_global_textmap(current.inner)
