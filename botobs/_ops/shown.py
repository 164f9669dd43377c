"""Texts that others have named, as they may be shown: on a terminal, on a page, in a query.

A span, a bot or a service may be called by anybody who sends telemetry. Some characters are orders to a terminal, some
turn the order of a line round so that it reads as another, some are not seen.
"""

from __future__ import annotations

import re

#: C0 and C1 but tab and line feed, invisible and directional characters (Unicode TR 36), tags, lone surrogates.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e0fff"
)
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_NAME = re.compile(f"[{_UNSEEN}\\t\\n]")


def visible(text: str) -> str:
    """Text with every character that a terminal would obey, or not show, as its escape in Python: `\\x1b`."""
    return _IN_TEXT.sub(_escaped, text)


def name(text: str) -> str:
    """The same of a name, which also stays in its line."""
    return _IN_NAME.sub(_escaped, text)


def in_query(text: str) -> str:
    """A name as it stands between double quotes in PromQL and TraceQL, whose escapes are Go's; it stays in its line.

    Queries stand on pages in Markdown: a line that a name begins could end their block.
    """
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return _IN_NAME.sub(_escaped_as_go, quoted)


def _escaped_as_go(found: re.Match[str]) -> str:
    """By its code point: `\\x9b` would be a byte."""
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escaped(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
