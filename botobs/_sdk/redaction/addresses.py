"""Addresses without user and password, the values of queries that may be secrets, and the segments that are keys."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import normalize

from .bare import formatted
from .chains import is_account_of_chain
from .names import SECRET, promise
from .queries import Clean, kept, kept_part
from .rules import REDACTED, RULES
from .values import (
    is_drawn,
    is_like_a_password,
    is_like_a_token,
    is_secret,
    looks_random,
    looks_random_letters,
)

# A host has 253 characters; names and passwords come before it.
_LONGEST_NETLOC = 1024
_ADDRESS = re.compile(r"[^\x00-\x20\s'\"<>\\^`{|}]*+")
_NO_SPACE = re.compile(r"[^\s]++")
# `user:password`, where what comes behind the colon is no port.
_USER = re.compile(r"[^\s/?#@:\[\]]{0,256}:(?!\d{1,5}(?:[/?#\s'\")\],;]|\Z))(?!//)[^\s]")
_HOST = re.compile(
    r"@(?=(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]{1,63}(?::\d{1,5})?(?:[/?,;\s'\")\]}\\]|\Z)|\[[0-9a-f:]+\])"
)
_LONG_SEGMENT = re.compile(r"[^/]{16}")
_END_OF_SEGMENT = re.compile(r"[,&]")
_SIGNS = re.compile(r"[-_.~=+:%]")
_NETLOC_END = re.compile(r"[/?#]|\Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_VERSION = re.compile(r"v\d{1,2}")
_TOKEN = re.compile(r"[\w.~=+:%-]{16,}")
# Segments behind which a key comes, and behind which an identifier does.
_BEFORE_KEYS = frozenset((
    "", "hook", "hooks", "integration", "invite", "key", "keys", "reset", "rpc", "secret", "services", "stream",
    "token", "tokens", "verify", "webhook", "webhooks", "ws",
))  # fmt: skip
_BEFORE_IDS = (
    RULES.id_words
    | {f"{word}s" for word in RULES.id_words}
    | {
        "addresses",
        "api",
        "blobs",
        "bots",
        "ipfs",
        "ipns",
        "objects",
        "positions",
        "solana",
        "store",
        "traces",
        "users",
    }
)
_HOSTS = {host: re.compile(keep) for host, keep in RULES.hosts.items()}


def without_addresses(text: str, clean: Clean | None = None) -> str:
    """`text` with each address in it cleaned.

    Args:
        clean: As `queries.kept` takes it.
    """
    kept: list[str] = []
    done = 0
    while (start := text.find("://", done)) >= 0:
        stop = _end(text, start)
        kept += (text[done : start + 3], _rest(text[start + 3 : stop], clean))
        done = stop
    return "".join((*kept, text[done:])) if kept else text


def _end(text: str, start: int) -> int:
    """Where the address ends whose `://` is at `start`; a password may hold what ends an address otherwise."""
    begin = _host_begins(text, start + 3) or start + 3
    return _ADDRESS.match(text, begin).end()  # type: ignore[union-attr]


def _host_begins(text: str, begin: int) -> int:
    """Where the host begins in `user:password@host`, 0 if nothing stands before it."""
    if _USER.match(text, begin) is None:
        return 0
    stop = _NO_SPACE.match(text, begin, begin + _LONGEST_NETLOC).end()  # type: ignore[union-attr]
    return max((found.end() for found in _HOST.finditer(text, begin, stop)), default=0)


def clean_url(url: str, clean: Clean | None = None) -> str:
    """An address, or a path, as the value of an attribute.

    Args:
        clean: As `queries.kept` takes it.
    """
    before, slashes, rest = url.partition("://")
    if slashes and len(before) <= 32 and "/" not in before:
        return before + slashes + _rest(rest, clean)
    if url.startswith("//"):
        return "//" + _rest(url[2:], clean)
    path = without_query(url)
    return clean_path(path, "") + kept(url[len(path) :], clean)


def without_query(url: str) -> str:
    """`url` up to its query or fragment."""
    return url.partition("#")[0].partition("?")[0]


def _rest(rest: str, clean: Clean | None) -> str:
    """What follows `://`."""
    netloc, end = _netloc(rest)
    tail = rest[end:]
    bare = tail.rstrip(".,;:)]!")
    if bare.endswith(REDACTED[:-1]):
        bare += "]"
    path = without_query(bare)
    query = kept(bare[len(path) :], clean)
    host = _host(netloc)
    return host + _keys_out(host, path) + query + tail[len(bare) :]


def _netloc(rest: str) -> tuple[str, int]:
    end = _NETLOC_END.search(rest, _host_begins(rest, 0)).start()  # type: ignore[union-attr]
    return rest[:end], end


def _host(netloc: str) -> str:
    """A host without user and password. One that reads differently when it is looked up might hide where they end."""
    if len(netloc) > _LONGEST_NETLOC:
        return REDACTED
    host = netloc.rpartition("@")[2]
    if host == netloc and ":" in host and not host.startswith("["):
        # A text that was cut before the host: what is no port is a password.
        user, _, port = host.partition(":")
        if len(port) >= 6 and not port[0].isdigit() and is_like_a_password(port):
            return f"{user}:{REDACTED}"
    return host if host.isascii() or normalize("NFKC", host) == host else REDACTED


def _keys_out(host: str, path: str) -> str:
    kept = _kept_of_known(host, path)
    return clean_path(path, "") if kept is None else f"{kept}/{REDACTED}"


def _kept_of_known(host: str, path: str) -> str | None:
    """What of a path stays in front of the key, at a host that takes one there; else nothing."""
    if len(path) > 4:
        for keep in _that_take_keys(host):
            kept = keep.match(path)
            if kept is not None and len(path) > kept.end() + 1:
                return path[: kept.end()]
    return None


@lru_cache(maxsize=256)
def _that_take_keys(host: str) -> tuple[re.Pattern[str], ...]:
    """What of a path stays at a host that takes a key, and at those that it belongs to; the longest first."""
    name = host.partition(":")[0].lower()
    found: list[re.Pattern[str]] = []
    while name:
        if name in _HOSTS:
            found.append(_HOSTS[name])
        name = name.partition(".")[2]
    return tuple(found)


def without_scheme(run: str) -> str | None:
    """An address that has lost its scheme, `host/path`, without its key, if its host is one that takes keys."""
    host, slash, path = run.partition("/")
    if "." not in host:
        return None
    kept = _kept_of_known(host, slash + path)
    return None if kept is None else f"{host}{kept}/{REDACTED}"


def clean_path(path: str, before: str) -> str:
    """A path without the segments that are keys.

    Args:
        before: The segment in front of it.
    """
    if ";" in path:
        first, *parameters = path.split(";")
        return ";".join((clean_path(first, before), *map(_clean_parameter, parameters)))
    if not _LONG_SEGMENT.search(path):
        return path
    left: list[str] = []
    for segment in path.split("/"):
        key = segment
        if "," in segment or "&" in segment:
            # What a list or a form goes on with is no part of it.
            key = _END_OF_SEGMENT.split(segment, maxsplit=1)[0]
        left.append(REDACTED + segment[len(key) :] if len(key) >= 16 and _is_key(key, before) else segment)
        before = segment.lower() if segment else before
    return "/".join(left)


def _clean_parameter(parameter: str) -> str:
    """What stays of a parameter of a path, `token=…`, and of what is behind it."""
    if promise(parameter.partition("=")[0]) == SECRET:
        # Base64 has slashes.
        return kept_part(parameter, None)
    value, slash, rest = parameter.partition("/")
    return kept_part(value, None) + slash + clean_path(rest, "")


def _is_key(segment: str, before: str) -> bool:
    if not _TOKEN.fullmatch(segment):
        return False
    is_expected = before in _BEFORE_KEYS or _VERSION.fullmatch(before) is not None
    if before.startswith("token") and is_account_of_chain(segment):
        return False
    promised = promise(before)
    if promised and is_secret(promised, segment) and (is_like_a_token(segment) or is_drawn(segment, 24)):
        return True
    if _UUID.fullmatch(segment):
        return before != "" and is_expected and _VERSION.fullmatch(before) is None
    if formatted(segment) is not None:
        return True
    if before in _BEFORE_IDS and not is_expected:
        return False
    if _HEX.fullmatch(segment):
        return (is_expected and len(segment) >= 24 and not segment.startswith("0x")) or len(segment) >= 128
    if segment.isdigit():
        return False
    if segment.isalpha():
        return is_expected and len(segment) >= 20 and looks_random_letters(segment)
    pieces = [piece for piece in _SIGNS.split(segment) if piece]
    mixed = sum(len(piece) for piece in pieces if looks_random(piece) or (is_expected and len(piece) >= 16))
    return (is_expected or len(segment) >= 24) and mixed >= 0.5 * sum(map(len, pieces))
