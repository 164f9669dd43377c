"""Who changed what of a stack: a line of JSON for each change that a command makes, in `logs/audit.log` of its home."""

from __future__ import annotations

import datetime
import json
import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import StackError
from ..home.home import Home
from ..home.private import make_folder, open_private, read_secret
from . import people

FILE = "audit.log"
#: Settings of the environment alone: who is at the keyboard.
NAME, PASSWORD_FILE = "BOTOBS_OPERATOR", "BOTOBS_OPERATOR_PASSWORD_FILE"
_ROLE = "An operator gives a role with: botobs user role NAME operator"
#: The user id that was signed in with, which neither su nor sudo change: `man 7 credentials`, of Linux.
_LOGIN = Path("/proc/self/loginuid")
_NO_LOGIN = 2**32 - 1


@contextmanager
def recording(
    home: Home, action: str, operator: str | None = None, /, **about: object
) -> Iterator[dict[str, object]]:
    """Make a change in this block, and it is written down; one that fails is not.

    The file is opened first, so that nothing is changed where it cannot be.

    Args:
        home: The stack's.
        action: The command's words, such as `token revoke`.
        operator: Who is signed in where it is done, empty for nobody; by default who the environment names.
        about: What it is done to, by name; never a secret. The block may add to it.

    Raises:
        StackError: Who is signed in may change nothing, or somebody else's file, or none, is in its place.
        OSError: It cannot be written.
    """
    path = home.logs / FILE
    who = _who(home, operator)
    make_folder(home.logs)
    with open_private(path) as file:
        yield about
        # A pipe to a log collector, or /dev/null, has no end to look at and no disk.
        is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        line = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            **who,
            "action": action,
            **about,
        }
        try:
            # One write: lines of two commands do not mix. Past the buffer, which would be written once more on closing.
            begin = _line_begin(path) if is_file else b""
            os.write(file.fileno(), begin + json.dumps(line, default=str).encode() + b"\n")
            if is_file:
                # What was done stays done when the power goes, and so does who did it.
                os.fsync(file.fileno())
        except OSError as error:
            raise StackError(
                f"{action} is done, and could not be written down in {path}: {error.strerror}", "Make room."
            ) from None


def _line_begin(path: Path) -> bytes:
    """What stands before the next line: the end of one that a loss of power has cut."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return b""
        file.seek(-1, os.SEEK_END)
        return b"" if file.read(1) == b"\n" else b"\n"


def record(home: Home, action: str, operator: str | None = None, /, **about: object) -> None:
    """Write down a change that was made elsewhere.

    Args:
        home: The stack's.
        action: What was done, such as `silence add`.
        operator: Of `recording`.
        about: What it was done to, by name; never a secret.

    Raises:
        StackError: Who is signed in may change nothing, or somebody else's file, or none, is in its place.
        OSError: It cannot be written.
    """
    with recording(home, action, operator, **about):
        pass


def _who(home: Home, operator: str | None) -> dict[str, str]:
    """The user of the process, and the operator who is signed in.

    Raises:
        StackError: Who the environment names is not let in, or may change nothing.
    """
    if operator is None and (person := signed_in(home)) is not None:
        if person.role is not people.Role.OPERATOR:
            raise StackError(f"{person.name} is a reader, and may change nothing", _ROLE)
        operator = person.name
    return {"user": _user()} | ({"operator": operator} if operator else {})


def signed_in(home: Home, environ: Mapping[str, str] = os.environ) -> people.Person | None:
    """Who says by `BOTOBS_OPERATOR` and his password that it is he; None where nobody does.

    Raises:
        StackError: The name and the password are not those of anybody who is let in.
    """
    name, file = environ.get(NAME, "").strip(), environ.get(PASSWORD_FILE, "").strip()
    if not name:
        return None
    if not file:
        raise StackError(f"{NAME} is set, and {PASSWORD_FILE} is not", "It names the file with the password.")
    found = people.identify(home.secrets, name, read_secret(Path(file)))
    if found is None:
        raise StackError(
            f"{NAME} and the password in {file} are not those of anybody who is let in",
            "See who is with botobs user list, or take the variables away.",
        )
    return found


def user() -> str:
    """The name of the user whose process this is, which no variable of the environment changes."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _user() -> str:
    """The same, and who became that user."""
    name, before = user(), _before()
    return f"{name} (was {before})" if before and before != name else name


def _before() -> str:
    """Who signed in to the machine, where the system keeps it, else who called sudo."""
    try:
        number = int(_LOGIN.read_text(encoding="ascii"))
        if number != _NO_LOGIN:
            return pwd.getpwuid(number).pw_name
    except (OSError, ValueError, KeyError):
        pass
    return os.environ.get("SUDO_USER", "")
