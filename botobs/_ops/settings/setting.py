"""What a setting of the stack is."""

from __future__ import annotations

from dataclasses import dataclass

from .kinds import Kind


@dataclass(frozen=True)
class Setting:
    """A setting of the stack.

    Attributes:
        name: The variable, `BOTOBS_...`, under which it stands in the environment, in `botobs.toml` and in templates.
        kind: Its type.
        default: The value when it is not set, as the templates have it; empty: none, or derived from others.
        doc: What it means, for the reference page.
        secret: Whether its value is never shown.
        decided: Whether the stack decides it, so that a person need not know it.
    """

    name: str
    kind: Kind
    default: str
    doc: str
    secret: bool = False
    decided: bool = False


def rows(*lines: tuple[str, Kind, str, str]) -> tuple[Setting, ...]:
    """Settings from lines of name without `BOTOBS_`, type, default and meaning."""
    return tuple(Setting(f"BOTOBS_{name}", kind, default, doc) for name, kind, default, doc in lines)
