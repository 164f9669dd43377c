"""Where a service's data may go, in words that another process can compare.

What a process has left is delivered by another one only if both send to the same place as the same sender.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import Settings


def destination(settings: Settings) -> str:
    """Where a service's data may go, in words that hold for another process; no secret can be read from it.

    It is the stack on this machine, or an address together with who sends.
    """
    if settings.token is None and not settings.headers:
        if settings.endpoint is None and settings.token_file is None:
            return stack_at()
        given_by = {settings.origins.get(name) for name in ("endpoint", "token_file")}
        if settings.stack is not None and given_by == {str(settings.stack.file)}:
            return stack_at(settings.stack.home)
    token = settings.token or str(settings.token_file or "")
    return address(settings.endpoint or "", token, settings.headers)


def accepted(settings: Settings) -> set[str]:
    """What other processes' `destination` may be for this one to deliver what is theirs."""
    own = destination(settings)
    return {own, stack_at()} if own.startswith(stack_at()) else {own}


def address(endpoint: str, token: str, headers: Mapping[str, str]) -> str:
    """The destination of those who send to `endpoint` with these credentials; `token` may be the path of its file."""
    secret = "\0".join([endpoint, token, *(f"{name}={value}" for name, value in sorted(headers.items()))])
    return "address " + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def stack_at(home: Path | str = "") -> str:
    """The destination of those who take the stack of a home, or any on this machine."""
    return f"stack {home}"
