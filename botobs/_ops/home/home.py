"""Where the stack keeps its files: one folder, and the cache of built programs beside it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._sdk.settings.stack_file import absolute, state_folder
from ..errors import StackError
from .private import make_folder

#: Mode of folders that another user than their owner may pass through, and not look into.
PASSED_THROUGH = 0o711
#: What may be in a folder before a stack is first started in it; a volume that is mounted there brings `lost+found`.
_BEFORE_A_START = frozenset(
    {
        ".botobs.toml.lock",
        "botobs.toml",
        "config",
        "containers",
        "custom",
        "data",
        "logs",
        "lost+found",
        "secrets",
    }
)
#: What has a meaning in a configuration, or is no text.
_PATTERN = re.compile(r"[$*?\[\]{}\\`\x00-\x1f\x7f\ud800-\udfff]")


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    value = environ.get(variable, "")
    # The specification says to ignore relative paths: https://specifications.freedesktop.org/basedir-spec/
    if value and Path(value).is_absolute():
        return Path(value) / "botobs"
    return Path.home() / fallback / "botobs"


def _resolved(path: Path) -> Path:
    """Where a path leads: what is beside a home, or on its disk, is so of the folder and not of a link to it."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        raise StackError(
            f"the home {path} is a link that leads to itself", "Name another with --home or BOTOBS_HOME."
        ) from None


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where built programs are kept, one folder a version."""
    return _xdg(environ, "XDG_CACHE_HOME", ".cache")


def published_state(environ: Mapping[str, str] = os.environ) -> Path:
    """The file by which services of this user find a running stack."""
    return state_folder(environ) / "stack.json"


@dataclass(frozen=True)
class Home:
    """The folder of one stack."""

    path: Path

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """`BOTOBS_HOME`, else the user's data folder."""
        return cls.named(environ) or cls(_resolved(_xdg(environ, "XDG_DATA_HOME", ".local/share")))

    @classmethod
    def named(cls, environ: Mapping[str, str] = os.environ) -> Home | None:
        """`BOTOBS_HOME`, or None where that is not set.

        Raises:
            StackError: It is a link that leads to itself.
        """
        given = environ.get("BOTOBS_HOME", "").strip()
        return cls(_resolved(absolute(given))) if given else None

    @classmethod
    def of_the_demo(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """`BOTOBS_HOME`, else a folder beside the user's: a demo leaves the user's own stack alone."""
        if named := cls.named(environ):
            return named
        users = _xdg(environ, "XDG_DATA_HOME", ".local/share")
        return cls(_resolved(users.with_name("botobs-demo")))

    @property
    def config(self) -> Path:
        """Rendered configuration, one folder a component."""
        return self.path / "config"

    @property
    def data(self) -> Path:
        """What the components store, one folder each."""
        return self.path / "data"

    @property
    def logs(self) -> Path:
        """The folder of logs, with one file for each process."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """Certificates, keys, passwords and tokens."""
        return self.path / "secrets"

    @property
    def custom(self) -> Path:
        """Rules, routes, dashboards and other files of the user's own; nothing of botobs' is ever written there."""
        return self.path / "custom"

    @property
    def containers(self) -> Path:
        """What `botobs compose` hands to containers; there only where it has run."""
        return self.path / "containers"

    @property
    def services(self) -> Path:
        """The state folder of services that belong to this stack alone, such as the demo's."""
        return self.path / "services"

    @property
    def state(self) -> Path:
        """What runs and where; there only while the stack runs."""
        return self.path / "stack.json"

    @property
    def control(self) -> Path:
        """Socket by which drills take processes away for a time."""
        return self.path / "control.sock"

    @property
    def lock(self) -> Path:
        """The lock file, which the supervisor of this home holds."""
        return self.path / "stack.lock"

    @property
    def exists(self) -> bool:
        """Whether a stack has been set up here."""
        return (self.secrets / "ca.pem").exists()

    def create(self) -> None:
        """Make the folders, which only their owner can enter.

        Raises:
            StackError: The home belongs to another user, others can write into it, it holds what is not a stack's, it
                cannot be made, or a program of the stack would read its path otherwise.
        """
        self.refuse_patterns()
        try:
            make_folder(self.path)
            self._refuse_strangers()
            self.refuse_foreign_content()
            # Two are the user's own to fill: with what receivers of alerts, and an OpenID provider, have given him.
            filled = (self.secrets / "alertmanager", self.secrets / "oidc")
            own = (self.secrets, *filled, self.config, self.data, self.logs)
            for folder in own:
                make_folder(folder)
            for folder in (self.path, *own):
                # What PostgreSQL's user passes through stays open to him: its server may be running.
                if (
                    folder not in (self.path, self.data)
                    or stat.S_IMODE(folder.stat().st_mode) != PASSED_THROUGH
                ):
                    folder.chmod(0o700)
        except OSError as error:
            raise StackError(
                f"the home {self.path} cannot be used: {error.strerror}: {error.filename}",
                "Name another with --home or BOTOBS_HOME.",
            ) from None

    def refuse_patterns(self) -> None:
        """Refuse a path that a program of the stack would read as something else.

        Raises:
            StackError: It holds a character that stands for others, or for something else.
        """
        # Prometheus looks for rules and targets beside its configuration by patterns, in which these stand for others,
        # and would load none in silence; the collector reads `$` and braces in names of files as references.
        if found := _PATTERN.search(str(self.path)):
            raise StackError(
                f"the home {str(self.path)!r} has {found[0]!r} in its path, which programs of the stack read otherwise",
                "Name another with --home or BOTOBS_HOME.",
            )

    def _refuse_strangers(self) -> None:
        status = self.path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if not stat.S_ISDIR(status.st_mode):
            raise StackError(f"the home {self.path} is no folder", "Name another with --home or BOTOBS_HOME.")
        if status.st_uid != os.geteuid():
            raise StackError(
                f"the home {self.path} belongs to another user",
                "Run the command as that user, or name another home with --home or BOTOBS_HOME.",
            )
        if mode & 0o022:
            raise StackError(
                f"others can write into the home {self.path} (mode {mode:04o}), and may have done so",
                f"If all in it is yours: chmod go= {self.path}",
            )

    def refuse_foreign_content(self) -> None:
        """Leave a folder alone that is somebody's for another purpose: a project, a user's home, the root.

        Raises:
            StackError: It is one.
            OSError: It cannot be looked into.
        """
        if self.exists or self.lock.exists():
            return
        if others := sorted(path.name for path in self.path.iterdir() if path.name not in _BEFORE_A_START):
            raise StackError(
                f"the folder {self.path} is not empty and no botobs home: it holds {others[0]!r}",
                "Name a folder for the stack alone with --home or BOTOBS_HOME.",
            )
        if self.secrets.exists():
            # A command that starts no stack was here, such as `botobs dev`.
            return
        for folder in (self.config, self.data, self.logs):
            # Folders alone may be there before the first start: a volume that is mounted for the data, say.
            if any(not path.is_dir() for path in folder.rglob("*")):
                raise StackError(
                    f"{self.path} holds a folder {folder.name!r} that is not botobs'",
                    "Name a folder for the stack alone with --home or BOTOBS_HOME.",
                )
