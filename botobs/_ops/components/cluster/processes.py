"""The processes of a cluster: their command lines, and what must come first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...errors import StackError
from ...processes.process import Process
from .. import alertmanager, collector, native
from ..context import Context, environ
from ..table import BY_NAME
from . import members, rules, secrets
from .members import Member

#: The programs that a cluster needs, by their names in versions.toml.
PROGRAMS = ("collector", "intake", "prometheus", "tempo", "alertmanager", "mimir", "front", "object-store")
#: Every process, the three that a single machine has too among them.
NAMES = ("collector", "intake", "prometheus", *(member.name for member in members.MEMBERS))
_MIMIRS = tuple(member.name for member in members.MIMIRS)
_TEMPOS = tuple(member.name for member in members.TEMPOS)


def make(context: Context) -> list[Process]:
    """Every process, as the supervisor takes it."""
    # Their configuration is filled from the environment, in which a dollar has to be a variable.
    secret = secrets.environment(context.home.secrets) | {"DOLLAR": "$"}
    sampling = samplers(context)
    return [
        _object_store(context, secret),
        *(_mimir(context, member, secret) for member in members.MIMIRS),
        *(_tempo(context, member, secret) for member in members.TEMPOS),
        *_alertmanagers(context),
        _front(context),
        _prometheus(context),
        *(_gateway(context, member) for member in members.GATEWAYS),
        *(_sampler(context, member) for member in sampling),
        _agent(context, ("front", *_names(members.GATEWAYS), *_names(sampling))),
        native.process(context, BY_NAME["intake"]),
    ]


def samplers(context: Context) -> tuple[Member, ...]:
    """The samplers that run.

    Raises:
        StackError: BOTOBS_SAMPLING has a value that a cluster has not.
    """
    sampling = collector.sampling(context)
    if sampling == "on":
        raise StackError(
            "BOTOBS_SAMPLING=on is of a single machine",
            "In a cluster samplers do it, which see the spans of all agents: BOTOBS_SAMPLING=gateway.",
        )
    return members.SAMPLERS if sampling == "gateway" else ()


def _agent(context: Context, after: tuple[str, ...]) -> Process:
    sampling = collector.SAMPLING[collector.sampling(context)]
    files = (
        *collector.BEHIND_INTAKE,
        "agent.yaml",
        *sampling,
        *(["agent-sampling.yaml"] if sampling else []),
    )
    entry = replace(
        BY_NAME["collector"], arguments=lambda context: collector.arguments(context, files), after=after
    )
    return native.process(context, entry)


def _names(some: tuple[Member, ...]) -> tuple[str, ...]:
    return tuple(member.name for member in some)


def _object_store(context: Context, secret: dict[str, str]) -> Process:
    folder = context.data("object-store")
    buckets, attributes = folder / "buckets", folder / "attributes"
    for needed in (buckets / "mimir", buckets / "tempo", attributes):
        needed.mkdir(parents=True, exist_ok=True)
    port = members.OBJECT_STORE.ports["PORT"].variable
    return Process(
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
        ready=context.returns_200(context.url(port, "/health")),
        environ=environ(
            ROOT_ACCESS_KEY_ID=secret["AWS_ACCESS_KEY_ID"],
            ROOT_SECRET_ACCESS_KEY=secret["AWS_SECRET_ACCESS_KEY"],
        ),
        url=context.url(port),
    )


def _mimir(context: Context, member: Member, secret: dict[str, str]) -> Process:
    port = member.ports["HTTP_PORT"].variable

    async def prepare() -> None:
        # It makes all folders but this, in which uploaded blocks are looked through.
        (context.data(member.name) / "compactor").mkdir(exist_ok=True)

    return Process(
        name=member.name,
        command=[
            str(context.binaries["mimir"]),
            f"-config.file={context.config('mimir', f'{member.name}.yaml')}",
            "-config.expand-env=true",
        ],
        ready=context.returns_200(context.url(port, "/ready")),
        environ=environ(**secret),
        after=("object-store",),
        prepare=prepare,
        stop_budget=30,
        start_budget=180,
        url=context.url(port),
    )


def _tempo(context: Context, member: Member, secret: dict[str, str]) -> Process:
    context.data(member.name)
    target = members.TARGETS[member.name]
    port = member.ports["HTTP_PORT"].variable
    return Process(
        name=member.name,
        command=[
            str(context.binaries["tempo"]),
            f"-target={target}",
            f"-config.file={context.config('tempo', f'{member.name}.yaml')}",
            "-config.expand-env=true",
        ],
        ready=context.returns_200(context.url(port, "/ready")),
        environ=environ(**secret),
        after={"ingester": ("object-store",), "metrics-generator": ("object-store",)}.get(
            target, members.INGESTERS
        ),
        # An ingester writes what it holds. Others wait for ever when they are stopped within half a minute of a query.
        stop_budget=30 if target == "ingester" else 5,
        start_budget=180,
        url=context.url(port),
    )


def _alertmanagers(context: Context) -> Iterator[Process]:
    entry = BY_NAME["alertmanager"]
    assert not callable(entry.arguments) and entry.health is not None
    gossip = {
        member.name: f"127.0.0.1:{context.port(member.ports['GOSSIP_PORT'].variable)}"
        for member in members.ALERTMANAGERS
    }
    for member in members.ALERTMANAGERS:
        port = member.ports["PORT"].variable
        own = {
            **native.places(context, entry),
            "data": str(context.data(member.name)),
            "url": context.url(port),
            "BOTOBS_ALERTMANAGER_PORT": context.values[port],
        }
        yield Process(
            name=member.name,
            command=[
                str(context.binaries["alertmanager"]),
                *native.filled((word for word in entry.arguments if not word.startswith("--cluster.")), own),
                f"--cluster.listen-address={gossip[member.name]}",
                *(f"--cluster.peer={address}" for name, address in gossip.items() if name != member.name),
                f"--cluster.tls-config={context.config('alertmanager', 'cluster.yml')}",
                # How long the second waits for word of the first before it alerts people itself.
                f"--cluster.peer-timeout={context.values['BOTOBS_ALERTMANAGER_PEER_TIMEOUT']}",
            ],
            ready=context.returns_200(context.url(port, entry.health[1])),
            environ=environ(),
            prepare=alertmanager.prepare_member(context, member.name),
            stop_budget=entry.stop_budget,
            url=context.url(port),
        )


def _front(context: Context) -> Process:
    async def load_rules() -> None:
        await rules.load(
            context.http, context.url("BOTOBS_FRONT_MIMIR_PORT"), context.home.config / "prometheus" / "rules",
            context.values.get("BOTOBS_TENANT") or "botobs", context.values["BOTOBS_ENVIRONMENT"],
        )  # fmt: skip

    return Process(
        name="front",
        command=[
            str(context.binaries["caddy"]),
            "run",
            f"--config={context.config('front', 'front.conf')}",
            "--adapter=caddyfile",
        ],
        ready=context.returns_200(context.url("BOTOBS_FRONT_MIMIR_PORT", "/ready")),
        environ=environ(XDG_DATA_HOME=str(context.data("front")), XDG_CONFIG_HOME=str(context.data("front"))),
        after=(*_MIMIRS, *_names(members.ALERTMANAGERS)),
        finish_start=load_rules,
        url=context.url("BOTOBS_FRONT_GATEWAY_PORT"),
    )


def _prometheus(context: Context) -> Process:
    address = f"{context.values['BOTOBS_BIND']}:{context.port('BOTOBS_PROMETHEUS_PORT')}"
    return Process(
        name="prometheus",
        command=[
            str(context.binaries["prometheus"]),
            "--agent",
            f"--config.file={context.config('prometheus', 'agent.yml')}",
            f"--storage.agent.path={context.data('prometheus-agent')}",
            # What Mimir has not acknowledged waits on disk as long as the agents' queues do.
            f"--storage.agent.retention.max-time={context.values['BOTOBS_HORIZON']}",
            f"--web.listen-address={address}",
            f"--web.config.file={context.home.secrets / 'web.yml'}",
            "--log.level=warn",
        ],
        ready=context.returns_200(context.url("BOTOBS_PROMETHEUS_PORT", "/-/ready")),
        environ=environ(),
        after=("front",),
        stop_budget=30,
        url=context.url("BOTOBS_PROMETHEUS_PORT"),
    )


def _gateway(context: Context, member: Member) -> Process:
    return _collector(context, member, (f"{member.name}.yaml",))


def _sampler(context: Context, member: Member) -> Process:
    context.data(member.name)
    return _collector(
        context, member, (f"{member.name}.yaml", "sampling-policy.yaml", "sampler-gateways.yaml")
    )


def _collector(context: Context, member: Member, files: tuple[str, ...]) -> Process:
    return Process(
        name=member.name,
        command=[
            str(context.binaries[collector.EXECUTABLE]),
            *collector.arguments(context, files),
        ],
        ready=context.returns_200(context.url(member.ports["HEALTH_PORT"].variable, "/")),
        environ=collector.environ_of(context),
        after=("front", *_TEMPOS),
        stop_budget=15,
        url=context.url(member.ports["PORT"].variable),
    )
