"""Secrets that a cluster has beside a stack's: passwords of tenants, the object store's key, the gossip's word."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets as random_secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import StackError
from ...home.private import make_folder, read_secret, write_secret

#: Variables of the members' environments, by the file that holds the value.
_IN_ENVIRONMENT = {
    "GOSSIP_SECRET": "gossip.secret",
    "AWS_ACCESS_KEY_ID": "object-store.key",
    "AWS_SECRET_ACCESS_KEY": "object-store.secret",
    "ALERTMANAGER_PASSWORD": "notifier.password",
}
#: What Mimir and Tempo take as a tenant's name, and no name of a folder that leads elsewhere.
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def tenants_of(values: Mapping[str, str]) -> list[str]:
    """Every tenant that the gateways let in: the stack's own, and those of `BOTOBS_TENANTS`.

    Raises:
        StackError: One has a name that the stores would not take.
    """
    named = [values.get("BOTOBS_TENANT") or "botobs", *values.get("BOTOBS_TENANTS", "").split(",")]
    tenants = list(dict.fromkeys(name.strip() for name in named if name.strip()))
    for tenant in tenants:
        if not _TENANT.fullmatch(tenant):
            raise StackError(
                f"{tenant!r} in BOTOBS_TENANTS or BOTOBS_TENANT is no tenant's name: letters, digits, - and _"
            )
    return tenants


def ensure(folder: Path, tenants: Sequence[str]) -> None:
    """Make what is missing in the home's `secrets/`; what is there stays.

    Args:
        folder: The home's `secrets/`.
        tenants: Who may send; everybody else is refused from the gateways' next start on.
    """
    for name, length in (("gossip.secret", 32), ("object-store.key", 15), ("object-store.secret", 32)):
        _ensure_random(folder / name, length)
    ensure_tenants(folder, tenants)


def ensure_tenants(folder: Path, tenants: Sequence[str]) -> None:
    """Make the passwords of tenants in `tenants/` that are missing, and the list by which gateways know them.

    Args:
        folder: The home's `secrets/`.
        tenants: All who may send.
    """
    passwords = folder / "tenants"
    make_folder(passwords)
    listed = passwords / "htpasswd"
    text = listed.read_text(encoding="utf-8") if listed.exists() else ""
    known = {name: rest for name, _, rest in (line.partition(":") for line in text.splitlines())}
    lines = []
    for tenant in tenants:
        _ensure_random(passwords / f"{tenant}.password", 32)
        password = read_secret(passwords / f"{tenant}.password")
        write_secret(passwords / f"{tenant}.authorization", authorization(tenant, password))
        # The hash of an unchanged password is kept, so that the file does not change.
        kept = known.get(tenant, "")
        lines.append(f"{tenant}:{kept if _is_of(kept, password) else _hashed(password)}\n")
    write_secret(listed, "".join(lines))


def environment(folder: Path) -> dict[str, str]:
    """The secrets of a cluster's members, by the variable that they, or their configuration, read."""
    return {variable: read_secret(folder / file) for variable, file in _IN_ENVIRONMENT.items()}


def authorization(tenant: str, password: str) -> str:
    """The header by which a tenant is let in."""
    return f"Basic {base64.b64encode(f'{tenant}:{password}'.encode()).decode()}"


def _ensure_random(path: Path, length: int) -> None:
    if not path.exists():
        # No line end: the collector takes a file as it is.
        write_secret(path, random_secrets.token_urlsafe(length))


def _is_of(kept: str, password: str) -> bool:
    """Whether a hash was made of this password."""
    if not kept.startswith("{SSHA}"):
        return False
    try:
        decoded = base64.b64decode(kept.removeprefix("{SSHA}"))
    except binascii.Error:
        return False
    return kept == _hashed(password, decoded[hashlib.sha1(usedforsecurity=False).digest_size :])


def _hashed(password: str, salt: bytes = b"") -> str:
    # Every request is checked: what is random and this long needs no hash that is slow on purpose.
    salt = salt or random_secrets.token_bytes(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return f"{{SSHA}}{base64.b64encode(digest + salt).decode()}"
