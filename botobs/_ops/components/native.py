"""Makes supervised processes of components, on a single machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from ..processes.process import Process
from . import grafana
from .component import Component
from .context import Context, environ
from .table import BY_NAME, COMPONENTS


def processes(
    context: Context, names: Iterable[str], components: Iterable[Component] = COMPONENTS
) -> list[Process]:
    """The processes of the named components that have a program of ours, in the order of the table.

    PostgreSQL has none: it is made by `postgres.Server`.
    """
    wanted = set(names)
    return [process(context, each) for each in components if each.name in wanted and each.program is not None]


def installed(context: Context) -> list[Process]:
    """The process of Grafana, where one is installed."""
    program = grafana.find()
    return [process(context, BY_NAME["grafana"], executable=program)] if program else []


def process(context: Context, component: Component, executable: str = "") -> Process:
    """The process of a component, from its entry in the table.

    Args:
        context: The stack.
        component: The entry.
        executable: The program's path, if it is not one of ours.
    """
    assert component.health is not None and component.address is not None
    if component.stores:
        context.data(component.name)
    program = executable or str(context.binaries[component.executable or component.name])
    return Process(
        name=component.name,
        command=[program, *arguments(context, component)],
        ready=context.returns_200(context.url(*component.health)),
        environ=_environ(context, component),
        after=component.after,
        prepare=_prepare(context, component),
        stop_budget=component.stop_budget,
        url=context.url(component.address),
    )


def arguments(context: Context, component: Component) -> list[str]:
    """The command line of a component after its program."""
    if callable(component.arguments):
        return list(component.arguments(context))
    return filled(component.arguments, places(context, component))


def places(context: Context, component: Component) -> Mapping[str, str]:
    """What the words of a command line may name in braces."""
    return {
        **context.values,
        "config": str(context.home.config / component.folder),
        "data": str(context.home.data / component.name),
        "secrets": str(context.home.secrets),
        "url": context.url(component.address) if component.address else "",
    }


def filled(words: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """Words with the names in braces replaced."""
    return [word.format_map(values) for word in words]


def _environ(context: Context, component: Component) -> dict[str, str]:
    if callable(component.environ):
        return dict(component.environ(context))
    values = places(context, component)
    return environ(**{name: text.format_map(values) for name, text in component.environ.items()})


def _prepare(context: Context, component: Component) -> Callable[[], Awaitable[None]] | None:
    if (prepare := component.prepare) is None:
        return None

    async def run() -> None:
        await asyncio.to_thread(prepare, context)

    return run


def folders(components: Iterable[Component] = COMPONENTS) -> Sequence[str]:
    """The folders of configuration."""
    return tuple(dict.fromkeys(component.folder for component in components))
