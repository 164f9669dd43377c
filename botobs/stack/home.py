"""Where the stack keeps its files: one folder, and the cache of built programs beside it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: A Unix socket's path may have 104 bytes on macOS and 108 on Linux.
_LONGEST_SOCKET = 100


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    value = environ.get(variable, "")
    # The specification says to ignore relative paths: https://specifications.freedesktop.org/basedir-spec/
    if value and Path(value).is_absolute():
        return Path(value) / "botobs"
    return Path.home() / fallback / "botobs"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where built programs are kept, one folder a version."""
    return _xdg(environ, "XDG_CACHE_HOME", ".cache")


def published_state(environ: Mapping[str, str] = os.environ) -> Path:
    """The file by which services of this user find a running stack."""
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "stack.json"


@dataclass(frozen=True)
class Home:
    """The folder of one stack."""

    path: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """`BOTOBS_HOME`, else the user's data folder."""
        given = environ.get("BOTOBS_HOME")
        return cls(
            Path(given).expanduser().resolve() if given else _xdg(environ, "XDG_DATA_HOME", ".local/share")
        )

    @property
    def config(self) -> Path:
        """Rendered configuration, one folder a part."""
        return self.path / "config"

    @property
    def data(self) -> Path:
        """What the parts store, one folder a part."""
        return self.path / "data"

    @property
    def logs(self) -> Path:
        """One log file a part."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """Certificates, keys, passwords and tokens."""
        return self.path / "secrets"

    @property
    def state(self) -> Path:
        """What runs and where; there only while the stack runs."""
        return self.path / "stack.json"

    @property
    def control(self) -> Path:
        """Socket by which drills take parts away for a time."""
        path = self.path / "control.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET:
            return path
        return (
            Path(tempfile.gettempdir()) / f"botobs-{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.sock"
        )

    @property
    def lock(self) -> Path:
        """Held by the supervisor of this home."""
        return self.path / "stack.lock"

    def create(self) -> None:
        """Make the folders, readable by their owner alone where they hold secrets or data."""
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in (self.config, self.data, self.logs):
            folder.mkdir(exist_ok=True)
        # Alertmanager's are the user's own to fill: mail password, Slack's and the dead-man's switch's addresses.
        for folder in (self.secrets, self.secrets / "alertmanager"):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
