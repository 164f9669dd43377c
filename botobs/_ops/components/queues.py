"""Sets aside files of state that a program could not read: it would die on them at every start."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

from . import bolt, snapshots

logger = logging.getLogger(__name__)


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
