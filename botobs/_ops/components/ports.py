"""The ports of the stack: their defaults, their settings, the credentials that they ask for, and who is in the way."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterable, Mapping

import psutil

from ..errors import StackError
from .cluster.members import MEMBERS
from .port import Auth, Port
from .table import COMPONENTS

__all__ = ["PORTS", "Auth", "Port", "check_bind", "choose", "free_ports", "holder"]

PORTS: tuple[Port, ...] = (
    *(port for component in COMPONENTS for port in component.ports),
    *(port for member in MEMBERS for port in member.ports.values()),
)


#: Where parts may listen: both are reached on 127.0.0.1.
_BINDS = ("127.0.0.1", "0.0.0.0")


def choose(parts: Iterable[str], auto: bool, environ: Mapping[str, str] = os.environ) -> dict[str, int]:
    """The port of every variable of `parts`, all of them free at this moment.

    Args:
        parts: Names of the parts that will run.
        auto: Pick any free ports instead of the configured ones.

    Raises:
        StackError: A setting is no port, or a port is taken.
    """
    wanted = [port for port in PORTS if port.part in set(parts)]
    if auto:
        return dict(zip((port.variable for port in wanted), free_ports(len(wanted)), strict=True))
    chosen = {port.variable: _configured(port, environ) for port in wanted}
    _refuse_doubles(wanted, chosen)
    _refuse_taken(wanted, chosen)
    return chosen


def check_bind(values: Mapping[str, str]) -> None:
    """Refuse an address to listen on by which the parts would not find each other.

    Raises:
        StackError: It is neither loopback nor all of the machine's.
    """
    for variable in ("BOTOBS_BIND", "BOTOBS_OTLP_BIND"):
        address = values.get(variable) or _BINDS[0]
        if address not in _BINDS:
            raise StackError(
                f"{variable}={address!r} is neither 127.0.0.1, this machine alone, nor 0.0.0.0, all its addresses",
                "The parts reach each other on 127.0.0.1; keep other addresses out with a firewall.",
            )


#: Where `auto` looks: above the programs' usual ports, below those of outgoing connections.
_FREE = range(20000, 32768)


def free_ports(count: int) -> list[int]:
    """`count` different ports on 127.0.0.1 that nobody listens on now.

    They lie below those that systems give to outgoing connections (32768 and above on Linux, 49152 elsewhere): one of
    these may be taken by any connection before the program that is to listen has started.

    Raises:
        StackError: There are not so many.
    """
    found: list[int] = []
    for number in random.sample(_FREE, len(_FREE)):
        if len(found) == count:
            break
        if _is_free(number):
            found.append(number)
    if len(found) < count:
        raise StackError(f"there are no {count} free ports from {_FREE.start} to {_FREE.stop - 1}")
    return found


def _configured(port: Port, environ: Mapping[str, str]) -> int:
    text = environ.get(port.variable, "").strip()
    if not text:
        return port.default
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StackError(f"{port.variable}={text!r} in the environment is no port: a number from 1 to 65535")
    return int(text)


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
        # Connections of a stack that has just stopped linger in TIME_WAIT and are in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def holder(number: int) -> str:
    """The process that listens on a port, as `name (pid 123)`, or who may know it."""
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
