"""Bearer tokens by which services are let in: one line each of `ingest.tokens`, which the collector watches.

A line holds the token, whose it is, the day it was made, and the names of services that it may send telemetry of, as
`services=a,b`. One without such names may send any service's: so it was before names were bound, and so it is for
services of this user. Two tokens of one service are valid side by side, which is how one is exchanged without a gap.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import secrets as random_secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import StackError
from ..home.locks import exclusive
from ..home.private import read_secret, write_secret

#: The owner of the token in `service.token`, which services of this user find by themselves.
LOCAL = "local"
FILE = "ingest.tokens"
#: What is shorter may be a token that was cut, which anybody could guess; intake/build/files.go has the same.
_USABLE = re.compile(r"[\x21-\x7e]{16,}")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Token:
    """One valid token.

    Attributes:
        value: The secret.
        service: Whose it is.
        created: The day it was made, as ISO 8601, or empty if unknown.
        services: Values of `service.name` that it may send; empty: any.
    """

    value: str
    service: str
    created: str
    services: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """An id of the token that does not reveal it."""
        return hashlib.sha256(self.value.encode()).hexdigest()[:8]

    @property
    def unbound(self) -> bool:
        """Whether it lets a service of another host pass for any other."""
        return not self.services and self.service != LOCAL

    @property
    def line(self) -> str:
        """The token as a line of the file of tokens."""
        names = f"services={','.join(self.services)}" if self.services else ""
        return " ".join(word for word in (self.value, self.service, self.created, names) if word)


def valid(folder: Path) -> list[Token]:
    """Every token that the intake takes, the oldest of a service first."""
    return [_parsed(words) for words in _lines(folder) if _USABLE.fullmatch(words[0])]


def _lines(folder: Path) -> list[list[str]]:
    """The words of each line that has any."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [words for line in lines if (words := line.split())]


def warnings(folder: Path) -> list[str]:
    """Sentences on lines that are no tokens, and on tokens that let a service of another host pass for any other."""
    damaged = len(_lines(folder)) - len(valid(folder))
    found = [
        f"{FILE} has {damaged} lines that are no tokens, and a service whose token was there is refused; "
        "botobs token create SERVICE makes another one"
    ]
    found = found if damaged else []
    unbound = [token.id for token in valid(folder) if token.unbound]
    if not unbound:
        return found
    return [
        *found,
        f"the tokens {', '.join(unbound)} can send telemetry under any service.name; one that is made now with "
        "botobs token create SERVICE sends that of SERVICE alone",
    ]


def new(service: str, names: Iterable[str] = ()) -> Token:
    """A token for `service`, which is not valid before it is added.

    Args:
        service: Whose it is.
        names: What it may send as `service.name`; any if there are none.

    Raises:
        StackError: One of them is no name.
    """
    for name in (service, *names):
        if not _SERVICE.fullmatch(name):
            raise StackError(f"{name!r} is no name of a service: letters, digits, dots, dashes, underscores")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Token(random_secrets.token_urlsafe(32), service, today, tuple(names))


def add(folder: Path, made: Token) -> None:
    """Let a token in; those that its service has stay valid.

    A token of the local services also becomes the one that they find.
    """
    _change(folder, lambda held: [*held, made])
    if made.service == LOCAL:
        write_secret(folder / "service.token", made.value + "\n")


def create(folder: Path, service: str, names: Iterable[str] = ()) -> Token:
    """Make another token, as `new` does, and let it in.

    Raises:
        StackError: `service` or one of `names` is no name.
    """
    made = new(service, names)
    add(folder, made)
    return made


def revoke(folder: Path, wanted: str) -> list[Token]:
    """Make tokens invalid, and return them.

    Args:
        folder: The home's `secrets/`.
        wanted: A token's id, or a service, whose tokens all go.

    Raises:
        StackError: There is none of them, or one is that of the local services.
    """
    gone = [token for token in valid(folder) if wanted in (token.id, token.service)]
    if not gone:
        raise StackError(f"there is no token of {wanted!r}", "See them with botobs token list.")
    in_use = read_secret(folder / "service.token")
    if any(token.value == in_use for token in gone):
        raise StackError(
            f"{wanted!r} is what services of this user find by themselves",
            f"Make another first, with botobs token create {LOCAL}, then revoke this one by its id.",
        )
    _change(folder, lambda held: [token for token in held if token not in gone])
    return gone


def ensure_local(folder: Path) -> None:
    """Make a token for local services if there is no token yet."""
    if not (folder / "service.token").exists():
        create(folder, LOCAL)
    local = read_secret(folder / "service.token")
    if local not in {token.value for token in valid(folder)}:
        _change(folder, lambda held: [*held, Token(local, LOCAL, "")])


def _parsed(words: list[str]) -> Token:
    names = [word.removeprefix("services=") for word in words if word.startswith("services=")]
    value, service, created = (*(word for word in words if not word.startswith("services=")), "", "")[:3]
    return Token(value, service, created, tuple(names[-1].split(",")) if names else ())


def _change(folder: Path, change: Callable[[list[Token]], list[Token]]) -> None:
    with exclusive(folder / ".tokens.lock"):
        lines = [token.line for token in change(valid(folder))]
        write_secret(folder / FILE, "\n".join(lines) + "\n")
