"""Puts a backup into a home."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..._version import __version__
from ..errors import StackError
from ..home.durable import sync
from ..home.home import Home
from ..home.locks import try_exclusive
from ..home.private import make_folder
from . import _manifest
from ._copy import copy, digest_of, free


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
    with _held(home):
        return _put_all(folder, home, manifest.digests, _refuse_content(home, replace))


def _put_all(folder: Path, home: Home, digests: Mapping[str, str], aside: Path | None) -> Path | None:
    needed = sum((folder / path).stat().st_blocks * 512 for path in digests if (folder / path).is_file())
    if needed > (room := free(home.path.parent)):
        raise StackError(
            f"the backup needs {needed / 1e6:,.0f} MB, and {home.path.parent} has {room / 1e6:,.0f}",
            "Make room, or name a home on another disk with --home.",
        )
    partial = home.path.with_name(f".{home.path.name}.restoring")
    shutil.rmtree(partial, ignore_errors=True)
    make_folder(partial)
    try:
        for path, digest in digests.items():
            _put(folder, partial, path, digest)
        if aside is not None:
            home.path.rename(aside)
        elif home.path.exists():
            home.path.rmdir()
        partial.rename(home.path)
        sync(home.path.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    home.create()
    return aside


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


@contextmanager
def _held(home: Home) -> Iterator[None]:
    """Keep others from starting a stack in the home meanwhile: a service manager may try every few seconds."""
    if not home.exists:
        yield
        return
    lock = try_exclusive(home.lock)
    if lock is None:
        raise StackError(f"a stack is running in {home.path}", "Stop it with botobs down.")
    try:
        yield
    finally:
        os.close(lock)


def _refuse_content(home: Home, replace: bool) -> Path | None:
    """Where what is in the home is moved to; None where nothing is."""
    if not home.path.exists():
        return None
    if not home.path.is_dir():
        raise StackError(f"{home.path} is no folder", "Name another home with --home.")
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
