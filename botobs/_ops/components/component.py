"""What a component of the stack is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .context import Context
from .port import Port


@dataclass(frozen=True)
class Component:
    """A program of the stack in one role.

    Attributes:
        name: Its name in `botobs status`, in compose and in the chart.
        purpose: What it does, in a few words.
        program: The program, as `versions.toml` names it; None for one that is not built.
        folder: The folder of its configuration, in the repository and in a stack's home.
        ports: Where it listens.
        executable: The file that is run, where it is not called like the component.
        arguments: Its command line after the executable. `{config}`, `{data}` and `{secrets}` are its folders, `{url}`
            its address, `{BOTOBS_NAME}` a setting. A function gives what cannot be said so.
        environ: Its environment beside what every process gets, in the same way.
        prepare: Run before every start, in a thread.
        stores: Whether it has a folder of data.
        address: Variable of the port by which a person or a program reaches it: its own, or
            that of what stands in front of it.
        health: Port variable and path that return 200 once it is ready; None where that is not HTTP.
        status: Path by which `botobs status` sees that it runs, where it is not that of `health`.
        scraped: Variable of the port that Prometheus scrapes, if it does.
        job: Name of the scrape job, where it is not the component's.
        after: What must be ready before it starts, and runs until it has stopped.
        stop_budget: Seconds that it gets to stop.
        always: Whether it always runs on a single machine.
        in_compose: Whether docker-compose.yml has it.
    """

    name: str
    purpose: str
    program: str | None
    folder: str
    ports: Sequence[Port]
    executable: str = ""
    arguments: Sequence[str] | Callable[[Context], Sequence[str]] = ()
    environ: Mapping[str, str] | Callable[[Context], Mapping[str, str]] = field(default_factory=dict)
    prepare: Callable[[Context], object] | None = None
    stores: bool = False
    address: str | None = None
    health: tuple[str, str] | None = None
    status: str = ""
    scraped: str | None = None
    job: str = ""
    after: tuple[str, ...] = ()
    stop_budget: float = 10.0
    always: bool = False
    in_compose: bool = True

    @property
    def scrape_job(self) -> str:
        """Name of the component's scrape job in Prometheus."""
        return self.job or self.name

    @property
    def url_variable(self) -> str:
        """The variable of its address in templates."""
        return f"BOTOBS_{self.name.upper()}_URL"
