"""What PyInstaller must know of botobs. It finds this package by its entry point, `pyinstaller40`.

botobs imports its instrumentations by name, and OpenTelemetry finds instrumentors and its context by entry point.
Neither is seen in the code, so that PyInstaller would leave them out. Instrumentors read their library's metadata.
"""

from __future__ import annotations

from pathlib import Path

#: Entry points by which OpenTelemetry finds what is installed.
GROUPS = ("opentelemetry_instrumentor", "opentelemetry_context", "opentelemetry_propagator")


def get_hook_dirs() -> list[str]:
    """The folders with hooks; PyInstaller calls this."""
    return [str(Path(__file__).parent)]


def instrumentations() -> list[str]:
    """The modules that botobs imports by name."""
    from .._sdk.instrument.registry import REGISTRY

    return sorted({target.partition(":")[0] for _, target in REGISTRY})


def watched_distributions() -> list[str]:
    """The distributions that are installed here and that an installed instrumentor watches."""
    from .._sdk.instrument.registry import watched_by_others

    return sorted(watched_by_others())
