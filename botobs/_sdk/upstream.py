"""What OpenTelemetry keeps private and botobs uses, each with a way round where a release does not have it.

The stock engine has more of it, `engine/stock/upstream.py`: it builds on the SDK's own classes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext

if TYPE_CHECKING:
    from opentelemetry.metrics import _Gauge
    from opentelemetry.util._decorator import _agnosticcontextmanager

    agnostic_context_manager = _agnosticcontextmanager
    Gauge = _Gauge
else:
    try:
        from opentelemetry.util._decorator import _agnosticcontextmanager as agnostic_context_manager
    except ImportError:
        # Its functions are no decorators of coroutines then.
        agnostic_context_manager = contextmanager
    Gauge = getattr(metrics, "_Gauge", None) or getattr(metrics, "Gauge", object)

#: Keys of the context under which instrumentors look whether to keep silent. Releases without one do not look.
SUPPRESS_INSTRUMENTATION: str = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
SUPPRESS_HTTP_INSTRUMENTATION: str = getattr(
    context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation"
)
#: The key without the suffix that makes keys unique, which older instrumentors set.
SUPPRESS_INSTRUMENTATION_PLAIN = "suppress_instrumentation"


def _span_key() -> str:
    """The key of the current span in a context: the only one of a context that has nothing else."""
    (key,) = trace.set_span_in_context(trace.INVALID_SPAN, Context())
    return str(key)


SPAN_KEY = _span_key()


def context_functions() -> tuple[Callable[[], Context], Callable[[Any], Any], Callable[[Any], None]]:
    """Reads, sets and resets the current context, as directly as this release lets us."""
    runtime = getattr(context, "_RUNTIME_CONTEXT", None)
    if runtime is None:
        return context.get_current, context.attach, context.detach
    variable = getattr(runtime, "_current_context", None)
    if type(runtime) is ContextVarsRuntimeContext and isinstance(variable, ContextVar):
        return variable.get, variable.set, variable.reset
    return runtime.get_current, runtime.attach, runtime.detach


def global_provider(signal: Any, name: str) -> Any:
    """The provider that was set for a whole process; None if none was.

    Args:
        signal: `opentelemetry.trace`, `.metrics` or `._logs`.
        name: The private name of its global, such as `_TRACER_PROVIDER`.
    """
    for module in (signal, getattr(signal, "_internal", None)):
        if hasattr(module, name):
            return getattr(module, name)
    read = next(
        getattr(signal, each)
        for each in dir(signal)
        if each.startswith("get_") and each.endswith("_provider")
    )
    found = read()
    # What stands there before anything is set leads to what will be set.
    return None if type(found).__name__.lstrip("_").startswith("Proxy") else found
