"""The collector's patterns, as its configuration has them, applied the way the redaction processor applies them."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support import configs

_SETTINGS: dict[str, Any] = configs.load("collector/collector.yaml")["processors"]["redaction"]
MASK = "****"


def _compiled(name: str) -> list[re.Pattern[str]]:
    # The collector reads a doubled dollar as one; Go writes the end of the text as \z.
    return [re.compile(text.replace("$$", "$").replace(r"\z", r"\Z"), re.ASCII) for text in _SETTINGS[name]]


KEYS = _compiled("blocked_key_patterns")
VALUES = _compiled("blocked_values")
IGNORED = frozenset(_SETTINGS["ignored_keys"])


def text(value: str) -> str:
    """A text without what the patterns of values match."""
    for pattern in VALUES:
        value = pattern.sub(MASK, value)
    return value


def hides(key: str) -> bool:
    """Whether an attribute of this name is masked."""
    return key not in IGNORED and any(pattern.search(key) for pattern in KEYS)


def attribute(key: str, value: Any) -> Any:
    """What becomes of an attribute; lists, mappings and bytes are looked at as their text in JSON."""
    if key in IGNORED:
        return value
    if hides(key):
        return MASK
    given = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
    clean = text(given)
    return value if clean == given else clean
