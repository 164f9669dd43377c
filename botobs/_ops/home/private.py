"""Files and folders that only their owner may enter: how they are made, written, read, and refused when others can.

Modes are set on what has been opened, before anything is written: the umask that a shell or a service manager has left
behind decides nothing.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets as random_secrets
import stat
from pathlib import Path
from typing import BinaryIO

from ..errors import StackError
from .durable import put

_ANEW = "Put the secret into it, or delete it: what botobs makes is then made anew."
#: Bytes of a secret at most.
_MOST = 2**20


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, with the folders above it; one that is there stays as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        # Another process has made it at the same time; if that was no folder, the next step says so.
        return
    path.chmod(0o700)


def write_secret(path: Path, content: str | bytes, user: str | None = None) -> None:
    """Write a file that only its owner can read, whole or not at all, and keep it through a loss of power.

    Args:
        path: Where to.
        content: What.
        user: Name of the user whose it is to be, where we are root; ours if None.

    Raises:
        StackError: Something that is no file is in its place.
        OSError: It cannot be written.
    """
    if path.exists() and not path.is_file():
        raise StackError(f"{path} is no file that could be written")
    temporary = path.with_name(f".{path.name}.{random_secrets.token_hex(4)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            if user is not None:
                account = pwd.getpwnam(user)
                os.fchown(file.fileno(), account.pw_uid, account.pw_gid)
            file.write(content if isinstance(content, bytes) else content.encode())
        put(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # What is written to has no name for the system any more; a person needs it.
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        raise


def open_private(path: Path, flags: int = os.O_APPEND) -> BinaryIO:
    """Open a file for writing that only its owner can read: a log (`O_APPEND`), or a page (`O_TRUNC`).

    Raises:
        StackError: The file is another user's.
        OSError: It cannot be opened.
    """
    # A named pipe that nobody reads would hold us up.
    mode = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, mode | (flags & ~os.O_TRUNC), 0o600)
    file = os.fdopen(descriptor, "wb")
    try:
        os.set_blocking(descriptor, True)
        status = os.fstat(descriptor)
        # The rights of a terminal or of /dev/null are not changed.
        if stat.S_ISREG(status.st_mode):
            if status.st_uid != os.geteuid():
                raise StackError(f"{path} belongs to another user, who could read what is written into it")
            os.fchmod(descriptor, 0o600)
            if flags & os.O_TRUNC:
                os.ftruncate(descriptor, 0)
    except BaseException:
        file.close()
        raise
    return file


def refuse_foreign(path: Path, ours: bytes) -> None:
    """Refuse to write over a file that somebody else has made.

    Args:
        path: What a person has named to be written.
        ours: A regular expression of what a file that was written before begins with.

    Raises:
        StackError: Something else is there.
    """
    # A terminal, or a pipe, is there to be written to.
    if path.is_file():
        with path.open("rb") as file:
            begin = file.read(2048)
        if begin and not re.match(ours, begin, re.DOTALL):
            raise StackError(
                f"{path} is there already, and botobs has not written it",
                "Name another file, or move that one elsewhere.",
            )


def read_secret(path: Path) -> str:
    """The secret in a file: its one line, without the line's end.

    Raises:
        StackError: It is missing, empty, has more than one line, or cannot be read.
    """
    text = read_lines(path)
    # What has several lines ends up in error messages of the programs that cannot use it.
    if not text.isprintable():
        raise StackError(
            f"the secret {path} has more than one line, or characters that cannot be printed", _ANEW
        )
    return text


def read_lines(path: Path) -> str:
    """The content of a secret that may have several lines: a certificate, a key, a list of tokens.

    Raises:
        StackError: It is missing, empty, or cannot be read.
    """
    try:
        # A named pipe would hold us up.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise StackError(f"the secret {path} is no file", _ANEW)
            text = os.read(descriptor, _MOST).decode().strip()
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise StackError(f"the secret {path} is missing", "botobs up makes what is missing.") from None
    except UnicodeDecodeError:
        raise StackError(f"the secret {path} is no text", _ANEW) from None
    except OSError as error:
        raise StackError(f"the secret {path} cannot be read: {error.strerror}", _ANEW) from None
    if not text:
        raise StackError(f"the secret {path} is empty", _ANEW)
    return text


def check_permissions(folder: Path) -> None:
    """Refuse secrets that others can read or that are none.

    Raises:
        StackError: Something in the folder is open to group or others, another user's, empty, or cannot be read.
    """
    for path in (folder, *sorted(folder.rglob("*"))):
        # Files that begin with a dot are locks, and what a write that was interrupted has left.
        _check_one(path, empty_too=path.name.startswith(".") or path.name == "hosts")


def _check_one(path: Path, empty_too: bool) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        if not path.is_symlink():
            # A process that changes a secret at this moment has renamed it.
            return
        raise StackError(f"{path} is a link to a file that is not there", _ANEW) from None
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}", _ANEW) from None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise StackError(f"the secret {path} is no file", _ANEW)
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (os.geteuid(), 0):
        raise StackError(
            f"{path} belongs to another user", f"If it is yours to give: chown {os.geteuid()} {path}"
        )
    if mode & 0o077:
        raise StackError(
            f"{path} can be read by others (mode {mode:04o})",
            f"If nobody else has seen it: chmod go= {path}. Otherwise delete it, and a new one will be made.",
        )
    if stat.S_ISDIR(status.st_mode):
        if not os.access(path, os.R_OK | os.X_OK):
            raise StackError(f"{path} cannot be read (mode {mode:04o})", f"chmod u=rwx {path}")
    elif not empty_too:
        read_lines(path)
