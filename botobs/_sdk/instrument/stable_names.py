"""Has upstream instrumentors use the stable names of HTTP and database telemetry, whatever their default becomes.

They read the choice from the environment, once in a process, when the first of them starts. The environment itself is
the program's: what it starts inherits it, another service with its own telemetry for example. So the choice stands
there only while it is read.
"""

from __future__ import annotations

import os
from types import ModuleType

from ..patching.patch import Patches

#: What is chosen, in `OTEL_SEMCONV_STABILITY_OPT_IN`.
OPT_IN = "http,database"
_VARIABLE = "OTEL_SEMCONV_STABILITY_OPT_IN"


def choose(patches: Patches) -> None:
    """Make the choice as soon as an instrumentor imports what reads it; without effect if it was read before."""
    patches.on_import("opentelemetry.instrumentation._semconv", _read)


def _read(module: ModuleType) -> None:
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = OPT_IN if before is None else f"{OPT_IN},{_without_ours(before)}"
    try:
        module._OpenTelemetrySemanticConventionStability._initialize()
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _without_ours(given: str) -> str:
    """What a person has chosen for other areas; `http/dup` would double the series that rules and dashboards read."""
    return ",".join(part for part in given.split(",") if not part.strip().startswith(("http", "database")))
