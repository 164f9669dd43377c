"""Files of state, before a start: what a program would die on is set aside, and queues are laid out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ..home.private import make_folder, write_secret
from . import bolt, snapshots

logger = logging.getLogger(__name__)

#: The bucket of a queue, the key of its counters, and keys between that one and those of its items, which are numbers.
#: https://github.com/open-telemetry/opentelemetry-collector/blob/v0.158.0/exporter/exporterhelper/internal/queue
_BUCKET = b"default"
_COUNTERS = b"qmv0"
_BETWEEN = tuple(b":%d" % number for number in range(5))


def lay_out(folder: Path, names: Iterable[str]) -> None:
    """Make the queue files of the collector so that its counters have a page of their own, if nothing is in them yet.

    Each step of an item through a queue is a transaction that writes the counters. bbolt splits no page of fewer than
    five entries, however large: in a file that the collector makes, the counters share theirs with up to four items,
    and all of it is written each time. Measured with bbolt 1.5 on items of 200 KB, a drain writes 8.3 times what it
    reads, and 3.1 times behind these keys.

    Args:
        folder: The collector's folder of queues, which may not be there yet.
        names: Of the files.
    """
    make_folder(folder)
    for path in map(folder.joinpath, names):
        if not path.exists() or bolt.first_key(path, _BUCKET) == _COUNTERS:
            write_secret(path, bolt.new(_BUCKET, _BETWEEN))


def set_aside_broken(folder: Path) -> list[Path]:
    """Rename every queue file of the collector that it could not read to `*.backup`; the new names.

    The collector's own `recreate` catches only part of what bbolt refuses at opening, and no page that is damaged.

    Args:
        folder: The collector's folder of queues, which may not be there yet.
    """
    files = sorted(path for path in folder.glob("exporter_*") if ".backup" not in path.name)
    return [aside for path in files if (aside := _set_aside(path, bolt.check))]


def set_aside_broken_snapshots(folder: Path) -> list[Path]:
    """The same for what Alertmanager has sent, and what is silenced.

    Args:
        folder: Alertmanager's data, which may not be there yet.
    """
    files = {folder / name: check for name, check in snapshots.CHECKS.items()}
    return [aside for path, check in files.items() if path.exists() and (aside := _set_aside(path, check))]


def _set_aside(path: Path, check: Callable[[Path], None]) -> Path | None:
    try:
        check(path)
    except (ValueError, OSError) as error:
        aside = path.with_name(f"{path.name}.{time.time_ns()}.backup")
        path.rename(aside)
        logger.warning(
            "%s cannot be read (%s) and is set aside as %s: what it held is lost", path, error, aside.name
        )
        return aside
    return None
