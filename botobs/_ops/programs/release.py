"""Fetches a component's release archive as upstream publishes it, and takes the programs out of it.

Only an archive whose checksum is in `versions.toml` is used: the programs are the recorded ones, whoever sends
it. Proxies are those of the environment (`HTTPS_PROXY`, `NO_PROXY`), and so is `SSL_CERT_FILE`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import httpx

from ..home.durable import put
from ..home.locks import exclusive
from .versions import Pin

#: Seconds in which a host has to respond; where none does, the program is built.
PATIENCE = 8.0
#: Called with the bytes that are there, and that there are.
Progress = Callable[[int, int], None]


class Unreachable(Exception):
    """An archive cannot be had; the text says why, for a person."""


@dataclass(frozen=True)
class Archive:
    """A release archive for this machine.

    Attributes:
        url: Where it is.
        sha256: The checksum of the archive, in hexadecimal digits.
        members: Name of the file in it, by program.
    """

    url: str
    sha256: str
    members: Mapping[str, str]


def this_platform() -> str:
    """This machine in the words of Go: `linux-amd64`."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def archive_of(pin: Pin, machine: str | None = None) -> Archive | None:
    """The archive of a component for a machine, this one by default; None where none is recorded."""
    machine = machine or this_platform()
    if pin.archive is None or machine not in pin.archive.sha256:
        return None
    return Archive(url_of(pin, machine), pin.archive.sha256[machine], pin.archive.members)


def url_of(pin: Pin, machine: str) -> str:
    """Where the archive of a component for a machine is."""
    assert pin.archive is not None
    system, _, processor = machine.partition("-")
    return pin.archive.url.format(version=pin.version, system=system, processor=processor)


def fetch(archive: Archive, folder: Path, progress: Progress, cancelled: threading.Event) -> None:
    """Put an archive's programs into a folder, each whole or not at all.

    What came of it before the last try broke off is not fetched again.

    Raises:
        Unreachable: It cannot be had, or is not what was recorded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".fetching-{archive.sha256[:16]}"
    with exclusive(folder / ".fetch.lock"):
        if all((folder / program).is_file() for program in archive.members):
            return
        try:
            with partial.open("ab") as file:
                _download(archive, file, progress, cancelled)
            _check(archive, partial)
            _unpack(archive, partial, folder)
        except httpx.HTTPError as error:
            raise Unreachable(f"{_host(archive)}: {error or type(error).__name__}") from None
        except (OSError, tarfile.TarError) as error:
            raise Unreachable(f"{archive.url} cannot be kept: {error}") from None
        partial.unlink()


def _download(archive: Archive, file: BinaryIO, progress: Progress, cancelled: threading.Event) -> None:
    """Fetch what is missing; a connection that breaks off is taken up again as long as each brings something."""
    while True:
        there = file.seek(0, os.SEEK_END)
        try:
            _go_on(archive, file, there, progress, cancelled)
        except httpx.TransportError:
            if file.seek(0, os.SEEK_END) <= there:
                raise
        else:
            return


def _go_on(
    archive: Archive, file: BinaryIO, there: int, progress: Progress, cancelled: threading.Event
) -> None:
    headers = {"Range": f"bytes={there}-"} if there else {}
    # A name may have two addresses, of which one leads nowhere.
    timeout = httpx.Timeout(PATIENCE, connect=PATIENCE / 2)
    with httpx.stream(
        "GET", archive.url, headers=headers, follow_redirects=True, timeout=timeout
    ) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # All of it was there already.
            return
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            there = 0
            file.truncate(0)
        total = there + int(response.headers.get("Content-Length", 0))
        for chunk in response.iter_raw():
            if cancelled.is_set():
                raise Unreachable("the command has ended")
            file.write(chunk)
            there += len(chunk)
            progress(there, max(total, there))


def _check(archive: Archive, partial: Path) -> None:
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        partial.unlink()
        raise Unreachable(f"{archive.url} is not what was recorded: its checksum is {found[:16]}…")


def _unpack(archive: Archive, partial: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".building-", dir=folder) as made:
        for program, name in archive.members.items():
            with (Path(made) / program).open("wb") as out:
                _extract(archive, partial, name, out)
            (Path(made) / program).chmod(0o755)
        for program in archive.members:
            put(Path(made) / program, folder / program)


def _extract(archive: Archive, partial: Path, name: str, out: BinaryIO) -> None:
    if not archive.url.endswith((".tar.gz", ".tgz")):
        # The program itself.
        with partial.open("rb") as file:
            shutil.copyfileobj(file, out)
        return
    with tarfile.open(partial, "r:gz") as tar:
        for member in tar:
            # By its content alone: paths and modes of the archive decide nothing.
            if member.isreg() and PurePosixPath(member.name).name == name:
                content = tar.extractfile(member)
                assert content is not None
                shutil.copyfileobj(content, out)
                return
    raise Unreachable(f"{archive.url} holds no {name}")


def _host(archive: Archive) -> str:
    return httpx.URL(archive.url).host
