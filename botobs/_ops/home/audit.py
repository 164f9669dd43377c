"""Who changed what of a stack: a line of JSON for each change that a command makes, in `logs/audit.log` of its home."""

from __future__ import annotations

import datetime
import getpass
import json
import os

from .home import Home
from .private import make_folder, open_private

FILE = "audit.log"


def record(home: Home, action: str, **about: object) -> None:
    """Write down a change that has been made.

    Args:
        home: The stack's.
        action: The command's words, such as `token revoke`.
        about: What it was done to, by name; never a secret.

    Raises:
        OSError: The file cannot be written; the caller reports a change that is not in the file.
    """
    line = {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "user": _user(),
        "action": action,
        **about,
    }
    make_folder(home.logs)
    with open_private(home.logs / FILE) as file:
        # One write: lines of two commands do not mix.
        file.write(json.dumps(line, default=str).encode() + b"\n")


def _user() -> str:
    """The user of the process, and who became that user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    before = os.environ.get("SUDO_USER", "")
    return f"{name} (was {before})" if before and before != name else name
