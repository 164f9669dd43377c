"""The ports of the stack: their defaults, their settings, the credentials that they ask for, and who is in the way."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ..errors import StackError
from .cluster.members import MEMBERS
from .component import Component
from .port import Auth, Port
from .table import COMPONENTS

__all__ = ["PORTS", "Auth", "Port", "choose", "configured", "free_ports", "holder", "of"]


def of(components: Iterable[Component]) -> tuple[Port, ...]:
    """The ports of components, and those of a cluster's members."""
    return (
        *(port for component in components for port in component.ports),
        *(port for member in MEMBERS for port in member.ports.values()),
    )


PORTS: tuple[Port, ...] = of(COMPONENTS)


def choose(
    components: Iterable[str],
    auto: bool,
    values: Mapping[str, str] = MappingProxyType({}),
    known: Iterable[Port] = PORTS,
    held: list[socket.socket] | None = None,
) -> dict[str, int]:
    """The port of every variable of `components`, all of them free at this moment.

    Args:
        components: Names of the components that will run.
        auto: Pick any free ports instead of the configured ones.
        values: The settings, checked already.
        known: Every port that there is.
        held: Takes what keeps others from picking the same ones; to be closed when the stack has ended.

    Raises:
        StackError: Two listeners have one port, or a port is taken.
    """
    names = set(components)
    wanted = [port for port in known if port.component in names]
    if auto:
        picked = pick(len(wanted))
        chosen = dict(zip((port.variable for port in wanted), _numbers(picked), strict=True))
        if held is not None and _HOLDS:
            held += picked
        else:
            _close(picked)
        return chosen
    chosen = configured(values, wanted)
    _refuse_doubles(wanted, chosen)
    _refuse_taken(wanted, chosen)
    return chosen


def configured(values: Mapping[str, str], known: Iterable[Port] = PORTS) -> dict[str, int]:
    """The port of every variable as the settings have it, free or not."""
    return {port.variable: int(values.get(port.variable) or port.default) for port in known}


#: Where `auto` looks: above the programs' usual ports, below those of outgoing connections.
_FREE = range(20000, 32768)


#: Whether a program can listen on a port that a socket of another one is bound to and does not listen on. Elsewhere
#: that takes an option that programs do not set.
_HOLDS = sys.platform == "linux"


def free_ports(count: int) -> list[int]:
    """`count` different ports on 127.0.0.1 that are free now.

    Raises:
        StackError: There are not so many.
    """
    picked = pick(count)
    numbers = _numbers(picked)
    _close(picked)
    return numbers


def pick(count: int) -> list[socket.socket]:
    """`count` sockets, each bound to another free port on 127.0.0.1.

    They lie below those that systems give to outgoing connections (32768 and above on Linux, 49152 elsewhere): one of
    these may be taken by any connection before the program that is to listen has started. As long as a socket is open,
    no other process picks its port; on Linux a program can listen there all the same.

    Raises:
        StackError: There are not so many.
    """
    picked: list[socket.socket] = []
    for number in random.sample(_FREE, len(_FREE)):
        if len(picked) == count:
            break
        if (bound := _bound(number)) is not None:
            picked.append(bound)
    if len(picked) < count:
        _close(picked)
        raise StackError(f"there are no {count} free ports from {_FREE.start} to {_FREE.stop - 1}")
    return picked


def _bound(number: int) -> socket.socket | None:
    probe = socket.socket()
    try:
        probe.bind(("127.0.0.1", number))
    except OSError:
        probe.close()
        return None
    # Only now: before, it would be bound beside another one that is held.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return probe


def _numbers(picked: Iterable[socket.socket]) -> list[int]:
    return [bound.getsockname()[1] for bound in picked]


def _close(picked: Iterable[socket.socket]) -> None:
    for bound in picked:
        bound.close()


def _refuse_doubles(wanted: Iterable[Port], chosen: Mapping[str, int]) -> None:
    seen: dict[int, Port] = {}
    for port in wanted:
        number = chosen[port.variable]
        other = seen.setdefault(number, port)
        if other is not port:
            raise StackError(f"{other.variable} and {port.variable} are both {number}; they must differ")


def _refuse_taken(wanted: Iterable[Port], chosen: Mapping[str, int]) -> None:
    taken = [port for port in wanted if not _is_free(chosen[port.variable])]
    if not taken:
        return
    lines = [
        f"  {chosen[port.variable]} ({port.purpose}): held by {holder(chosen[port.variable])}; "
        f"move ours with {port.variable}"
        for port in taken
    ]
    plural = "s are" if len(taken) > 1 else " is"
    raise StackError(
        f"{len(taken)} port{plural} taken:\n" + "\n".join(lines),
        "Stop what holds them, set the variables, or let free ports be picked with --ports auto.",
    )


def _is_free(number: int) -> bool:
    with socket.socket() as probe:
        # Connections of a stack that has just stopped linger in TIME_WAIT, and do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def holder(number: int) -> str:
    """The process that listens on a port, as `name (pid 123)`, or who may know it."""
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another process (only root may see which on this system)"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == number:
            if connection.pid is None:
                return "a process of another user"
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.NoSuchProcess:
                break
    return "a process that has just ended"
