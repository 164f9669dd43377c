"""Lets commands of this user hold, resume and signal the processes of a running stack: what drills need.

A Unix socket in the stack's home, one JSON line a request and one a response. What takes a process away is a lease:
after its seconds the process comes back by itself, so that a drill which is killed leaves no fault behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import StackError
from .pulse import Vitals

if TYPE_CHECKING:
    from .supervisor import Supervisor

logger = logging.getLogger(__name__)

#: What all that a service sends passes through; of several, without their numbers.
_ON_THE_WAY = frozenset(("intake", "front", "collector", "gateway", "sampler"))
#: Longest lease, in seconds.
LONGEST = 3600.0
#: A Unix socket's path may have 104 bytes on macOS and 108 on Linux.
_LONGEST_PATH = 100


class ControlServer:
    """Takes requests for one supervisor.

    Args:
        path: The socket's place; only its owner can connect.
        supervisor: Whose processes are meant.
        several: Names that stand for several processes at once.
    """

    def __init__(
        self, path: Path, supervisor: Supervisor, several: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self._path = path
        self._supervisor = supervisor
        self._several = several or {}
        self._server: asyncio.Server | None = None
        self._leases: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Begin to listen."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        try:
            # No client can connect before it listens, and by then other users have no access.
            with _short(self._path) as name:
                listener.bind(name)
            self._path.chmod(0o600)
            self._server = await asyncio.start_unix_server(self._serve, sock=listener)
        except BaseException:
            listener.close()
            raise

    async def stop(self) -> None:
        """Stop listening; processes that are held stay so, because the stack stops."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for lease in self._leases.values():
            lease.cancel()
        await asyncio.gather(*self._leases.values(), return_exceptions=True)
        # On a disk that cannot be written any more it stays, and the processes have to be stopped all the same.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                response: dict[str, Any] = {"ok": True, **await self._do(json.loads(await reader.readline()))}
            except ConnectionError:
                raise
            except Exception as error:
                # Whatever it is: who asks waits for a response.
                if not isinstance(error, StackError | ValueError | KeyError | TypeError):
                    logger.exception("a request cannot be carried out")
                response = {"ok": False, "error": str(error) or repr(error)}
            writer.write(json.dumps(response).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "status":
            supervisor = self._supervisor
            return {
                "processes": {
                    name: asdict(each) | asdict(supervisor.vitals(name))
                    for name, each in supervisor.status.items()
                },
                "several": dict(self._several),
            }
        name = str(request["name"])
        processes = self._several.get(name, (name,))
        for process in processes:
            if process not in self._supervisor.processes:
                raise StackError(
                    f"no process {process!r} runs here; there are {', '.join(self._supervisor.processes)}"
                )
        await asyncio.gather(*(self._do_to(process, request) for process in processes))
        return {}

    async def _do_to(self, process: str, request: dict[str, Any]) -> None:
        if request["do"] in ("hold", "crash", "kill") and not self._path.exists():
            raise StackError(
                f"the home was {self._path.parent} when the stack was started: what is stopped would look for its "
                "files there, and could not start again; botobs down, then botobs up"
            )
        match request["do"]:
            case "hold" | "crash" as how:
                seconds = _lease(request)
                await self._release(process)
                await self._supervisor.hold(process, signal.SIGKILL if how == "crash" else None)
                self._leases[process] = asyncio.create_task(self._resume_after(process, seconds))
            case "freeze":
                seconds = _lease(request)
                await self._release(process)
                await self._supervisor.freeze(process)
                self._leases[process] = asyncio.create_task(self._thaw_after(process, seconds))
            case "kill":
                await self._supervisor.kill(process, signal.SIGKILL)
            case "release":
                await self._release(process)
            case other:
                raise StackError(
                    f"cannot {other!r} a process; there are hold, crash, freeze, kill, release and status"
                )

    async def _release(self, process: str) -> None:
        lease = self._leases.pop(process, None)
        if lease is not None:
            lease.cancel()
            # Ending a lease early undoes its fault, as its time would have.
            await asyncio.gather(lease, return_exceptions=True)

    async def _resume_after(self, process: str, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            if not self._supervisor.stopping:
                await self._supervisor.resume(process)

    async def _thaw_after(self, process: str, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            await self._supervisor.thaw(process)


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of `path` for as long as the block runs, short enough for a socket.

    Raises:
        StackError: This system has none.
    """
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        through = Path(f"/proc/self/fd/{folder}")
        if not through.exists():
            raise StackError(
                f"{path} is too long a name for a socket on this system",
                f"Choose a home whose path has at most {_LONGEST_PATH - len(path.name) - 1} bytes.",
            )
        yield str(through / path.name)
    finally:
        os.close(folder)


def _lease(request: dict[str, Any]) -> float:
    seconds = float(request["seconds"])
    if not 0 < seconds <= LONGEST:
        raise StackError(f"a process can be taken away for up to {LONGEST:g} s, not for {seconds:g} s")
    return seconds


def ask(
    path: Path, do: str, process: str, seconds: float | None = None, patience: float = 60
) -> dict[str, Any]:
    """Make one request; returns when it is done.

    Args:
        path: The socket of the running stack, `Home.control`.
        do: `hold` (stop it in good order), `crash` (kill it, and leave it dead), `freeze` (stop its threads, and those
            of the processes that it has started), `kill`, `release`, or `status` (of all).
        process: Name of the process.
        seconds: Length of the lease, for `hold`, `crash` and `freeze`.
        patience: Seconds to wait for the reply.

    Returns:
        What the stack says besides that it is done.

    Raises:
        StackError: The stack does not run or refuses.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection, _short(path) as name:
            connection.settimeout(patience)
            connection.connect(name)
            connection.sendall(json.dumps({"do": do, "name": process, "seconds": seconds}).encode() + b"\n")
            response = json.loads(connection.makefile().readline())
    except (OSError, ValueError) as error:
        raise StackError(
            f"the stack cannot be asked at {path}: {error}", "Is it running? See botobs status."
        ) from None
    if not response["ok"]:
        raise StackError(response["error"])
    return dict(response)


def processes(path: Path, patience: float = 2) -> dict[str, dict[str, Any]]:
    """Every process of a running stack by its name: state, restarts, time since the last change, and its vitals.

    Args:
        path: The socket of the running stack, `Home.control`.
        patience: Seconds in which the stack has to respond.

    Raises:
        StackError: The stack does not run, or does not respond in time.
    """
    return dict(ask(path, "status", "", patience=patience)["processes"])


def stopped(path: Path) -> list[str]:
    """The processes of a running stack whose threads are stopped; none where it does not say."""
    try:
        return [name for name, each in processes(path).items() if each.get("stopped")]
    except StackError:
        return []


def in_the_way(names: Iterable[str]) -> list[str]:
    """Those processes that all passes through which a service sends."""
    return [name for name in names if name.split("-")[0] in _ON_THE_WAY]


def vitals(path: Path, part: str, patience: float) -> tuple[dict[str, Vitals], dict[str, Vitals]]:
    """The vitals of the processes that are a part of a running stack, and those of all.

    Args:
        path: The socket of the running stack, `Home.control`.
        part: As `stack.json` names it.
        patience: Seconds in which the stack has to respond.

    Raises:
        StackError: The stack does not run, or does not respond in time.
    """
    response = ask(path, "status", "", patience=patience)
    # A supervisor of the version before says none of this.
    every = {
        name: Vitals(each.get("stopped", False), each.get("processor", 0.0))
        for name, each in response["processes"].items()
    }
    own = response.get("several", {}).get(part, (part,))
    return {name: each for name, each in every.items() if name in own}, every
