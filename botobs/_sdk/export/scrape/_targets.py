"""Files by which Prometheus finds the processes that serve metrics, one file a process.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
"""

from __future__ import annotations

import json
import os
import re
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...process import alive

#: Label of a process' identity; Prometheus drops labels that begin with two underscores after relabelling.
_PROCESS = "__botobs_process"
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


def publish(folder: Path, address: str, labels: Mapping[str, str]) -> Path:
    """Write the file of this process, and remove those of processes of this host that ended without removing theirs.

    Raises:
        OSError: The folder cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = _file(folder, os.getpid())
    group = {"targets": [address], "labels": {**labels, _PROCESS: alive.identity(os.getpid()) or ""}}
    # Prometheus reads a file as soon as it changes: whole, or not at all.
    descriptor, name = tempfile.mkstemp(".tmp", file.stem, folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        json.dump([group], written)
    # Who may read the folder may read what is in it: nothing here is secret, and Prometheus is another user.
    Path(name).chmod(0o644)
    Path(name).replace(file)
    for other in folder.glob(f"{_host()}-*.json"):
        _remove_if_dead(other)
    return file


def _file(folder: Path, pid: int) -> Path:
    return folder / f"{_host()}-{pid}.json"


def _host() -> str:
    return _UNSAFE.sub("_", socket.gethostname())


def _remove_if_dead(file: Path) -> None:
    with suppress(OSError, ValueError, LookupError, TypeError):
        (group,) = json.loads(file.read_text(encoding="utf-8"))
        pid = int(file.stem.rpartition("-")[2])
        if alive.identity(pid) != group["labels"][_PROCESS]:
            file.unlink()
