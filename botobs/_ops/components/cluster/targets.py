"""Where a cluster's processes are found: by Prometheus, and by clients that ask any of several."""

from __future__ import annotations

from ..context import Context
from ..targets import write_job
from . import members
from .members import Member
from .processes import samplers

#: What a drill takes away under the name of a single machine. Who scrapes and who evaluates rules are two here.
SEVERAL = {
    "prometheus": ("prometheus", *(member.name for member in members.MIMIRS)),
    "mimir": tuple(member.name for member in members.MIMIRS),
    "tempo": tuple(member.name for member in members.TEMPOS),
    "alertmanager": tuple(member.name for member in members.ALERTMANAGERS),
}


def addresses(context: Context) -> dict[str, str]:
    """Where a client finds what on a single machine is one process, whichever of them responds."""
    return {
        "prometheus": context.url("BOTOBS_FRONT_MIMIR_PORT", "/prometheus"),
        "mimir": context.url("BOTOBS_FRONT_MIMIR_PORT"),
        "tempo": context.url("BOTOBS_TEMPO_QUERY_FRONTEND_HTTP_PORT"),
        "alertmanager": context.url("BOTOBS_FRONT_ALERTMANAGER_PORT"),
    }


def write(context: Context) -> None:
    """Write the targets of the several, over those of a single machine."""
    targets = {
        "collector": {
            "collector-0": "BOTOBS_COLLECTOR_HEALTH_PORT",
            **_variables(members.GATEWAYS, "HEALTH_PORT"),
            **_variables(samplers(context), "HEALTH_PORT"),
        },
        "mimir": _variables(members.MIMIRS, "HTTP_PORT"),
        "tempo": _variables(members.TEMPOS, "HTTP_PORT"),
        "alertmanager": _variables(members.ALERTMANAGERS, "PORT"),
    }
    folder = context.home.config / "prometheus" / "targets"
    for job, variables in targets.items():
        write_job(folder, job, {name: f"127.0.0.1:{context.port(port)}" for name, port in variables.items()})


def _variables(some: tuple[Member, ...], end: str) -> dict[str, str]:
    return {member.name: member.ports[end].variable for member in some}
