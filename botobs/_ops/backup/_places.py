"""Takes a backup to, and restores one from, a folder or a bucket of S3."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..home.home import Home
from ..home.state import Running
from . import _bucket
from ._bucket import Place
from ._restore import restore
from ._take import Taken, take


def take_to(place: str, home: Home, running: Running | None) -> Taken:
    """Take a backup; see `take`.

    Args:
        place: A folder, or `s3://BUCKET/NAME`.
        home: Whose data, secrets, settings and own files.
        running: Its stack, if that runs.

    Raises:
        StackError: The place is taken, has no room or cannot be used, or the stack cannot be held.
        OSError: Something cannot be read or written.
    """
    remote = Place.of(place)
    if remote is None:
        return take(home, resolved(place), running)
    _bucket.refuse_taken(remote)
    with _beside(home) as folder:
        taken = take(home, folder, running)
        _bucket.upload(folder, remote)
    return replace(taken, place=str(remote))


def restore_from(place: str, home: Home, replace_: bool = False) -> Path | None:
    """Put a backup into a home; see `restore`.

    Args:
        place: A folder, or `s3://BUCKET/NAME`.
        home: Where to.
        replace_: Move what is there aside.

    Raises:
        StackError: See `restore`; or the place cannot be used.
        OSError: Something cannot be read or written.
    """
    remote = Place.of(place)
    if remote is None:
        return restore(resolved(place), home, replace_)
    with _beside(home) as folder:
        _bucket.download(remote, folder)
        return restore(folder, home, replace_)


def resolved(place: str) -> Path:
    """The folder that was typed."""
    return Path(place).expanduser().resolve()


@contextmanager
def _beside(home: Home) -> Iterator[Path]:
    """A folder for what is on its way, on the disk of the home; it is gone afterwards."""
    folder = home.path.with_name(f".{home.path.name}.on-its-way")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
