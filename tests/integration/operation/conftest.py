"""A user with an empty home directory, whose stacks listen on free ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from botobs._ops.components import ports
from botobs._ops.components.table import COMPONENTS
from botobs._ops.home.home import cache_folder


@dataclass
class User:
    """Somebody who types commands.

    Attributes:
        folder: The home directory.
        environ: The environment.
        ports: Port by variable.
    """

    folder: Path
    environ: dict[str, str]
    ports: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """Of the stack that is meant where none is named."""
        return self.folder / ".local" / "share" / "botobs"

    def try_botobs(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Type a command."""
        return subprocess.run(
            ["botobs", *map(str, words)],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def botobs(self, *words: object) -> str:
        """Type a command that works; returns what it prints."""
        done = self.try_botobs(*words)
        assert done.returncode == 0, f"botobs {words}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def user() -> Iterator[User]:
    """One of them; the stacks in his home directory are stopped in the end."""
    folder = Path(tempfile.mkdtemp(prefix="botobs-user-"))
    variables = [port.variable for component in COMPONENTS for port in component.ports]
    free = dict(zip(variables, map(str, ports.free_ports(len(variables))), strict=True))
    environ = {name: text for name, text in os.environ.items() if not name.startswith(("BOTOBS_", "XDG_"))}
    environ |= free | {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(cache_folder().parent),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
    }
    user = User(folder, environ, free)
    yield user
    for state in folder.rglob("stack.json"):
        if (state.parent / "stack.lock").exists():
            user.try_botobs("down", "--home", state.parent)
    shutil.rmtree(folder)
