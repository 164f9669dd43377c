"""Who is in a cluster: every process that there are several of, or that a single machine has not, and its ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..port import Auth, Port


@dataclass(frozen=True)
class Member:
    """One process of a cluster.

    Attributes:
        name: Of the process, such as `mimir-0`.
        kind: Its role, as in the variables of its template.
        ports: By the end of their variables, which begin with `BOTOBS_` and the name; in the template, with the kind.
    """

    name: str
    kind: str
    ports: Mapping[str, Port]

    def values(self, values: Mapping[str, str]) -> dict[str, str]:
        """The template's variables for this member, from those of the whole cluster."""
        own = {
            f"BOTOBS_{self.kind}_{end}": values[port.variable]
            for end, port in self.ports.items()
            if port.variable in values
        }
        return {**values, **own, f"BOTOBS_{self.kind}_INSTANCE": self.name}


def _member(name: str, kind: str, *ports: tuple[str, int, str, Auth]) -> Member:
    made = {
        end: Port(f"BOTOBS_{name.upper().replace('-', '_')}_{end}", number, name, purpose, refuses)
        for end, number, purpose, refuses in ports
    }
    return Member(name, kind, made)


def _ring_member(name: str, kind: str, place: int, base: int) -> Member:
    title = kind.capitalize()
    return _member(
        name,
        kind,
        ("HTTP_PORT", base + place, f"{title}'s API", Auth.CERTIFICATE),
        ("GRPC_PORT", base + 10 + place, f"between {title}'s processes", Auth.CERTIFICATE),
        ("GOSSIP_PORT", base + 20 + place, "who is there, and who has what", Auth.GOSSIP),
    )


def _tempo(name: str, place: int) -> Member:
    member = _ring_member(name, "TEMPO", place, 3241)
    ports = dict(member.ports)
    if TARGETS[name] == "distributor":
        otlp = _member(name, "TEMPO", ("OTLP_PORT", 4640, "traces from gateways", Auth.CERTIFICATE))
        ports |= otlp.ports
    # Others find it by its address; it need not find them.
    if TARGETS[name] == "query-frontend":
        del ports["GOSSIP_PORT"]
    return Member(name, member.kind, ports)


GATEWAYS = tuple(
    _member(
        f"gateway-{number}",
        "GATEWAY",
        ("PORT", 4621 + number, "telemetry from agents", Auth.TENANT),
        ("HEALTH_PORT", 13141 + number, "a gateway's health", Auth.CERTIFICATE),
    )
    for number in range(2)
)
#: Run when BOTOBS_SAMPLING says so.
SAMPLERS = tuple(
    _member(
        f"sampler-{number}",
        "SAMPLER",
        ("PORT", 4631 + number, "traces from agents", Auth.CERTIFICATE),
        ("HEALTH_PORT", 13151 + number, "a sampler's health", Auth.CERTIFICATE),
    )
    for number in range(2)
)
MIMIRS = tuple(_ring_member(f"mimir-{number}", "MIMIR", number, 9041) for number in range(3))
INGESTERS = tuple(f"tempo-ingester-{number}" for number in range(3))
#: Target by member: what each process of Tempo does.
TARGETS = {
    "tempo-distributor": "distributor",
    **dict.fromkeys(INGESTERS, "ingester"),
    "tempo-metrics-generator": "metrics-generator",
    "tempo-querier": "querier",
    "tempo-query-frontend": "query-frontend",
    "tempo-compactor": "compactor",
}
TEMPOS = tuple(_tempo(name, place) for place, name in enumerate(TARGETS))
ALERTMANAGERS = tuple(
    _member(
        f"alertmanager-{number}",
        "ALERTMANAGER",
        ("PORT", 9141 + number, "Alertmanager's API", Auth.PASSWORD),
        ("GOSSIP_PORT", 9151 + number, "which messages have been sent", Auth.CERTIFICATE),
    )
    for number in range(2)
)
FRONT = _member(
    "front",
    "FRONT",
    ("GATEWAY_PORT", 4620, "telemetry from agents, to any gateway", Auth.TENANT),
    ("MIMIR_PORT", 9040, "Mimir's API, at any Mimir", Auth.CERTIFICATE),
    ("ALERTMANAGER_PORT", 9140, "Alertmanager's API, at any Alertmanager", Auth.PASSWORD),
)
OBJECT_STORE = _member(
    "object-store", "OBJECT_STORE", ("PORT", 7070, "blocks and rules (S3)", Auth.ACCESS_KEY)
)

MEMBERS = (*GATEWAYS, *SAMPLERS, *MIMIRS, *TEMPOS, *ALERTMANAGERS, FRONT, OBJECT_STORE)
