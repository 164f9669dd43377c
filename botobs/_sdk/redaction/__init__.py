"""Takes secrets out of whatever leaves the process.

Everything passes here on the export thread, in every signal: names, attributes, events, exceptions, status texts. A
value is kept when its name says that it is harmless or its text has no mark of a secret; names that promise a secret
lose their value whatever it is.

Texts come from anybody: an exchange's answer, a browser's header. So a bounded part of a text is looked at, the rest is
dropped, and every rule takes time in proportion to that part. A rule either takes what cannot be repeated
(possessively, so that nothing is tried twice), or takes what opens and never closes to its end: for the same
reason, and because the end of a text is where it may have been cut, in the middle of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from unicodedata import normalize

from ._memo import Memo
from .sql import without_literals

#: What stands in place of a secret.
REDACTED = "[redacted]"
#: Bytes of UTF-8 of a text that are looked at and may leave; the rest is dropped.
MAX_BYTES = 64 * 1024
# A secret that begins within the part that is looked at may end beyond it, and be none to any rule: the last
# characters of a text that was cut are dropped too.
CUT_MARGIN = 4096
_MARK_BYTES = 40
#: Characters of a text that `lru_cache` may keep.
_SHORT = 256
# Of an SQL statement in an error's text. What a client library generates beyond it is repetition.
_LONGEST_SQL = 8192
# A host has 253 characters; names and passwords come before it.
_LONGEST_NETLOC = 1024

# The last words of a name that promises a secret: `X-MBX-APIKEY`, `OK-ACCESS-SIGN`, `client_secret`, `listenKey`.
# fmt: off
_SECRET_WORDS = frozenset((
    "apikey", "apikeys", "apisecret", "authorization", "bearer", "cookie", "cookies", "credential", "credentials",
    "jwt", "listenkey", "mnemonic", "nonce", "otp", "passcode", "passphrase", "passwd", "password", "passwords", "pin",
    "privatekey", "pwd", "secret", "secretkey", "secrets", "seed", "sig", "sign", "signature", "signatures", "token",
    "tokens",
))
# "Key" and "phrase" promise a secret after these alone.
_SECRET_KINDS = frozenset((
    "access", "api", "auth", "encryption", "listen", "master", "private", "recovery", "secret", "seed", "session",
    "signing", "ssh",
))
# fmt: on
# One of these is in every name that promises a secret.
_SECRET_STEMS = (
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "jwt",
    "key",
    "mnemonic",
    "nonce",
    "otp",
    "pass",
    "phrase",
    "pin",
    "pwd",
    "secret",
    "seed",
    "session",
    "sig",
    "token",
)
# Words after which a name still promises what it did before them.
_TAIL_WORDS = frozenset(("base64", "hash", "header", "hex", "new", "old", "str", "string", "text", "value"))
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]++|\d++")
_NO_SECRETS = frozenset(
    ["none", "null", "nil", "true", "false", "bearer", "basic", "digest", "token", "apikey", "negotiate"]
) | {""}
_HARMLESS_NAMES = frozenset(
    (
        "aws.request_id",
        "messaging.kafka.message.key",
        "idempotency_key",
        "partition_key",
        "primary_key",
        "foreign_key",
        "process.pid",
        "public_key",
    )
)
# Header values that help and hold no secret; every other captured header is dropped.
_HEADERS = frozenset(
    (
        "accept",
        "age",
        "cache-control",
        "cf-ray",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "host",
        "retry-after",
        "server",
        "user-agent",
        "x-request-id",
    )
)
_HEADER_NAME = re.compile(r"^(?:http|rpc\.\w+)\.(?:request|response)\.(?:header|metadata)\.(.+)$")
_RATE_LIMIT_HEADER = re.compile(
    r"(?:rate[-_]?limit|used[-_]weight|order[-_]count|limit[-_]status)", re.IGNORECASE
)
_DROPPED_NAMES = re.compile(
    r"^(?:db\.(?:query|operation)\.parameters?(?:\.|$)|db\.statement\.parameters|url\.query$|url\.fragment$"
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

_PEM_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]*+)-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]++-----")
_PEM_SECRETS = ("PRIVATE KEY", "CERTIFICATE", "SECRET")
# All of a run is taken, also one without a second part: no token begins within it.
_JWT = re.compile(r"eyJ(?<=\beyJ)[A-Za-z0-9_-]{5,}+(?P<rest>\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)?)?")
# After the scheme something that is no word: with a digit, a sign, or a capital inside.
_SCHEMES = ("bearer", "basic", "digest", "token", "apikey", "negotiate")
_SCHEME = re.compile(
    rf"\b((?i:{'|'.join(_SCHEMES)}))\s++(?!\w++=[^=\s])"
    r"(?=\S*\d|\S+[A-Z]|\S*[._~+/=-]\S)[A-Za-z0-9._~+/=:-]{6,}+"
)
_URL = re.compile(r"://[^\s'\"<>\\^`{|}]++")
_PAIR = re.compile(r"(?<![\w.\-])([A-Za-z_][\w.\-]*+)(?:\\*+['\"]?\s*+(?:=>|=|:)|(?<=\w)['\"]\s*+,)\s*+")
_VALUE = re.compile(
    r"\[[^\]\n]*+(?:\]|(?=\n)|\Z)|b?\"[^\"\\]*(?:\\(?s:.)[^\"\\]*)*(?:\"|\\?\Z)|b?'[^'\\]*(?:\\(?s:.)[^'\\]*)*(?:'|\\?\Z)"
    r"|\\++\"[^\"\\]*+(?:\\++\"|\\*+\Z)|[^\s,;&)\]}'\"]++"
)
_REDACTED_VALUE = re.compile(r"(?<!\\)\\*+b?['\"]?\[redacted\]")
# What "key" alone is before: letters and digits, in quotes or not.
_KEY_VALUE = re.compile(r"(?<![\w\\])(?:\\++\"|b?['\"])?[^\W_]{16,}+(?=[\s,;&)\]}'\"\\]|\Z)")
_COOKIE = re.compile(r"\b(cookie['\"]?\s*+[:=]\s*+['\"]?)[^\n'\"]++", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\?|\$\d++|:\w++|%\(\w++\)s|%s")
_QUERY = re.compile(r"\?(?<=[\w/]\?)(?=[\w.\-\[\]%]++=)[^\s'\"<>]*+")
# Long runs without a word in them: keys and signatures. UUIDs, trace ids and order ids are shorter or have dashes.
_LONG_RUN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{40,}+")
_PATH_RUN = re.compile(r"(?<![^/\s])[A-Za-z0-9:_=+-]{24,}+(?![^/\s])")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_SEPARATOR = re.compile(r"[-_/]")
_SQL_END = re.compile(r"\](?=\s|\Z)")
_PARAMETERS_END = re.compile(r"\](?=\s*(?:\n|\Z|\(Background))")
_KEY_ECHO = re.compile(
    r"(\b(?:Key|Failing row contains)\s{0,9}(?:\([^)\n]*+\)\s{0,9}=\s{0,9})?)\([^)\n]*+\)?"
)


class Redactor:
    """Applies the default rules and a user's own.

    Args:
        patterns: Regular expressions; whatever they match in any text is taken out. They see at most `MAX_BYTES` of a
            text. Where a text is cut, `CUT_MARGIN` characters before the end of what they have seen go as well, so
            that a match up to that length does not leave in half.
        keys: Names of attributes whose values are taken out, beside the default ones; case does not count.
    """

    def __init__(self, patterns: Iterable[str] = (), keys: Iterable[str] = ()) -> None:
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._keys = frozenset(key.lower() for key in keys)
        # The same names, statements and addresses come by all the time. Of the short ones at most 4 MiB are kept.
        self._short: Callable[[str, str], str] = lru_cache(maxsize=2048)(self._string)
        self._cached: Callable[[str, str], str] = Memo(self._string)

    def text(self, text: str) -> str:
        """`text` without what looks like a secret in it."""
        return self._short("", text) if len(text) <= _SHORT else self.bounded("", text)

    def url(self, url: str) -> str:
        """`url` without query, fragment, user and password, and without path segments that look like keys."""
        return self.bounded("url.full", url)

    def sql(self, statement: str) -> str:
        """A statement with `?` in place of its literals."""
        return self.bounded("db.query.text", statement)

    def attribute(self, key: str, value: Any) -> Any:
        """What may be sent of the attribute `key`.

        Numbers and truth values of harmless names come back as they are; sequences and mappings are taken item by item.
        """
        if isinstance(value, str):
            if len(value) <= _SHORT and len(key) <= _SHORT:
                return self._short(key, value)
            return self.bounded(key, value)
        if value is None or isinstance(value, bool | int | float):
            return REDACTED if not isinstance(value, bool) and self.hides(key) else value
        if isinstance(value, bytes):
            return REDACTED
        if isinstance(value, Mapping):
            return {str(name): self.attribute(str(name), item) for name, item in value.items()}
        if isinstance(value, Sequence):
            return [self.attribute(key, item) for item in value]
        return self.bounded(key, str(value))

    def bounded(self, key: str, value: str, most: int = MAX_BYTES) -> str:
        """The text of the attribute `key`, or of no attribute, without secrets.

        Args:
            most: Bytes of UTF-8 that are looked at. Of a longer text the rest is dropped, with a mark that says how
                much.
        """
        cut = 0
        # A character has at most four bytes.
        if len(value) > most // 4:
            if key.lower() in _URL_NAMES:
                value = _without_query(value)
            value, cut = _head(value, most)
        clean = self._cached(key, value)
        if cut and clean != REDACTED:
            cut += min(len(clean), CUT_MARGIN)
            clean = clean[:-CUT_MARGIN]
        if len(clean) > most // 4 and (cut or _head(clean, most)[1]):
            # What stands in place of secrets may be longer than they were.
            clean, more = _head(clean, max(0, most - _MARK_BYTES))
            cut += more
        return f"{clean}[{cut} characters cut]" if cut and clean != REDACTED else clean

    def hides(self, key: str) -> bool:
        """Whether an attribute of this name loses its value whatever it is."""
        name = key.lower()
        if name in self._keys:
            return True
        if name in _HARMLESS_NAMES:
            return False
        return _promises_secret(key)

    def _string(self, key: str, value: str) -> str:
        if not key:
            return self._own(_text(value))
        name = key.lower()
        header = _HEADER_NAME.match(name)
        if header is not None:
            return self._header(header[1], value)
        if _DROPPED_NAMES.match(name) or self.hides(key):
            return REDACTED if value else value
        if name in _URL_NAMES:
            return self._own(_url(value))
        if name in _SQL_NAMES:
            return self._own(_text(without_literals(value)))
        return self._own(_text(value))

    def _header(self, header: str, value: str) -> str:
        header = header.replace("_", "-")
        if header in self._keys or not (header in _HEADERS or _RATE_LIMIT_HEADER.search(header)):
            return REDACTED
        return self._own(_text(value))

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


def _text(text: str) -> str:
    if len(text) < 6 or text.isalpha():
        return text
    if "-----BEGIN" in text:
        text = _without_keys(text)
    if "eyJ" in text:
        text = _JWT.sub(lambda match: REDACTED if match["rest"] else match[0], text)
    if "://" in text:
        text = _URL.sub(_address, text)
    if "[SQL: " in text or "[parameters: " in text:
        text = _without_echoes(text)
    if "Key (" in text or "Failing row" in text:
        text = _KEY_ECHO.sub(rf"\1({REDACTED})", text)
    if "?" in text:
        text = _QUERY.sub("", text)
    # To look for the words first costs a long text a tenth of trying the patterns at each of its characters.
    lowered = text.lower() if len(text) > 256 else ""
    if not lowered or any(scheme in lowered for scheme in _SCHEMES):
        text = _SCHEME.sub(rf"\1 {REDACTED}", text)
    if "ookie" in text:
        text = _COOKIE.sub(rf"\1{REDACTED}", text)
    if ("=" in text or ":" in text or "'," in text or '",' in text) and (
        not lowered or any(stem in lowered for stem in _SECRET_STEMS)
    ):
        text = _without_pairs(text)
    if len(text) >= 40:
        text = _LONG_RUN.sub(_long_run, text)
    return text


def _without_keys(text: str) -> str:
    """Take out keys in PEM; one without an end is taken to the end of the text."""
    kept: list[str] = []
    end = 0
    while (begin := _PEM_BEGIN.search(text, end)) is not None:
        if any(secret in begin[1] for secret in _PEM_SECRETS):
            close = _PEM_END.search(text, begin.end())
            kept += (text[end : begin.start()], REDACTED)
            end = close.end() if close is not None else len(text)
        else:
            kept.append(text[end : begin.end()])
            end = begin.end()
    return "".join((*kept, text[end:]))


def _without_echoes(text: str) -> str:
    """Take out the literals of statements and the parameters that SQLAlchemy quotes in its errors."""
    text = _between(text, "[SQL: ", _SQL_END, _literals_out())
    return _between(text, "[parameters: ", _PARAMETERS_END, lambda _: REDACTED)


def _literals_out() -> Callable[[str], str]:
    """Takes the literals out of statements, a bounded number of characters of all together."""
    left = _LONGEST_SQL

    def clean(statement: str) -> str:
        nonlocal left
        head = statement[:left]
        left -= len(head)
        clean = without_literals(head)
        cut = len(statement) - len(head)
        return f"{clean}[{cut} characters cut]" if cut else clean

    return clean


def _between(text: str, begin: str, end: re.Pattern[str], clean: Callable[[str], str]) -> str:
    """Clean what stands between `begin` and `end`, or the end of the text."""
    kept: list[str] = []
    done = 0
    while (start := text.find(begin, done)) >= 0:
        start += len(begin)
        close = end.search(text, start)
        stop = close.start() if close is not None else len(text)
        kept += (text[done:start], clean(text[start:stop]))
        done = stop
    return "".join((*kept, text[done:])) if kept else text


def _without_pairs(text: str) -> str:
    """Take out the values behind names that promise a secret: `name=value`, `name: value`, `('name', 'value')`."""
    kept: list[str] = []
    end = 0
    for pair in _PAIR.finditer(text):
        name = pair[1]
        is_key = name.lower() == "key"
        if pair.start() < end or not (is_key or _promises_secret(name)):
            continue
        start = pair.end()
        # "token: [redacted]" has lost its secret already. Neither this nor a key of words is read to its end: it may
        # hold the next pair.
        if _REDACTED_VALUE.match(text, start) or (is_key and not _KEY_VALUE.match(text, start)):
            continue
        value = _VALUE.match(text, start)
        if value is None:
            continue
        bare = value[0].lstrip("b\\").strip("'\"")
        # "Authorization: Bearer [redacted]" has lost its secret too, and a placeholder never had one.
        if (is_key and not _opaque(bare)) or bare.lower() in _NO_SECRETS or _PLACEHOLDER.fullmatch(bare):
            continue
        quote = value[0][-1] if value[0][-1] in "'\"" and len(value[0]) > 1 else ""
        kept += (text[end : value.start()], quote, REDACTED, quote)
        end = value.end()
    return "".join((*kept, text[end:])) if kept else text


def _promises_secret(name: str) -> bool:
    """Whether a name's last words say that its value is a secret."""
    return _short_promises(name) if len(name) <= 128 else _promises(name)


def _promises(name: str) -> bool:
    words: list[str] = [word.lower() for word in _WORDS.findall(name)]
    while words and (words[-1] in _TAIL_WORDS or words[-1].isdigit()):
        words.pop()
    if not words:
        return False
    if words[-1] in _SECRET_WORDS:
        return True
    # An access key id goes with its secret; a session's id is one.
    if len(words) > 1 and words[-1] == "id":
        words = words[:-1] if words[-2] in ("key", "session") else words
    if words[-1] in ("key", "keys", "phrase"):
        return len(words) > 1 and words[-2] in _SECRET_KINDS
    return words[-1] == "session"


_short_promises = lru_cache(maxsize=1024)(_promises)


def _opaque(value: str) -> bool:
    return len(value) >= 16 and value.isalnum() and not value.isalpha() and not value.isdigit()


def _long_run(match: re.Match[str]) -> str:
    run = match[0]
    if not _DIGIT.search(run):
        return run
    mixed = run != run.lower() and run != run.upper()
    # Paths, dotted names and sentences joined by dashes have short pieces; keys have none.
    separated = "-" in run or "_" in run or "/" in run
    if separated and max(map(len, _SEPARATOR.split(run))) < 20:
        return run
    return REDACTED if mixed or len(run) >= 48 or run.endswith("=") else run


def _address(match: re.Match[str]) -> str:
    address = match[0]
    if len(address) < 28 and "@" not in address and "?" not in address and "#" not in address:
        return address
    return _url(address)


def _url(url: str) -> str:
    address = url.rstrip(".,;:)]!")
    bare = _without_query(address)
    scheme, slashes, rest = bare.partition("//")
    if slashes and (not scheme or scheme.endswith(":")):
        netloc, slash, path = rest.partition("/")
        return scheme + slashes + _host(netloc) + slash + _path(path) + url[len(address) :]
    return _path(bare) + url[len(address) :]


def _without_query(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]


def _host(netloc: str) -> str:
    """A host without user and password. One that reads differently when it is looked up might hide where they end."""
    if len(netloc) > _LONGEST_NETLOC:
        return REDACTED
    host = netloc.rpartition("@")[2]
    return host if host.isascii() or normalize("NFKC", host) == host else REDACTED


def _path(path: str) -> str:
    return _PATH_RUN.sub(_path_segment, path) if len(path) >= 24 else path


def _path_segment(match: re.Match[str]) -> str:
    segment = match[0]
    if segment.count("-") >= 4:
        return segment
    return REDACTED if _DIGIT.search(segment) and _LETTER.search(segment) else segment
