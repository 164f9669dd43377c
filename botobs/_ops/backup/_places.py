"""Takes a backup to, and restores one from, a folder or a bucket of S3."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..home.home import Home
from ..home.state import Running
from . import _bucket
from ._bucket import Place
from ._restore import restore
from ._take import Taken, take
from ._workplace import workplace

#: What is sent to a bucket, or comes from it, is on the disk of the home meanwhile.
_ON_ITS_WAY = "on-its-way"


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
    with workplace(home.path, _ON_ITS_WAY) as place_:
        taken = take(home, folder := place_ / "backup", running)
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
    with workplace(home.path, _ON_ITS_WAY) as folder:
        _bucket.download(remote, folder)
        return restore(folder, home, replace_)


def resolved(place: str) -> Path:
    """The folder that was typed."""
    return Path(place).expanduser().resolve()
