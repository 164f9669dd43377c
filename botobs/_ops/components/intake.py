"""The intake: its program, where it finds the collector, and its limit of memory."""

from __future__ import annotations

from .context import Context, environ

EXECUTABLE = "botobs-intake"


def environ_of(context: Context) -> dict[str, str]:
    """Its environment."""
    return environ(
        COLLECTOR_URL=context.url("BOTOBS_COLLECTOR_OTLP_PORT"),
        SERVICES_CA=context.values.get("BOTOBS_OTLP_CLIENT_CA", ""),
        # Requests under way within their limit, and half as much again for connections.
        GOMEMLIMIT=f"{int(context.values['BOTOBS_INTAKE_MEMORY_MIB']) * 3 // 2}MiB",
    )
