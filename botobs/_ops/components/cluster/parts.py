"""The processes of a cluster: their command lines, and what must come first."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import StackError
from ...processes.supervisor import Part
from .. import parts
from ..parts import Context
from . import members, rules, secrets
from .members import Member

#: The programs that a cluster needs, by their names in versions.toml.
PROGRAMS = ("collector", "prometheus", "tempo", "alertmanager", "mimir", "front", "object-store")
#: Every part, the two that a single machine has too among them.
NAMES = ("collector", "prometheus", *(member.name for member in members.MEMBERS))
_MIMIRS = tuple(member.name for member in members.MIMIRS)
_TEMPOS = tuple(member.name for member in members.TEMPOS)

#: What a drill takes away under the name of a single machine. Who scrapes and who evaluates rules are two here.
SEVERAL = {
    "prometheus": ("prometheus", *_MIMIRS),
    "mimir": _MIMIRS,
    "tempo": _TEMPOS,
    "alertmanager": tuple(member.name for member in members.ALERTMANAGERS),
}


def make(context: Context) -> list[Part]:
    """Every process, as the supervisor takes it."""
    # Their configuration is filled from the environment, in which a dollar has to be a variable.
    secret = secrets.environment(context.home.secrets) | {"DOLLAR": "$"}
    samplers = _samplers(context)
    return [
        _object_store(context, secret),
        *(_mimir(context, member, secret) for member in members.MIMIRS),
        *(_tempo(context, member, secret) for member in members.TEMPOS),
        *_alertmanagers(context),
        _front(context),
        _prometheus(context),
        *(_gateway(context, member) for member in members.GATEWAYS),
        *(_sampler(context, member) for member in samplers),
        parts.collector(
            context, _agent_files(context), after=("front", *_names(members.GATEWAYS), *_names(samplers))
        ),
    ]


def addresses(context: Context) -> dict[str, str]:
    """Where a client finds what on a single machine is one process, whichever of them answers."""
    return {
        "prometheus": context.url("BOTOBS_FRONT_MIMIR_PORT", "/prometheus"),
        "mimir": context.url("BOTOBS_FRONT_MIMIR_PORT"),
        "tempo": context.url("BOTOBS_TEMPO_QUERY_FRONTEND_HTTP_PORT"),
        "alertmanager": context.url("BOTOBS_FRONT_ALERTMANAGER_PORT"),
    }


def write_targets(context: Context) -> None:
    """Tell Prometheus where the several are, over the targets of a single machine."""
    targets = {
        "collector": {
            "collector-0": "BOTOBS_COLLECTOR_HEALTH_PORT",
            **_variables(members.GATEWAYS, "HEALTH_PORT"),
            **_variables(_samplers(context), "HEALTH_PORT"),
        },
        "mimir": _variables(members.MIMIRS, "HTTP_PORT"),
        "tempo": _variables(members.TEMPOS, "HTTP_PORT"),
        "alertmanager": _variables(members.ALERTMANAGERS, "PORT"),
    }
    folder = context.home.config / "prometheus" / "targets"
    for job, variables in targets.items():
        found = {instance: f"127.0.0.1:{context.port(name)}" for instance, name in variables.items()}
        parts.write_job(folder, job, found)


def _samplers(context: Context) -> tuple[Member, ...]:
    sampling = parts.sampling(context)
    if sampling == "on":
        raise StackError(
            "BOTOBS_SAMPLING=on is of a single machine",
            "In a cluster samplers do it, which see the spans of all agents: BOTOBS_SAMPLING=gateway.",
        )
    return members.SAMPLERS if sampling == "gateway" else ()


def _agent_files(context: Context) -> tuple[str, ...]:
    sampling = parts.SAMPLING[parts.sampling(context)]
    return ("collector.yaml", "agent.yaml", *sampling, *(["agent-sampling.yaml"] if sampling else []))


def _names(some: tuple[Member, ...]) -> tuple[str, ...]:
    return tuple(member.name for member in some)


def _variables(some: tuple[Member, ...], end: str) -> dict[str, str]:
    return {member.name: member.ports[end].variable for member in some}


def _object_store(context: Context, secret: dict[str, str]) -> Part:
    folder = context.data("object-store")
    buckets, attributes = folder / "buckets", folder / "attributes"
    for needed in (buckets / "mimir", buckets / "tempo", attributes):
        needed.mkdir(parents=True, exist_ok=True)
    port = members.OBJECT_STORE.ports["PORT"].variable
    return Part(
        name="object-store",
        command=[
            str(context.binaries["versitygw"]),
            f"--port=127.0.0.1:{context.port(port)}",
            f"--cert={context.home.secrets / 'server.pem'}",
            f"--key={context.home.secrets / 'server.key'}",
            "--health=/health",
            "--quiet",
            "posix",
            # What describes an object lies beside it: not every file system has extended attributes.
            f"--sidecar={attributes}",
            str(buckets),
        ],
        ready=context.answers(context.url(port, "/health")),
        environ=parts.environ(
            ROOT_ACCESS_KEY_ID=secret["OBJECT_STORE_KEY"],
            ROOT_SECRET_ACCESS_KEY=secret["OBJECT_STORE_SECRET"],
        ),
        url=context.url(port),
    )


def _mimir(context: Context, member: Member, secret: dict[str, str]) -> Part:
    port = member.ports["HTTP_PORT"].variable

    async def prepare() -> None:
        # It makes all folders but this, in which uploaded blocks are looked through.
        (context.data(member.name) / "compactor").mkdir(exist_ok=True)

    return Part(
        name=member.name,
        command=[
            str(context.binaries["mimir"]),
            f"-config.file={context.config('mimir', f'{member.name}.yaml')}",
            "-config.expand-env=true",
        ],
        ready=context.answers(context.url(port, "/ready")),
        environ=parts.environ(**secret),
        after=("object-store",),
        prepare=prepare,
        stop_budget=30,
        start_budget=180,
        url=context.url(port),
    )


def _tempo(context: Context, member: Member, secret: dict[str, str]) -> Part:
    context.data(member.name)
    target = members.TARGETS[member.name]
    port = member.ports["HTTP_PORT"].variable
    return Part(
        name=member.name,
        command=[
            str(context.binaries["tempo"]),
            f"-target={target}",
            f"-config.file={context.config('tempo', f'{member.name}.yaml')}",
            "-config.expand-env=true",
        ],
        ready=context.answers(context.url(port, "/ready")),
        environ=parts.environ(**secret),
        after={"ingester": ("object-store",), "metrics-generator": ("object-store",)}.get(
            target, members.INGESTERS
        ),
        # An ingester writes what it holds. Others wait for ever when they are stopped within half a minute of a query.
        stop_budget=30 if target == "ingester" else 5,
        start_budget=180,
        url=context.url(port),
    )


def _alertmanagers(context: Context) -> Iterator[Part]:
    gossip = {
        member.name: f"127.0.0.1:{context.port(member.ports['GOSSIP_PORT'].variable)}"
        for member in members.ALERTMANAGERS
    }
    for member in members.ALERTMANAGERS:
        others = [address for name, address in gossip.items() if name != member.name]
        yield parts.alertmanager(
            context,
            member.name,
            member.ports["PORT"].variable,
            (
                f"--cluster.listen-address={gossip[member.name]}",
                *(f"--cluster.peer={address}" for address in others),
                f"--cluster.tls-config={context.config('alertmanager', 'cluster.yml')}",
                # How long the second waits for word of the first before it tells people itself.
                f"--cluster.peer-timeout={context.values.get('BOTOBS_ALERTMANAGER_PEER_TIMEOUT', '15s')}",
            ),
        )


def _front(context: Context) -> Part:
    async def load_rules() -> None:
        await rules.load(
            context.http, context.url("BOTOBS_FRONT_MIMIR_PORT"), context.home.config / "prometheus" / "rules",
            context.values.get("BOTOBS_TENANT") or "botobs", context.values["BOTOBS_ENVIRONMENT"],
        )  # fmt: skip

    return Part(
        name="front",
        command=[
            str(context.binaries["caddy"]),
            "run",
            f"--config={context.config('front', 'front.conf')}",
            "--adapter=caddyfile",
        ],
        ready=context.answers(context.url("BOTOBS_FRONT_MIMIR_PORT", "/ready")),
        environ=parts.environ(
            XDG_DATA_HOME=str(context.data("front")), XDG_CONFIG_HOME=str(context.data("front"))
        ),
        after=(*_MIMIRS, *_names(members.ALERTMANAGERS)),
        finish_start=load_rules,
        url=context.url("BOTOBS_FRONT_GATEWAY_PORT"),
    )


def _prometheus(context: Context) -> Part:
    address = f"{context.values.get('BOTOBS_BIND', '127.0.0.1')}:{context.port('BOTOBS_PROMETHEUS_PORT')}"
    return Part(
        name="prometheus",
        command=[
            str(context.binaries["prometheus"]),
            "--agent",
            f"--config.file={context.config('prometheus', 'agent.yml')}",
            f"--storage.agent.path={context.data('prometheus-agent')}",
            # What Mimir has not answered for waits on disk as long as the agents' queues do.
            f"--storage.agent.retention.max-time={context.values.get('BOTOBS_HORIZON') or '24h'}",
            f"--web.listen-address={address}",
            f"--web.config.file={context.home.secrets / 'web.yml'}",
            "--log.level=warn",
        ],
        ready=context.answers(context.url("BOTOBS_PROMETHEUS_PORT", "/-/ready")),
        environ=parts.environ(),
        after=("front",),
        stop_budget=30,
        url=context.url("BOTOBS_PROMETHEUS_PORT"),
    )


def _gateway(context: Context, member: Member) -> Part:
    return _collector(context, member, (f"{member.name}.yaml",))


def _sampler(context: Context, member: Member) -> Part:
    context.data(member.name)
    return _collector(
        context, member, (f"{member.name}.yaml", "sampling-policy.yaml", "sampler-gateways.yaml")
    )


def _collector(context: Context, member: Member, files: tuple[str, ...]) -> Part:
    return Part(
        name=member.name,
        command=[
            str(context.binaries["botobs-collector"]),
            *(word for file in files for word in ("--config", f"file:{context.config('collector', file)}")),
        ],
        ready=context.answers(context.url(member.ports["HEALTH_PORT"].variable, "/")),
        environ=parts.collector_environ(context),
        after=("front", *_TEMPOS),
        stop_budget=15,
        url=context.url(member.ports["PORT"].variable),
    )
