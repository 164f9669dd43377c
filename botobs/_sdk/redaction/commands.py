"""Takes out the passwords that programs and protocols are told: `PASS …`, `redis-cli -a …`, tags of FIX."""

from __future__ import annotations

import re
from functools import partial

from .rules import REDACTED, RULES
from .values import is_like_a_password

# A message of FIX has its fields between the first control character, or a bar where it is shown.
_VALUE = r"[^\s\"'|\x01]++"
_COMMANDS, _WITH_OPTIONS = (
    tuple(
        (command.marker, re.compile(f"({command.begin})({_VALUE})({command.end})"), command.likely)
        for command in RULES.commands
        if command.has_option is has_option
    )
    for has_option in (False, True)
)


def without_commands(text: str) -> str:
    """`text` without the passwords of commands."""
    for commands in (_COMMANDS, _WITH_OPTIONS if " -" in text else ()):
        for marker, pattern, likely in commands:
            if marker in text:
                text = pattern.sub(partial(_without, likely), text)
    return text


def _without(likely: bool, match: re.Match[str]) -> str:
    return match[1] + REDACTED + match[3] if not likely or is_like_a_password(match[2]) else match[0]
