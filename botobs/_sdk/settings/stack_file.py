"""Finds the stack that runs on this machine, so that a service here needs no settings.

The commands of `botobs` read with this too: what a service does not believe, no command acts upon.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..files import FileTooLarge, NotRegularFile, read_small
from ..process import alive

#: Bytes of a state file at most; a cluster's has some 6,000.
_MOST = 2**18
#: Folder beside the published `stack.json` with the files of every stack of this user that runs.
EVERY = "stacks"


class NoStack(Exception):
    """A file names no running stack; the message says why, in one sentence for a person.

    Attributes:
        missing: There is no file.
        ended: It names a stack that has ended without removing the file.
    """

    def __init__(self, sentence: str, missing: bool = False, ended: bool = False) -> None:
        super().__init__(sentence)
        self.missing = missing
        self.ended = ended


@dataclass(frozen=True, slots=True)
class Stack:
    """What a running stack says about itself.

    Attributes:
        file: The `stack.json` it was read from.
        content: All of it.
    """

    file: Path = field(compare=False)
    content: Mapping[str, Any]

    @property
    def home(self) -> Path:
        """The home of the stack."""
        return Path(self.content.get("home") or self.file.parent)

    @property
    def pid(self) -> int:
        """The process id of the stack's supervisor."""
        return int(self.content["pid"])

    @property
    def started(self) -> str | None:
        """When that process started, to distinguish it from a later one with its id; None in files of older stacks."""
        return self.content.get("started")

    @property
    def since(self) -> float:
        """When it was started, in seconds since the epoch; 0 if it does not say."""
        return float(self.content.get("since") or 0.0)

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
        address = (self.content.get("parts") or {}).get(part, {}).get("url")
        return str(address) if address else None

    @property
    def secrets(self) -> Path:
        """The directory with the certificates and passwords of the stack."""
        return self.home / "secrets"


def find_stack(environ: Mapping[str, str]) -> Stack | None:
    """The running stack of `$BOTOBS_HOME`, and without that the first of those that this user published."""
    return read_stack(stack_files(environ))


def read_stack(places: Iterable[Path], home: Path | None = None) -> Stack | None:
    """The running stack that one of `places` names, the first if several do; never raises.

    A file is trusted if it belongs to this user, no other user can read it, and its process lives.

    Args:
        places: State files, or the folder of all of them, of which the stack that has run longest counts.
        home: Only the stack of this home counts.
    """
    for place in places:
        found = [stack for stack in stacks(place) if home is None or stack.home == home]
        if found:
            return min(found, key=lambda stack: (stack.since, str(stack.home)))
    return None


def stack_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where a stack on this machine leaves its state: in the home that is named, else where it is published."""
    if home := environ.get("BOTOBS_HOME", "").strip():
        return (absolute(home) / "stack.json",)
    folder = state_folder(environ)
    return (folder / "stack.json", folder / EVERY)


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where the stacks of this user are published."""
    state = environ.get("XDG_STATE_HOME", "").strip()
    # The specification says to ignore relative paths: https://specifications.freedesktop.org/basedir-spec/
    base = (
        Path(state)
        if Path(state).is_absolute()
        else absolute(environ.get("HOME") or "~") / ".local" / "state"
    )
    return base / "botobs"


def absolute(path: str) -> Path:
    """`path` with the home in place of `~`; where there is none, as it is."""
    try:
        return Path.cwd() / Path(path).expanduser()
    except (RuntimeError, FileNotFoundError):
        # No such user, or the working directory has been removed; daemons live on in such.
        return Path("/") / path


def why_not(places: Iterable[Path]) -> str | None:
    """Why the first file among `places` names no running stack, in a sentence; None if there is no file."""
    for place in places:
        try:
            if place.name != EVERY:
                read(place)
        except NoStack as error:
            if not error.missing:
                return str(error)
    return None


def stacks(place: Path) -> Iterator[Stack]:
    """The running stacks that a place names: one file, or the folder of all of them."""
    for file in _listed(place) if place.name == EVERY else (place,):
        try:
            yield read(file)
        except NoStack:
            continue


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.json"))
    except OSError:
        return []


def read(file: Path) -> Stack:
    """The running stack that `file` names.

    Raises:
        NoStack: It names none, or is not trustworthy.
    """
    stack = read_unchecked(file)
    if not _lives(stack):
        raise NoStack(
            f"no stack is running in {stack.home}: its process {stack.pid} ended without stopping it",
            ended=True,
        )
    return stack


def _lives(stack: Stack) -> bool:
    who = alive.identity(stack.pid)
    if who is None or stack.started:
        return who is not None and who == stack.started
    return alive.locked(stack.home / "stack.lock")


def read_unchecked(file: Path) -> Stack:
    """The stack that `file` names, whether it still runs or not.

    Raises:
        NoStack: It cannot be believed.
    """
    return Stack(file, _checked(file, _content(file)))


def _content(file: Path) -> bytes:
    try:
        return read_small(file, _MOST, follow_links=False, check=lambda status: _check_owner(file, status))
    except FileNotFoundError:
        raise NoStack(f"no stack is running in {file.parent}", missing=True) from None
    except NotRegularFile:
        raise NoStack(f"{file} is no file") from None
    except FileTooLarge:
        raise NoStack(f"{file} is no state file of botobs: it is too long") from None
    except (OSError, ValueError) as error:
        raise NoStack(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _check_owner(file: Path, status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        raise NoStack(f"{file} belongs to another user, and is not believed")
    if mode & 0o077:
        raise NoStack(f"{file} can be read by others (mode {mode:04o}), and is not believed")


def _checked(file: Path, raw: bytes) -> Mapping[str, Any]:
    """The content of a state file, every value of the type that its readers rely on."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise NoStack(f"{file} is damaged: it holds no whole JSON document") from None
    if not isinstance(content, dict) or not _is_state(content):
        raise NoStack(f"{file} is no state file of this botobs: values are missing, or of another kind")
    return content


def _is_state(content: Mapping[str, Any]) -> bool:
    otlp, parts, pid, since = (content.get(name) for name in ("otlp", "parts", "pid", "since"))
    return (
        isinstance(otlp, dict)
        and bool(otlp.get("endpoint"))
        and all(_is_text(otlp.get(name)) for name in ("endpoint", "certificate", "token_file"))
        and all(_is_text(content.get(name)) for name in ("home", "environment", "started"))
        and Path(content.get("home") or "/").is_absolute()
        # bool is an int to Python, and numbers below 1 stand for groups of processes.
        and (isinstance(pid, int) and not isinstance(pid, bool) and 0 < pid < 2**31)
        and (since is None or (isinstance(since, int | float) and abs(since) < 2**53))
        and (parts is None or (isinstance(parts, dict) and all(map(_is_part, parts.values()))))
    )


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and "\0" not in value)


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("url"), str) and _is_address(value["url"])


def _is_address(text: str) -> bool:
    try:
        # The port is read when it is asked for.
        port = urlsplit(text).port
    except ValueError:
        return False
    return text.isprintable() and " " not in text and port != 0
