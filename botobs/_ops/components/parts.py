"""Each part of the stack: its command line, how it is known to be ready, what must come first."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from ..errors import StackError
from ..home.home import Home
from ..home.private import make_folder, write_secret
from ..processes.supervisor import Part
from ..programs.binaries import Binaries
from .postgres import EXPORTER_ROLE, Server
from .queues import set_aside_broken
from .table import BY_NAME, COMPONENTS, Component

#: The components that always run on a single machine.
CORE = tuple(component.name for component in COMPONENTS if component.always)


@dataclass(frozen=True)
class Context:
    """What the definitions need to know.

    Attributes:
        home: The stack's folder.
        binaries: The programs.
        values: Values of the configuration's variables; among them every port.
        http: A client that trusts the stack and is trusted by it.
    """

    home: Home
    binaries: Binaries
    values: Mapping[str, str]
    http: httpx.AsyncClient

    def port(self, variable: str) -> int:
        """A port by its variable."""
        return int(self.values[variable])

    def url(self, variable: str, path: str = "") -> str:
        """Address on this machine of the listener whose port is `variable`."""
        return f"https://127.0.0.1:{self.values[variable]}{path}"

    def config(self, part: str, file: str) -> str:
        """A rendered configuration file."""
        return str(self.home.config / part / file)

    def data(self, part: str) -> Path:
        """The folder of a part's data, made when it is missing."""
        folder = self.home.data / part
        make_folder(folder)
        return folder

    def answers(self, url: str) -> Callable[[], Awaitable[bool]]:
        """A check that `url` answers with 200."""

        async def ready() -> bool:
            try:
                response = await self.http.get(url, timeout=3)
            except httpx.HTTPError:
                return False
            return response.status_code == 200

        return ready


def environ(**extra: str) -> dict[str, str]:
    """A part's environment: the little that programs need of ours, and `extra`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "TZ") if name in os.environ}
    return {**kept, **extra}


#: Files that are laid over the collector's own, by the value of BOTOBS_SAMPLING.
SAMPLING = {
    "off": (),
    "on": ("sampling-policy.yaml", "sampling.yaml"),
    "gateway": ("sampling-policy.yaml", "sampling.yaml", "sampling-gateway.yaml"),
}


def _machine_files(context: Context) -> tuple[str, ...]:
    files = SAMPLING[sampling(context)]
    if context.values.get("BOTOBS_MOVING") != "on":
        return ("collector.yaml", *files)
    if files:
        raise StackError(
            f"BOTOBS_MOVING=on and BOTOBS_SAMPLING={sampling(context)} do not go together",
            "What is sampled here would be missing there: sample in the cluster.",
        )
    return ("collector.yaml", "agent.yaml", "moving.yaml")


def collector_environ(context: Context) -> dict[str, str]:
    """How a collector's garbage is collected.

    Raises:
        StackError: The limits of its memory exclude each other.
    """
    return environ(
        GOMEMLIMIT=context.values.get("BOTOBS_COLLECTOR_GOMEMLIMIT") or _below_memory_limiter(context),
        # Its heap is small and all of it is garbage a moment later; the usual 100 is a quarter of its time.
        GOGC="400",
    )


def _below_memory_limiter(context: Context) -> str:
    """Where Go collects garbage whatever GOGC says: before the memory limiter would take it for load."""
    limit = _mebibytes(context, "BOTOBS_COLLECTOR_MEMORY_MIB", 512)
    spike = _mebibytes(context, "BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB", 128)
    if spike >= limit:
        raise StackError(
            f"BOTOBS_COLLECTOR_MEMORY_SPIKE_MIB={spike} must be below BOTOBS_COLLECTOR_MEMORY_MIB={limit}"
        )
    return f"{(limit - spike) * 15 // 16}MiB"


def _mebibytes(context: Context, name: str, default: int) -> int:
    text = context.values.get(name) or str(default)
    if not text.isdecimal():
        raise StackError(f"{name}={text!r} is no number of mebibytes, such as {default}")
    return int(text)


def sampling(context: Context) -> str:
    """The checked value of BOTOBS_SAMPLING.

    Raises:
        StackError: It is none that there is.
    """
    chosen = context.values.get("BOTOBS_SAMPLING") or "off"
    if chosen not in SAMPLING:
        raise StackError(f"BOTOBS_SAMPLING={chosen!r} is none of {', '.join(SAMPLING)}")
    return chosen


def _ready(context: Context, component: Component) -> Callable[[], Awaitable[bool]]:
    """A check that the component's health endpoint answers with 200."""
    assert component.health is not None
    return context.answers(context.url(*component.health))


def _url(context: Context, component: Component) -> str:
    """Where a person or a program reaches a component on this machine."""
    assert component.address is not None
    return context.url(component.address)


def collector(
    context: Context, files: Sequence[str] = (), after: tuple[str, ...] = BY_NAME["collector"].after
) -> Part:
    """The OpenTelemetry Collector that services send to.

    Args:
        files: Its configuration, each file over those before it, if it is not a single machine's.
        after: What must be ready before it.
    """
    files = files or _machine_files(context)
    queues = context.data("collector") / "queue"

    async def prepare() -> None:
        set_aside_broken(queues)

    component = BY_NAME["collector"]
    return Part(
        name="collector",
        command=[
            str(context.binaries["botobs-collector"]),
            *(word for file in files for word in ("--config", f"file:{context.config('collector', file)}")),
        ],
        ready=_ready(context, component),
        environ=collector_environ(context),
        after=after,
        prepare=prepare,
        stop_budget=component.stop_budget,
        url=_url(context, component),
    )  # fmt: skip


def prometheus(context: Context) -> Part:
    """Prometheus."""
    address = f"{context.values.get('BOTOBS_BIND', '127.0.0.1')}:{context.port('BOTOBS_PROMETHEUS_PORT')}"
    component = BY_NAME["prometheus"]
    return Part(
        name="prometheus",
        command=[
            str(context.binaries["prometheus"]),
            f"--config.file={context.config('prometheus', 'prometheus.yml')}",
            f"--storage.tsdb.path={context.data('prometheus')}",
            f"--web.listen-address={address}",
            f"--web.config.file={context.home.secrets / 'web.yml'}",
            f"--web.external-url={context.url('BOTOBS_PROMETHEUS_PORT')}",
            "--web.enable-otlp-receiver",
            "--web.enable-lifecycle",
            "--enable-feature=exemplar-storage",
            "--alertmanager.notification-queue-capacity=10000",
            # After a restart a pending alert goes on where it was; by default it begins anew, or waits ten minutes.
            "--rules.alert.for-grace-period=30s",
            # How often a firing alert is told to Alertmanager; without four of these it takes the alert for resolved.
            f"--rules.alert.resend-delay={context.values.get('BOTOBS_ALERT_RESEND_DELAY', '1m')}",
            "--log.level=warn",
        ],
        ready=_ready(context, component),
        environ=environ(),
        after=component.after,
        stop_budget=component.stop_budget,
        url=_url(context, component),
    )


def tempo(context: Context) -> Part:
    """Tempo."""
    context.data("tempo")
    component = BY_NAME["tempo"]
    return Part(
        name="tempo",
        command=[str(context.binaries["tempo"]), f"-config.file={context.config('tempo', 'tempo.yaml')}"],
        ready=_ready(context, component),
        environ=environ(),
        stop_budget=component.stop_budget,
        url=_url(context, component),
    )


#: One instance: an empty address switches the gossip port off.
_ALONE = ("--cluster.listen-address=",)


def alertmanager(
    context: Context,
    name: str = "alertmanager",
    port: str = "BOTOBS_ALERTMANAGER_PORT",
    cluster: Sequence[str] = _ALONE,
) -> Part:
    """Alertmanager.

    Args:
        name: The part's.
        port: The variable of its port.
        cluster: Arguments by which it finds others of its kind.
    """
    address = f"{context.values.get('BOTOBS_BIND', '127.0.0.1')}:{context.port(port)}"
    return Part(
        name=name,
        command=[
            str(context.binaries["alertmanager"]),
            f"--config.file={context.config('alertmanager', 'alertmanager.yml')}",
            f"--storage.path={context.data(name)}",
            f"--web.listen-address={address}",
            f"--web.config.file={context.home.secrets / 'web.yml'}",
            f"--web.external-url={context.url(port)}",
            # What was told, and what is silenced, is on disk after so long: a kill forgets no more.
            "--data.maintenance-interval=30s",
            *cluster,
            "--log.level=warn",
        ],
        ready=context.answers(context.url(port, "/-/ready")),
        environ=environ(),
        stop_budget=BY_NAME["alertmanager"].stop_budget,
        url=context.url(port),
    )


def postgres_exporter(context: Context, server: Server) -> Part:
    """The exporter of PostgreSQL's statistics, as a user who may only read them."""
    password_file = context.home.secrets / f"database-{EXPORTER_ROLE}.password"
    bind = context.values.get("BOTOBS_BIND", "127.0.0.1")
    component = BY_NAME["postgres_exporter"]
    return Part(
        name="postgres_exporter",
        command=[
            str(context.binaries["postgres_exporter"]),
            f"--web.listen-address={bind}:{context.port('BOTOBS_POSTGRES_EXPORTER_PORT')}",
            f"--web.config.file={context.home.secrets / 'web.yml'}",
            f"--config.file={context.config('postgres', 'postgres_exporter.yml')}",
            "--collector.stat_statements",
            "--collector.long_running_transactions",
            "--collector.stat_checkpointer",
            "--collector.stat_activity_autovacuum",
            "--collector.database_wraparound",
            "--collector.statio_user_indexes",
            "--collector.postmaster",
            "--log.level=warn",
        ],
        ready=_ready(context, component),
        environ=environ(
            DATA_SOURCE_URI=f"127.0.0.1:{server.port}/postgres?sslmode=disable",
            DATA_SOURCE_USER=EXPORTER_ROLE,
            DATA_SOURCE_PASS_FILE=str(password_file),
        ),
        after=component.after,
        url=_url(context, component),
    )


def mimir(context: Context) -> Part:
    """Mimir, the long-term store."""
    context.data("mimir")
    component = BY_NAME["mimir"]
    return Part(
        name="mimir",
        command=[str(context.binaries["mimir"]), f"-config.file={context.config('mimir', 'mimir.yaml')}"],
        ready=_ready(context, component),
        environ=environ(),
        stop_budget=component.stop_budget,
        url=_url(context, component),
    )


def grafana(context: Context) -> Part | None:
    """Grafana, when one is on PATH: it cannot be built from a registry."""
    program = shutil.which("grafana")
    if program is None:
        return None
    home = next((p for p in Path(program).resolve().parents if (p / "conf" / "defaults.ini").exists()), None)
    folder = str(home or "/usr/share/grafana")
    component = BY_NAME["grafana"]
    return Part(
        name="grafana",
        command=[
            program,
            "server",
            "--homepath",
            folder,
            "--config",
            context.config("grafana", "grafana.ini"),
        ],
        ready=_ready(context, component),
        environ=environ(
            GF_PATHS_DATA=str(context.data("grafana")),
            GF_PATHS_PROVISIONING=str(context.home.config / "grafana" / "provisioning"),
        ),
        after=component.after,
        url=_url(context, component),
    )


def core(context: Context) -> list[Part]:
    """What always runs on a single machine."""
    return [prometheus(context), tempo(context), alertmanager(context), collector(context)]


def write_targets(context: Context, parts: Iterable[str]) -> None:
    """Tell Prometheus where the parts are, by file service discovery."""
    folder = context.home.config / "prometheus" / "targets"
    make_folder(folder)
    running = set(parts)
    for component in COMPONENTS:
        if component.scraped:
            (folder / f"{component.scrape_job}.json").unlink(missing_ok=True)
            if component.name in running:
                write_target(folder, component.scrape_job, f"127.0.0.1:{context.port(component.scraped)}")


def write_target(folder: Path, job: str, address: str) -> None:
    """Write the target file of one scrape job, `host:port` being where it is."""
    write_job(folder, job, {f"{job}-0": address})


def write_job(folder: Path, job: str, addresses: Mapping[str, str]) -> None:
    """The same for several targets, by instance."""
    targets = [
        {"targets": [address], "labels": {"service_instance_id": instance}}
        for instance, address in addresses.items()
    ]
    write_secret(folder / f"{job}.json", json.dumps(targets, indent=1) + "\n")
