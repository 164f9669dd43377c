"""Whether the service itself has called an upstream instrumentor for a library that botobs watches too.

Whoever names an instrumentor has a reason, such as a hook that adds attributes: its spans stay, and botobs makes none.
It may be called at any time, before `init` and after, so every call of the library checks it again.
"""

from __future__ import annotations

import sys

from opentelemetry import trace


class Upstream:
    """An instrumentor of another distribution.

    Args:
        module: Where it is; also the scope of its spans.
        instrumentor: The class, of which there is one instance.
    """

    def __init__(self, module: str, instrumentor: str) -> None:
        self._module = module
        self._instrumentor = instrumentor

    def is_active(self) -> bool:
        """Whether it instruments all clients of its library."""
        module = sys.modules.get(self._module)
        instance = getattr(getattr(module, self._instrumentor, None), "_instance", None)
        return getattr(instance, "_is_instrumented_by_opentelemetry", False) is True

    def has_begun(self) -> bool:
        """Whether the current span is its own, as with an instrumentor of a single client."""
        if self._module not in sys.modules:
            return False
        scope = getattr(trace.get_current_span(), "instrumentation_scope", None)
        return getattr(scope, "name", None) == self._module
