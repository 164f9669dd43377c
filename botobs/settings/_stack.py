"""Finds the stack that runs on this machine, so that a service here needs no settings."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Stack:
    """What a running stack says about itself.

    Attributes:
        file: The `stack.json` it was read from.
        content: All of it.
    """

    file: Path
    content: Mapping[str, Any]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings that a service takes from it."""
        otlp = self.content["otlp"]
        return {
            "endpoint": otlp["endpoint"],
            "certificate": otlp.get("certificate"),
            "token_file": otlp.get("token_file"),
            "environment": self.content.get("environment"),
        }

    def url(self, part: str) -> str | None:
        """The address of a part such as `tempo`, if it runs."""
        address = self.content.get("parts", {}).get(part, {}).get("url")
        return str(address) if address else None

    @property
    def secrets(self) -> Path:
        """The directory with the certificates and passwords of the stack."""
        return Path(self.content["otlp"]["certificate"]).parent


def find_stack(environ: Mapping[str, str]) -> Stack | None:
    """The running stack of `$BOTOBS_HOME`, else the one that this user published."""
    return read_stack(stack_files(environ))


def read_stack(files: Iterable[Path]) -> Stack | None:
    """The running stack that one of `files` tells of, the first if several do.

    A file is believed when it belongs to this user, nobody else can read it, and its process lives.
    """
    for file in files:
        stack = _read(file)
        if stack is not None:
            return stack
    return None


def stack_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a stack on this machine leaves its `stack.json`."""
    files = []
    if home := environ.get("BOTOBS_HOME", "").strip():
        files.append(Path(home).expanduser() / "stack.json")
    state = environ.get("XDG_STATE_HOME", "").strip()
    base = Path(state) if state else Path(environ.get("HOME") or Path.home()) / ".local" / "state"
    files.append(base / "botobs" / "stack.json")
    return tuple(files)


def _read(file: Path) -> Stack | None:
    try:
        with file.open(encoding="utf-8") as stream:
            status = os.fstat(stream.fileno())
            if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077:
                return None
            content = json.load(stream)
        endpoint, pid = content["otlp"]["endpoint"], int(content["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Stack(file, content) if endpoint and _alive(pid) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
