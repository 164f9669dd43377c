"""Named people: one line each of `people`, with their role and the hash of their password.

An operator is let into Prometheus and Alertmanager under his own name. Those know users and no roles: who may ask one
may write to it. So a reader is no user of theirs, and is let in by what knows roles.
"""

from __future__ import annotations

import datetime
import re
import secrets as random_secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import bcrypt

from ..errors import StackError
from ..home.locks import exclusive
from ..home.private import read_lines, write_secret

FILE = "people"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_SEE = "See them with botobs user list."
#: What nobody's password has.
_NOBODY = bcrypt.hashpw(b"", bcrypt.gensalt(5))


class Role(StrEnum):
    """What somebody may do: look, or change something too, such as silence an alert."""

    READER = "reader"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Person:
    """Somebody who is let in.

    Attributes:
        name: Unique, whatever the case of its letters.
        role: What he may do.
        hashed: His password, hashed by bcrypt.
        created: The day he was added, as ISO 8601.
    """

    name: str
    role: Role
    hashed: str
    created: str

    @property
    def line(self) -> str:
        """He as a line of the file."""
        return f"{self.name} {self.role} {self.hashed} {self.created}"


def everyone(folder: Path) -> list[Person]:
    """All of them, in the order in which they were added.

    Args:
        folder: The home's `secrets/`.

    Raises:
        StackError: The file cannot be read, or has a line that is none of a person.
    """
    path = folder / FILE
    if not path.exists():
        return []
    return [_parsed(path, line.split()) for line in read_lines(path).splitlines() if line.strip()]


def identify(folder: Path, name: str, password: str) -> Person | None:
    """Who has this name and this password; None if nobody does. It takes as long for a name that there is not."""
    found = next((each for each in everyone(folder) if each.name.lower() == name.lower()), None)
    # bcrypt takes no more bytes than these, and no zero among them.
    word = password.encode("utf-8", "replace")[:72].replace(b"\0", b"")
    matches = bcrypt.checkpw(word, found.hashed.encode() if found else _NOBODY)
    return found if matches else None


def add(folder: Path, name: str, role: Role, reserved: tuple[str, ...] = ()) -> str:
    """Let somebody in; returns his password, which is kept nowhere.

    Args:
        folder: The home's `secrets/`.
        name: His name.
        role: What he may do.
        reserved: Names of the programs' own users.

    Raises:
        StackError: It is no name, or somebody has it.
    """
    if not _NAME.fullmatch(name):
        raise StackError(f"{name!r} is no name: letters, digits, dots, dashes, underscores, @ and +")
    if name.lower() in reserved:
        raise StackError(f"{name!r} is a user of the programs themselves", "Choose another name.")
    password, hashed = _fresh()

    def change(held: list[Person]) -> list[Person]:
        if any(each.name.lower() == name.lower() for each in held):
            raise StackError(f"{name!r} is let in already", _SEE)
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        return [*held, Person(name, role, hashed, today)]

    _change(folder, change)
    return password


def set_role(folder: Path, name: str, role: Role) -> None:
    """Give somebody another role.

    Raises:
        StackError: Nobody has this name.
    """
    _change(folder, lambda held: _replaced(held, name, lambda each: replace(each, role=role)))


def new_password(folder: Path, name: str) -> str:
    """Give somebody a new password and return it; the one before is no longer taken.

    Raises:
        StackError: Nobody has this name.
    """
    password, hashed = _fresh()
    _change(folder, lambda held: _replaced(held, name, lambda each: replace(each, hashed=hashed)))
    return password


def remove(folder: Path, name: str) -> None:
    """Let somebody in no longer.

    Raises:
        StackError: Nobody has this name.
    """
    _change(folder, lambda held: _replaced(held, name, lambda _: None))


def _fresh() -> tuple[str, str]:
    """A password and its hash. Each request is checked against it: as the password is random, the cost can be low."""
    password = random_secrets.token_urlsafe(18)
    return password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(5)).decode()


def _replaced(held: list[Person], name: str, become: Callable[[Person], Person | None]) -> list[Person]:
    if not any(each.name == name for each in held):
        raise StackError(f"nobody is called {name!r}", _SEE)
    return [new for each in held if (new := become(each) if each.name == name else each) is not None]


def _parsed(path: Path, words: list[str]) -> Person:
    try:
        name, role, hashed, created = words
        if not _NAME.fullmatch(name) or not hashed.startswith("$2"):
            raise ValueError
        return Person(name, Role(role), hashed, created)
    except ValueError:
        raise StackError(
            f"{path} has a line that is not a name, a role, a bcrypt hash and a day",
            "botobs user add writes such lines.",
        ) from None


def _change(folder: Path, change: Callable[[list[Person]], list[Person]]) -> None:
    with exclusive(folder / ".people.lock"):
        lines = [person.line for person in change(everyone(folder))]
        if lines:
            write_secret(folder / FILE, "\n".join(lines) + "\n")
        else:
            # What is empty would be taken for a secret that was lost.
            (folder / FILE).unlink(missing_ok=True)
