"""Takes out the passwords that programs and protocols are told: `PASS …`, `redis-cli -a …`, tags of FIX."""

from __future__ import annotations

import re
from functools import partial

from .rules import REDACTED, RULES
from .values import is_like_a_password

_COMMANDS, _WITH_OPTIONS = (
    tuple((command.marker, command) for command in RULES.commands if command.has_option is has_option)
    for has_option in (False, True)
)


def without_commands(text: str) -> str:
    """`text` without the passwords of commands."""
    for commands in (_COMMANDS, _WITH_OPTIONS if " -" in text else ()):
        for marker, command in commands:
            if marker in text:
                text = command.pattern.sub(partial(_without, command.likely), text)
    return text


def _without(likely: bool, match: re.Match[str]) -> str:
    return match[1] + REDACTED + match[3] if not likely or is_like_a_password(match[2]) else match[0]
