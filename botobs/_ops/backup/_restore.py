"""Puts a backup into a home."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..._version import __version__
from ..errors import StackError
from ..home.durable import settle, sync
from ..home.home import Home
from ..home.locks import holding
from ..home.private import make_folder
from . import _manifest
from ._copy import copy, digest_of, free
from ._workplace import workplace


def restore(folder: Path, home: Home, replace: bool = False) -> Path | None:
    """Make a home what it was when a backup was taken.

    Args:
        folder: The backup.
        home: Where to.
        replace: Move what is there aside.

    Returns:
        Where what was there is now; None where nothing was.

    Raises:
        StackError: The backup is not whole or of a newer botobs, a stack runs in the home, or something is there.
        OSError: Something cannot be read or written.
    """
    manifest = _manifest.read(folder)
    _refuse_newer(manifest.botobs)
    home.refuse_patterns()
    with _held(home), workplace(home.path, "restoring") as partial:
        aside = _refuse_content(home, replace)
        _put_all(folder, home, partial, manifest.digests, aside)
    home.create()
    return aside


def _put_all(folder: Path, home: Home, partial: Path, digests: Mapping[str, str], aside: Path | None) -> None:
    needed = sum((folder / path).stat().st_blocks * 512 for path in digests if (folder / path).is_file())
    if needed > (room := free(partial)):
        raise StackError(
            f"the backup needs {needed / 1e6:,.0f} MB, and {home.path.parent} has {room / 1e6:,.0f}",
            "Make room, or name a home on another disk with --home.",
        )
    for path, digest in digests.items():
        _put(folder, partial, path, digest)
    # Before anything is moved: between the two moves there is no home.
    settle(partial)
    if aside is not None:
        home.path.rename(aside)
    partial.replace(home.path)
    sync(home.path.parent)


def verify(folder: Path) -> int:
    """Read every file of a backup; returns how many there are.

    Raises:
        StackError: One is missing or not what it was.
    """
    manifest = _manifest.read(folder)
    for path, digest in manifest.digests.items():
        file = folder / path
        if not file.is_file() or digest_of(file) != digest:
            raise _not_whole(folder, path)
    return len(manifest.digests)


def _put(folder: Path, partial: Path, path: str, digest: str) -> None:
    target = partial / path
    if not target.resolve().is_relative_to(partial.resolve()):
        raise StackError(f"the backup {folder} names a file outside of it: {path}")
    make_folder(target.parent)
    if not (folder / path).is_file() or copy(folder / path, target) != digest:
        raise _not_whole(folder, path)


def _not_whole(folder: Path, path: str) -> StackError:
    return StackError(
        f"the backup {folder} is not whole: {path} is missing or has changed", "Take another one."
    )


def _refuse_newer(version: str) -> None:
    try:
        newer = Version(version) > Version(__version__)
    except InvalidVersion:
        newer = False
    if newer:
        raise StackError(
            f"the backup is of botobs {version}, and this is {__version__}, which may not read its data",
            f"Install it first: pip install 'botobs=={version}'",
        )


def _held(home: Home) -> AbstractContextManager[None]:
    """Keep others from starting a stack in the home meanwhile: a service manager may try every few seconds."""
    if not home.exists:
        return nullcontext()
    return holding(home.lock, StackError(f"a stack is running in {home.path}", "Stop it with botobs down."))


def _refuse_content(home: Home, replace: bool) -> Path | None:
    """Where what is in the home is moved to; None where nothing is."""
    if not home.path.exists():
        return None
    if not home.path.is_dir():
        raise StackError(f"{home.path} is no folder", "Name another home with --home.")
    if home.path.is_mount():
        raise StackError(
            f"{home.path} is where a disk is mounted, and cannot be replaced",
            f"Name a folder on that disk: --home {home.path / 'home'}",
        )
    if not any(home.path.iterdir()):
        return None
    # Of what is no home, such as a project or /etc, nothing is moved.
    home.refuse_foreign_content()
    if not replace:
        raise StackError(
            f"{home.path} is not empty",
            "Name another home with --home, or have what is there moved aside with --replace.",
        )
    return home.path.with_name(f"{home.path.name}.replaced-{time.strftime('%Y%m%dT%H%M%S')}")
