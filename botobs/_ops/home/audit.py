"""Who changed what of a stack: a line of JSON for each change that a command makes, in `logs/audit.log` of its home."""

from __future__ import annotations

import datetime
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StackError
from .home import Home
from .private import make_folder, open_private

FILE = "audit.log"


@contextmanager
def recording(home: Home, action: str, **about: object) -> Iterator[dict[str, object]]:
    """Make a change in this block, and it is written down; one that fails is not.

    The file is opened first, so that nothing is changed where it cannot be.

    Args:
        home: The stack's.
        action: The command's words, such as `token revoke`.
        about: What it is done to, by name; never a secret. The block may add to it.

    Raises:
        StackError: Somebody else's file, or none, is in its place.
        OSError: It cannot be written.
    """
    path = home.logs / FILE
    make_folder(home.logs)
    with open_private(path) as file:
        yield about
        line = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "user": _user(),
            "action": action,
            **about,
        }
        try:
            # One write: lines of two commands do not mix.
            file.write(json.dumps(line, default=str).encode() + b"\n")
            file.flush()
        except OSError as error:
            raise StackError(
                f"{action} is done, and could not be written down in {path}: {error.strerror}", "Make room."
            ) from None


def record(home: Home, action: str, **about: object) -> None:
    """Write down a change that was made elsewhere.

    Args:
        home: The stack's.
        action: What was done, such as `silence add`.
        about: What it was done to, by name; never a secret.

    Raises:
        StackError: Somebody else's file, or none, is in its place.
        OSError: It cannot be written.
    """
    with recording(home, action, **about):
        pass


def _user() -> str:
    """The user of the process, and who became that user."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    before = os.environ.get("SUDO_USER", "")
    return f"{name} (was {before})" if before and before != name else name
