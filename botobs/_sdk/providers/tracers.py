"""The global tracer provider: a proxy whose target can change."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Tracer, TracerProvider
from opentelemetry.util.types import Attributes

from ..engine.disabled import DisabledTracerProvider
from ..engine.scope import scope_key, usable_scope
from .flushing import flush


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the processors of others raise must not reach who flushes."""
    try:
        return function(*arguments)
    except Exception:
        return False


class SwitchTracer(Tracer):
    """A proxy of one scope's tracer of the current target."""

    def __init__(self, scope: tuple[Any, ...], provider: TracerProvider) -> None:
        self._scope = scope
        self.switch(provider)

    def switch(self, provider: TracerProvider) -> None:
        """Make the same scope's tracer of `provider` the target."""
        tracer = provider.get_tracer(*self._scope)
        # As instance attributes, so that a call costs no more than on the tracer itself.
        self.__dict__.update(start_span=tracer.start_span, start_as_current_span=tracer.start_as_current_span)

    def start_span(self, *args: Any, **kwargs: Any) -> Any:
        """Replaced in each instance; defined because the interface is abstract."""
        raise NotImplementedError

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        """Replaced in each instance; defined because the interface is abstract."""
        raise NotImplementedError


class SwitchTracerProvider(TracerProvider):
    """A proxy of another provider; without a target, nothing is recorded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._target: TracerProvider = DisabledTracerProvider()
        self._processors: list[Any] = []
        self._tracers: dict[tuple[Any, ...], SwitchTracer] = {}

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        """The tracer of a scope; it keeps working when the target changes."""
        scope = usable_scope(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        key = scope_key(scope)
        with self._lock:
            if key not in self._tracers:
                self._tracers[key] = SwitchTracer(scope, self._target)
            return self._tracers[key]

    # -- what the SDK's provider has beside the API, for who asks the global one ------------------------------------

    @property
    def id_generator(self) -> Any:
        """The target's id generator; None if it has none."""
        return getattr(self._target, "id_generator", None)

    @property
    def resource(self) -> Resource:
        """What all spans carry; empty while botobs is not running."""
        found = getattr(self._target, "resource", None)
        return found if isinstance(found, Resource) else Resource.get_empty()

    @property
    def sampler(self) -> Any:
        """The sampler of new traces; None while botobs is not running."""
        return getattr(self._target, "sampler", None)

    def add_span_processor(self, span_processor: Any) -> None:
        """Have a processor of the SDK's see every span, on the thread that ends it; another `botobs.init` keeps it."""
        with self._lock:
            self._processors.append(span_processor)
            self._add(span_processor)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what was recorded so far, as `botobs.flush` does, and flush the processors that were added.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        done = [_quietly(processor.force_flush, timeout_millis) for processor in tuple(self._processors)]
        return flush(timeout_millis / 1000) and all(result is not False for result in done)

    def shutdown(self) -> None:
        """Send what was recorded so far. botobs itself goes on: `botobs.shutdown` ends it."""
        self.force_flush()

    def _add(self, span_processor: Any) -> None:
        add = getattr(self._target, "add_span_processor", None)
        if add is not None:
            add(span_processor)

    def switch(self, target: TracerProvider | None) -> None:
        """Change the target; None for none."""
        with self._lock:
            self._target = target or DisabledTracerProvider()
            for processor in self._processors:
                self._add(processor)
            for tracer in self._tracers.values():
                tracer.switch(self._target)

    def after_fork(self) -> None:
        """Replace the lock in a forked child: a thread of the parent may have held it."""
        self._lock = threading.Lock()
