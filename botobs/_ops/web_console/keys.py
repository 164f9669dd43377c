"""Who may do what: the operator's key, and the reader's, with which nothing can be changed."""

from __future__ import annotations

import hmac
import secrets
from enum import StrEnum

from ..home.home import Home
from ..home.private import read_secret, write_secret


class Role(StrEnum):
    """What somebody may do."""

    READER = "reader"
    OPERATOR = "operator"


#: The operator's keeps the name that links of older messages were opened with.
_FILES = {Role.OPERATOR: "console.token", Role.READER: "console-reader.token"}


def key_of(home: Home, role: Role) -> str:
    """The key of a role, made where it is missing. It is the home's: links go on opening after a restart."""
    path = home.secrets / _FILES[role]
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(24) + "\n")
    return read_secret(path)


def role_of(home: Home, key: str) -> Role | None:
    """Whose key it is; None where it is nobody's."""
    for role in Role:
        if hmac.compare_digest(key.encode(), key_of(home, role).encode()):
            return role
    return None
