"""Puts the stack together: programs, secrets, configuration, ports, processes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from ..._version import __version__
from .. import custom
from ..access import clients, secrets, tokens
from ..components import native, ports, targets
from ..components.cluster import processes as cluster_processes
from ..components.cluster import secrets as cluster_secrets
from ..components.cluster import settings as cluster_settings
from ..components.cluster import targets as cluster_targets
from ..components.context import Context
from ..components.postgres import Server
from ..components.table import COMPONENTS
from ..errors import StackError
from ..home import record, state
from ..home.home import Home
from ..home.locks import try_exclusive
from ..processes import systemd
from ..processes.control import ControlServer
from ..processes.process import Process, Status
from ..processes.supervisor import Supervisor
from ..programs.binaries import Binaries, Display, Silent
from ..programs.versions import pins
from ..settings import channels, outage, receivers
from ..settings.values import Given, defaults, gather
from .configuration import certificate_expiry, render, variables
from .first_minute import FirstMinute
from .killed_services import KilledServices
from .options import Options
from .takeover import Takeover
from .upkeep import Upkeep


class Stack:
    """A stack that runs inside this process.

    Use it as `async with Stack(home, options) as stack`; leaving the block stops everything.

    Args:
        home: Where its files are.
        options: What runs, and how.
        display: Shows what has to be built.
        on_change: Called when a process changes its state.
    """

    def __init__(
        self,
        home: Home,
        options: Options,
        display: Display | None = None,
        on_change: Callable[[str, Status], None] = lambda *_: None,
    ) -> None:
        self.home = home
        self.options = options
        self.binaries = Binaries()
        self.values: dict[str, str] = {}
        self.warnings: list[str] = []
        #: Who receives alerts, once the configuration is written.
        self.receivers: receivers.Receivers | None = None
        #: How a service finds this stack.
        self.notice = ""
        self.database: Server | None = None
        self._display = display or Silent()
        self._on_change = on_change
        self._extra: list[Callable[[Stack], Iterable[Process]]] = []
        self._lock: int | None = None
        # Ports that were picked, so that no other stack picks them too.
        self._held: list[socket.socket] = []
        self._control: ControlServer | None = None
        self._killed_services: KilledServices | None = None
        #: What takes over the embedded store; None while there are no backends.
        self.takeover: Takeover | None = None
        #: What stands in for the backends until they run; None where they were there at once.
        self.first_minute: FirstMinute | None = None
        self._bringing: asyncio.Task[None] | None = None
        self._upkeep: Upkeep | None = None
        # The backends' names: what others add is not ours to restart, and the database shows no certificate.
        self._own: list[str] = []
        self.supervisor: Supervisor

    def add(self, make: Callable[[Stack], Iterable[Process]]) -> None:
        """Run further processes too; `make` is called once the ports and secrets are known."""
        self._extra.append(make)

    @property
    def names(self) -> list[str]:
        """The backends that run."""
        always = (component.name for component in COMPONENTS if component.always)
        chosen = list(cluster_processes.NAMES if self.options.cluster else always)
        if self.options.postgres:
            chosen += ["postgres", "postgres_exporter"]
        if self.options.mimir:
            chosen.append("mimir")
        return chosen

    @property
    def programs(self) -> list[str]:
        """What has to be built for them, by the names in versions.toml."""
        if not self.options.cluster:
            return [name for name in self.names if name != "postgres"]
        return [*cluster_processes.PROGRAMS, *(["postgres_exporter"] if self.options.postgres else [])]

    @property
    def addresses(self) -> dict[str, str]:
        """Address by component."""
        own = {name: process.url for name, process in self.supervisor.processes.items()}
        return own | (cluster_targets.addresses(self._context) if self.options.cluster else {})

    async def __aenter__(self) -> Self:
        """Build, prepare and start.

        Raises:
            StackError: Something is in the way; nothing is left running.
        """
        self.home.create()
        self._lock = try_exclusive(self.home.lock)
        if self._lock is None:
            raise StackError(
                f"a stack is already running in {self.home.path}",
                "See it with botobs status, stop it with botobs down.",
            )
        try:
            state.clear(self.home)
            await self._start()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        await self._close()

    async def _start(self) -> None:
        given = gather(self.home, self.options.variables)
        given.require(self.options.strict)
        embedded = (
            self.options.embedded_first and not self.options.cluster and self.binaries.lacks(self.programs)
        )
        if not embedded:
            self.binaries.require(self.programs, self._display)
        self._configure(given)
        self._http = clients.async_client(self.home.secrets)
        context = Context(self.home, self.binaries, defaults() | self.values, self._http)
        self._context = context
        self.supervisor = Supervisor(
            self._database(context), self.home.logs, self._on_change, self.options.keep_going
        )
        if not embedded:
            for process in self._backends(context):
                self.supervisor.add(process)
        targets.write(
            self.home.config / "prometheus" / "targets",
            self.names,
            lambda component: f"127.0.0.1:{context.port(component.scraped or '')}",
        )
        if self.options.cluster:
            cluster_targets.write(context)
        for make in self._extra:
            for process in make(self):
                self.supervisor.add(process)
        if embedded:
            self.first_minute = FirstMinute(self.home, context.port("BOTOBS_OTLP_HTTP_PORT"))
            self.first_minute.start()
        # Written before the services of a demo start, because they look for it.
        self._tell_where()
        await self.supervisor.start()
        record.write(self.home, self._record())
        several = cluster_targets.SEVERAL if self.options.cluster else {}
        self._control = ControlServer(self.home.control, self.supervisor, several)
        await self._control.start()
        self._killed_services = KilledServices(self.home, self._otlp, self.options.publish)
        self._killed_services.start()
        self._upkeep = Upkeep(self.home.secrets, self.supervisor, lambda: self._own, self._write_again)
        self._upkeep.start()
        if embedded:
            self._bringing = asyncio.create_task(self._bring_backends(), name="backends")
        else:
            self._take_over()

    def _configure(self, given: Given) -> None:
        """Choose ports, make what is missing of the secrets, and write the configuration."""
        outage_plan = outage.plan(given.texts, self.options.mimir)
        self._horizon = outage_plan.seconds
        named = [*self.names, "grafana"]
        chosen = ports.choose(named, self.options.ports_auto, given.texts, held=self._held)
        systemd.take_credentials(self.home.secrets, channels.SECRETS)
        secrets.ensure(self.home.secrets)
        self.values = variables(self.home, chosen, self.options, given) | dict(outage_plan.variables)
        if self.options.cluster:
            cluster_secrets.ensure(self.home.secrets, cluster_secrets.tenants_of(self.values))
        custom.make(self.home.custom)
        self._render()
        self.receivers = receivers.of_home(self.home)
        self.warnings = [
            *given.warnings,
            *tokens.warnings(self.home.secrets),
            *outage.check_disk(outage_plan, self.home.data),
            *(self.receivers.warnings if self.receivers else ()),
        ]

    def _render(self) -> None:
        render(self.home, self.values)
        if self.options.cluster:
            cluster_settings.render(self.home, self.values)

    def _write_again(self) -> None:
        """Write the configuration anew, with the end of the certificates that are there now."""
        self.values["BOTOBS_CERTIFICATE_EXPIRY"] = certificate_expiry(self.home)
        self._render()

    def _record(self) -> record.Record:
        programs = {name: pins()[name].version for name in self.programs}
        return record.Record(__version__, programs, self.options.arguments)

    @property
    def _otlp(self) -> str:
        return self._context.url("BOTOBS_OTLP_HTTP_PORT")

    def _tell_where(self) -> None:
        self.notice = state.write(
            self.home, self.values["BOTOBS_ENVIRONMENT"], self._otlp, self.addresses, self.options.publish
        )

    async def _bring_backends(self) -> None:
        assert self.first_minute is not None
        if await self.first_minute.bring(
            self.binaries,
            self.programs,
            self._display,
            self.supervisor,
            lambda: self._backends(self._context),
        ):
            self._tell_where()
            self._take_over()

    def _take_over(self) -> None:
        self.takeover = Takeover(self.home, self._otlp, self._horizon)
        self.takeover.start()

    def _database(self, context: Context) -> list[Process]:
        if not self.options.postgres:
            return []
        port = context.port("BOTOBS_POSTGRES_PORT")
        self.database = Server.prepare(self.home.data / "postgres", port, self.home.secrets)
        return [self.database.process()]

    def _backends(self, context: Context) -> list[Process]:
        custom.require(custom.Checker(self.home.custom, self.home.config, self.values, self.binaries))
        made = native.processes(context, () if self.options.cluster else self.names)
        if self.options.cluster:
            made += cluster_processes.make(context)
            if self.options.postgres:
                made += native.processes(context, ["postgres_exporter"])
        made += native.installed(context)
        self._own = [process.name for process in made]
        return made

    async def _close(self) -> None:
        if self._bringing is not None:
            self.binaries.cancel()
            self._bringing.cancel()
            await asyncio.gather(self._bringing, return_exceptions=True)
        if self.takeover is not None:
            await self.takeover.stop()
        if self._upkeep is not None:
            await self._upkeep.stop()
        if self._killed_services is not None:
            await self._killed_services.stop()
        if self._control is not None:
            await self._control.stop()
        if hasattr(self, "supervisor"):
            await self.supervisor.stop()
            if self.first_minute is not None:
                await self.first_minute.close()
            await self._http.aclose()
            state.remove(self.home)
        while self._held:
            self._held.pop().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
