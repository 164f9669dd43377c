"""Notifications to systemd, and the credentials that it hands over; nothing where there is none.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html,
https://systemd.io/CREDENTIALS/
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..home.private import make_folder, read_lines, write_secret


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Notify the service manager of a state, such as `READY=1`; returns whether there is one."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        # An abstract socket is written with @.
        sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sender.sendall(state.encode())
    return True


async def keep_alive(environ: Mapping[str, str] = os.environ) -> None:
    """Notify systemd's watchdog, as often as it asks, while our loop runs; returns at once where it does not ask."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return
    while notify("WATCHDOG=1", environ):  # noqa: ASYNC110
        await asyncio.sleep(int(microseconds) / 1e6 / 3)


def take_credentials(secrets: Path, names: Iterable[str], environ: Mapping[str, str] = os.environ) -> None:
    """Put what the service manager hands over where the stack reads it.

    Args:
        secrets: Of the home.
        names: Of the files of `secrets/alertmanager/` that may come as credentials, under the same names.
        environ: Holds `CREDENTIALS_DIRECTORY` where there are any.

    Raises:
        StackError: A credential is empty or no text.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    for name in names if folder else ():
        source = Path(folder) / name
        if source.is_file():
            make_folder(secrets / "alertmanager")
            write_secret(secrets / "alertmanager" / name, read_lines(source))


@dataclass(frozen=True)
class Unit:
    """A service of systemd.

    Attributes:
        name: Its name, without `.service`.
        control: What starts and stops it: `systemctl`, for one of a user `systemctl --user`; with `sudo` where we are
            not root, and it is not ours.
    """

    name: str
    control: str


def unit_of(pid: int) -> Unit | None:
    """The service that runs a process of this user; None where none does."""
    try:
        environ = psutil.Process(pid).environ()
        groups = Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, psutil.Error):
        return None
    if "INVOCATION_ID" not in environ or "NOTIFY_SOCKET" not in environ:
        return None
    return unit_in(groups)


def unit_in(groups: Iterable[str]) -> Unit | None:
    """The service that control groups belong to, as `/proc/PID/cgroup` has them."""
    for group in groups:
        services = [part for part in group.split("/") if part.endswith(".service")]
        if services:
            of_user = any(part.startswith("user@") for part in services[:-1])
            control = "systemctl --user" if of_user else f"{'sudo ' if os.geteuid() else ''}systemctl"
            return Unit(services[-1].removesuffix(".service"), control)
    return None
