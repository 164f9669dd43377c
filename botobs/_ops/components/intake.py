"""The intake: its program, where it finds the collector, and its limit of memory."""

from __future__ import annotations

import json
from collections.abc import Mapping

import yaml

from .context import Context, environ

EXECUTABLE = "botobs-intake"


def environ_of(context: Context) -> dict[str, str]:
    """The environment of the intake's process."""
    return environ(
        COLLECTOR_URL=context.url("BOTOBS_COLLECTOR_OTLP_PORT"),
        COLLECTOR_BEHIND_GUARDS_URL=context.url("BOTOBS_COLLECTOR_BEHIND_GUARDS_PORT"),
        COLLECTOR_UNLINKED_URL=context.url("BOTOBS_COLLECTOR_UNLINKED_PORT"),
        SERVICES_CA=context.values.get("BOTOBS_OTLP_CLIENT_CA", ""),
        REDACT_KEEP=kept(context.values),
        GOMEMLIMIT=memory_limit(context.values),
        # As the collector's: what it holds is garbage a moment later.
        GOGC="400",
    )


def kept(values: Mapping[str, str]) -> str:
    """What it does not take for a secret, in JSON. The collector redacts too, and leaves the same alone."""
    return json.dumps(yaml.safe_load(values["BOTOBS_COLLECTOR_REDACT_KEEP"]))


def memory_limit(values: Mapping[str, str]) -> str:
    """Go's soft limit: requests under way within theirs, and half as much again for connections."""
    return f"{int(values['BOTOBS_INTAKE_MEMORY_MIB']) * 3 // 2}MiB"
