"""Who may do what: the operator's key, and the reader's, with which nothing can be changed."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass

from ..access import people
from ..access.people import Role
from ..home.home import Home
from ..home.private import read_secret, write_secret

#: Seconds for which a browser is let in.
KEPT = 30 * 86_400


#: The operator's keeps the name that links of older messages were opened with.
_FILES = {Role.OPERATOR: "console.token", Role.READER: "console-reader.token"}


def key_of(home: Home, role: Role) -> str:
    """The key of a role, made where it is missing. It is the home's: links go on opening after a restart."""
    path = home.secrets / _FILES[role]
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24) + "\n")
    return read_secret(path)


@dataclass(frozen=True)
class Visitor:
    """Somebody who is let in.

    Attributes:
        role: What he may do.
        name: Of who signed in by name; empty of who has a key.
    """

    role: Role
    name: str = ""


def visitor_of(home: Home, key: str) -> Visitor | None:
    """Whose key or session it is; None where it is nobody's."""
    for role in Role:
        if hmac.compare_digest(key.encode(), key_of(home, role).encode()):
            return Visitor(role)
    name, _, rest = key.partition(":")
    ends, _, _ = rest.partition(":")
    if not ends.isascii() or not ends.isdigit() or len(ends) > 12 or int(ends) < time.time():
        return None
    person = next((each for each in people.everyone(home.secrets) if each.name == name), None)
    if person is None or not hmac.compare_digest(key.encode(), session_of(person, int(ends)).encode()):
        return None
    return Visitor(person.role, name)


def session_of(person: people.Person, ends: int | None = None) -> str:
    """What a browser keeps of who has signed in. It ends with his password, and when he is let in no longer.

    Args:
        person: Who.
        ends: When, in seconds since the epoch; 30 days from now by default.
    """
    ends = int(time.time()) + KEPT if ends is None else ends
    # Of a random password: nobody who has not read the file of hashes can make it.
    signed = hmac.new(person.hashed.encode(), f"{person.name}:{ends}".encode(), "sha256")
    return f"{person.name}:{ends}:{signed.hexdigest()}"
