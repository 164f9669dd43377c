"""Errors that a command prints as a sentence, without a traceback."""

from __future__ import annotations

import errno
import sys

from .._sdk.settings import SettingsError


class UserError(Exception):
    """What a person can mend. The text says, in its first line, what is wrong, and in further lines what to do next."""


def mendable(error: BaseException) -> UserError | None:
    """An exception as what a person can mend; None for one that is a bug.

    Errors of the system are a person's to mend: a disk, a permission, a name. So is a program of the stack that does
    not respond.
    """
    if isinstance(error, UserError):
        return error
    if isinstance(error, SettingsError):
        return UserError(str(error))
    # Bytes that are no text, as the system hands them to us: an argument, or the name of a file.
    if isinstance(error, UnicodeEncodeError) and "\udc80" <= error.object[error.start] <= "\udcff":
        return UserError("an argument or the name of a file is no text in UTF-8")
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        where = f"{error.filename}: " if error.filename is not None else ""
        return UserError(f"{where}{what}{_hint_of(error)}")
    # A service's installation lacks it; whoever has raised one of its errors has it.
    httpx = sys.modules.get("httpx")
    if httpx is not None and isinstance(error, httpx.HTTPError):
        url = getattr(error, "_request", None) and error.request.url.copy_with(userinfo=b"", query=None)
        what = no_answer(error)
        return UserError(f"{url or 'the stack'} does not respond: {what}\nSee what runs: botobs status")
    return None


def no_answer(error: Exception) -> str:
    """Why a program did not answer a request, in a few words."""
    httpx = sys.modules.get("httpx")
    if httpx is not None and isinstance(error, httpx.TimeoutException):
        # The libraries' own words are of sockets and handshakes.
        return "it does not answer in time"
    return str(error) or type(error).__name__


def _hint_of(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return "\nMake room, or name another place."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return "\nRun the command as the owner, or name another place; --home names the stack's folder."
        case errno.ENOENT | errno.ENOTDIR | errno.EISDIR | errno.EEXIST:
            return "\nLook for a slip in the name."
        case _:
            return ""


class StackError(UserError):
    """The stack cannot be built, started or queried.

    Args:
        problem: One sentence that says what is wrong.
        way_out: What to do next; may have several lines.
    """

    def __init__(self, problem: str, way_out: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.problem}\n{self.way_out}" if self.way_out else self.problem


class Misuse(StackError):
    """A command was typed wrongly: it ends with exit code 2, and has done nothing."""
