"""The redactor: what may leave of attributes and texts, with a user's own rules.

So much of a text is looked at as `MAX_BYTES` says, the rest is dropped: texts come from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from . import known
from ._memo import Memo
from .addresses import without_query
from .names import SECRET, promise
from .queries import kept
from .rules import REDACTED, RULES
from .runs import without_runs
from .sql import without_literals
from .texts import clean, clean_address, plain
from .values import is_secret, is_secret_number

#: Bytes of UTF-8 of a text that are looked at and may leave; the rest is dropped.
MAX_BYTES = 64 * 1024
# A secret that begins within the part that is looked at may end beyond it, and be none to any rule: the last
# characters of a text that was cut are dropped too.
CUT_MARGIN = 4096
_MARK_BYTES = 40
#: Characters of a text that `lru_cache` may keep.
_SHORT = 256

_HEADER_NAME = re.compile(r"^(?:http|rpc\.\w+)\.(?:request|response)\.(?:header|metadata)\.(.+)$")
_RATE_LIMIT_HEADER = re.compile(
    r"(?:rate[-_]?limit|used[-_]weight|order[-_]count|limit[-_]status)", re.IGNORECASE
)
_DROPPED_NAMES = re.compile(
    r"^(?:db\.(?:query|operation)\.parameters?(?:\.|$)|db\.statement\.parameters|url\.fragment$"
    r"|enduser\.|user\.(?:email|name|full_name)$|process\.command_(?:args|line)$|process\.environment)"
)
_URL_NAMES = frozenset(
    (
        "url.full",
        "url.original",
        "http.url",
        "http.target",
        "url.path",
        "http.route",
        "server.url",
        "exchange.url",
    )
)
_SQL_NAMES = frozenset(("db.query.text", "db.statement"))


class Redactor:
    """Applies what the process knows, the rules of `rules.toml`, and a user's own.

    Args:
        patterns: Regular expressions; whatever they match in any text is taken out. They see at most `MAX_BYTES` of a
            text. Where a text is cut, `CUT_MARGIN` characters before the end of what they have seen go as well, so
            that a match up to that length does not leave in half.
        keys: Names of attributes whose values are taken out, beside the default ones; case does not count.
        keep: Names of attributes whose values stay as they are, unless the process knows them as secrets; case does not
            count.
    """

    def __init__(
        self, patterns: Iterable[str] = (), keys: Iterable[str] = (), keep: Iterable[str] = ()
    ) -> None:
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._keys = frozenset(key.lower() for key in keys)
        self._keep = (frozenset(key.lower() for key in keep) | RULES.ids) - self._keys
        self._generation = -1
        self._forget()

    def _forget(self) -> None:
        self._generation = known.generation
        # The same names, statements and addresses come by all the time. Of the short ones at most 4 MiB are kept.
        self._short: Callable[[str, str], str] = lru_cache(maxsize=2048)(self._string)
        self._cached: Callable[[str, str], str] = Memo(self._string)
        self._way: Callable[[str], tuple[str, str]] = lru_cache(maxsize=512)(self._way_of)

    @property
    def generation(self) -> int:
        """Changes when answers may change, because the process has learned of another secret."""
        return known.generation

    def text(self, text: str) -> str:
        """`text` without what looks like a secret in it."""
        return self._remembered("", text)

    def url(self, url: str) -> str:
        """`url` without user and password, the values of its query that may be secrets, and what looks like a key."""
        return self.bounded("url.full", url)

    def attribute(self, key: str, value: Any) -> Any:
        """What may be sent of the attribute `key`.

        Numbers and truth values of harmless names come back as they are; sequences and mappings are taken item by item.
        """
        if isinstance(value, str):
            return self._remembered(key, value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return REDACTED if self.hides(key) or is_secret_number(self._promise(key), value) else value
        if isinstance(value, bytes):
            return REDACTED
        if isinstance(value, Mapping):
            return self._mapping(key, value)
        if isinstance(value, Sequence):
            return [self.attribute(key, item) for item in value]
        return self.bounded(key, str(value))

    def _mapping(self, key: str, value: Mapping[Any, Any]) -> dict[str, Any]:
        """The items of a mapping; in `{"name": …, "value": …}` the name decides about the value."""
        items = [(str(name), item) for name, item in value.items()]
        of_pair = (item for name, item in items if name.lower() in ("name", "key") and isinstance(item, str))
        named = next(filter(None, of_pair), "")
        return {
            self.text(name): self.attribute(
                self.inner(key, named if named and name.lower() == "value" else name), item
            )
            for name, item in items
        }

    def inner(self, key: str, name: str) -> str:
        """The name by which the item `name` of the mapping `key` is judged: what is in `credentials` is one."""
        if self.hides(key) or (self._promise(key) and not self._promise(name)):
            return name if self.hides(name) else key
        return name

    def bounded(self, key: str, value: str, most: int = MAX_BYTES) -> str:
        """The text of the attribute `key`, or of no attribute, without secrets.

        Args:
            most: Bytes of UTF-8 that are looked at. Of a longer text the rest is dropped, with a mark that says how
                much.
        """
        if self._generation != known.generation:
            self._forget()
        cut = 0
        # A character has at most four bytes.
        if len(value) > most // 4:
            if key.lower() in _URL_NAMES:
                value = without_query(value)
            value, cut = _head(value, most)
        shown = self._cached(key, value)
        if cut and shown != REDACTED:
            cut += min(len(shown), CUT_MARGIN)
            shown = shown[:-CUT_MARGIN]
        if len(shown) > most // 4 and (cut or _head(shown, most)[1]):
            # What stands in place of secrets may be longer than they were.
            shown, more = _head(shown, max(0, most - _MARK_BYTES))
            cut += more
        return f"{shown}[{cut} characters cut]" if cut and shown != REDACTED else shown

    def hides(self, key: str) -> bool:
        """Whether an attribute of this name loses its value whatever it is."""
        return key.lower() in self._keys or self._promise(key) == SECRET

    def _promise(self, key: str) -> str:
        return "" if key.lower() in self._keep else promise(key)

    def _remembered(self, key: str, value: str) -> str:
        if len(value) > _SHORT or len(key) > _SHORT:
            return self.bounded(key, value)
        if self._generation != known.generation:
            self._forget()
        return self._short(key, value)

    def _string(self, key: str, value: str) -> str:
        value = known.taken_out(value, REDACTED)
        if not key:
            return self._own(clean(value))
        way, promised = self._way(key) if len(key) <= _SHORT else self._way_of(key)
        if way == "kept":
            return self._own(value)
        if way == "header":
            return self._header(promised, value)
        if way == "dropped" or (promised and is_secret(promised, value)):
            return REDACTED if value else value
        if way == "address":
            return self._own(clean_address(value))
        if way == "query":
            return self._own(kept(f"?{value}", plain)[1:])
        if way == "statement":
            value = without_literals(without_runs(value))
        return self._own(clean(value, key))

    def _way_of(self, key: str) -> tuple[str, str]:
        """How the texts of a name are judged, and what it promises; of a header, which one it is."""
        name = key.lower()
        if name in self._keep:
            return "kept", ""
        header = _HEADER_NAME.match(name)
        if header is not None:
            return "header", header[1]
        if _DROPPED_NAMES.match(name) or self.hides(key):
            return "dropped", ""
        if name in _URL_NAMES:
            return "address", promise(key)
        way = "query" if name == "url.query" else "statement" if name in _SQL_NAMES else "text"
        return way, promise(key)

    def _header(self, header: str, value: str) -> str:
        header = header.replace("_", "-")
        if header in self._keys or not (header in RULES.headers or _RATE_LIMIT_HEADER.search(header)):
            return REDACTED
        return self._own(clean(value))

    def _own(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text


def _head(text: str, most: int) -> tuple[str, int]:
    """The first `most` bytes of `text`, and how many characters of it are beyond them."""
    head = text[:most]
    if not head.isascii():
        head = head.encode("utf-8", "surrogatepass")[:most].decode("utf-8", "ignore")
    return head, len(text) - len(head)
