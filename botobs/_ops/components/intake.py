"""The intake: its program, where it finds the collector, and its limit of memory."""

from __future__ import annotations

import json

import yaml

from .context import Context, environ

EXECUTABLE = "botobs-intake"


def environ_of(context: Context) -> dict[str, str]:
    """The environment of the intake's process."""
    return environ(
        COLLECTOR_URL=context.url("BOTOBS_COLLECTOR_OTLP_PORT"),
        COLLECTOR_BEHIND_GUARDS_URL=context.url("BOTOBS_COLLECTOR_BEHIND_GUARDS_PORT"),
        SERVICES_CA=context.values.get("BOTOBS_OTLP_CLIENT_CA", ""),
        # Both redact, and both leave the same alone.
        REDACT_KEEP=json.dumps(yaml.safe_load(context.values["BOTOBS_COLLECTOR_REDACT_KEEP"])),
        # Requests under way within their limit, and half as much again for connections.
        GOMEMLIMIT=f"{int(context.values['BOTOBS_INTAKE_MEMORY_MIB']) * 3 // 2}MiB",
        # As the collector's: what it holds is garbage a moment later.
        GOGC="400",
    )
