"""Takes secrets out of whatever leaves the process.

Everything passes here on the export thread, in every signal: names, attributes, events, exceptions, status texts. A
value is kept when its name says that it is harmless or its text has no mark of a secret; names that promise a secret
lose their value whatever it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ._sql import without_literals

#: What stands in place of a secret.
REDACTED = "[redacted]"

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
# Words after which a name still promises what it did before them.
_TAIL_WORDS = frozenset(("base64", "hash", "header", "hex", "new", "old", "str", "string", "text", "value"))
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
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

_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|CERTIFICATE|SECRET)[A-Z0-9 ]*-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)",
    re.DOTALL,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?")
# After the scheme something that is no word: with a digit, a sign, or a capital inside.
_SCHEME = re.compile(
    r"\b((?i:Bearer|Basic|Digest|Token|ApiKey|Negotiate))\s+(?!\w+=[^=\s])"
    r"(?=\S*\d|\S+[A-Z]|\S*[._~+/=-]\S)[A-Za-z0-9._~+/=:-]{6,}"
)
_QUOTED_URL = re.compile(r"\b[a-z][a-z0-9+.\-]*://[^\s'\"<>\\^`{|}]+", re.IGNORECASE)
_PAIR = re.compile(r"(?<![\w.\-])([A-Za-z_][\w.\-]*+)(?:\\*['\"]?\s*(?:=>|=|:)|(?<=\w)['\"]\s*,)\s*")
_VALUE = re.compile(
    r"\[[^\]\n]*\]|b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\]|\\.)*'|\\+\"[^\"\\]*\\+\"|[^\s,;&)\]}'\"]+"
)
_COOKIE = re.compile(r"\b((?:set-)?cookie)(['\"]?\s*[:=]\s*['\"]?)[^\n'\"]+", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\?|\$\d+|:\w+|%\(\w+\)s|%s")
_QUERY = re.compile(r"(?<=[\w/])\?(?=[\w.\-\[\]%]+=)[^\s'\"<>]*")
# Long runs without a word in them: keys and signatures. UUIDs, trace ids and order ids are shorter or have dashes.
_LONG_RUN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_=-]{40,}(?![A-Za-z0-9+/_=-])")
_PATH_RUN = re.compile(r"[A-Za-z0-9:_=+-]{24,}")
_SQL_ECHO = re.compile(r"\[SQL: (?P<sql>.*?)\](?=\s|$)", re.DOTALL)
_PARAMETERS_ECHO = re.compile(r"\[parameters: .*?\](?=\s*(?:\n|$|\(Background))", re.DOTALL)
_KEY_ECHO = re.compile(
    r"(\b(?:Key|Failing row contains)\s{0,9}(?:\([^)\n]{0,200}\)\s{0,9}=\s{0,9})?)\([^)\n]{0,2000}\)"
)


class Redactor:
    """Applies the default rules and a user's own.

    Args:
        patterns: Regular expressions; whatever they match in any text is taken out.
        keys: Names of attributes whose values are taken out, beside the default ones; case does not count.
    """

    def __init__(self, patterns: Iterable[str] = (), keys: Iterable[str] = ()) -> None:
        self._patterns = tuple(re.compile(pattern) for pattern in patterns)
        self._keys = frozenset(key.lower() for key in keys)
        # The same names, statements and addresses come by all the time; a run of unequal ones turns it over.
        self._cached: Callable[[str, str], str] = lru_cache(maxsize=2048)(self._string)

    def text(self, text: str) -> str:
        """`text` without what looks like a secret in it."""
        return self._cached("", text)

    def url(self, url: str) -> str:
        """`url` without query, fragment, user and password, and without path segments that look like keys."""
        return self._own(_url(url))

    def sql(self, statement: str) -> str:
        """A statement with `?` in place of its literals."""
        return self._own(without_literals(statement))

    def attribute(self, key: str, value: Any) -> Any:
        """What may be sent of the attribute `key`.

        Numbers and truth values of harmless names come back as they are; sequences and mappings are taken item by item.
        """
        if isinstance(value, str):
            return self._cached(key, value)
        if value is None or isinstance(value, bool | int | float):
            return REDACTED if self._secret(key) and not isinstance(value, bool) else value
        if isinstance(value, bytes):
            return REDACTED
        if isinstance(value, Mapping):
            return {str(name): self.attribute(str(name), item) for name, item in value.items()}
        if isinstance(value, Sequence):
            return [self.attribute(key, item) for item in value]
        return self._cached(key, str(value))

    def _string(self, key: str, value: str) -> str:
        if not key:
            return self._own(_text(value))
        name = key.lower()
        header = _HEADER_NAME.match(name)
        if header is not None:
            return self._header(header[1], value)
        if _DROPPED_NAMES.match(name) or self._secret(key):
            return REDACTED if value else value
        if name in _URL_NAMES:
            return self.url(value)
        if name in _SQL_NAMES:
            return self._own(_text(without_literals(value)))
        return self._own(_text(value))

    def _header(self, header: str, value: str) -> str:
        header = header.replace("_", "-")
        if header in self._keys or not (header in _HEADERS or _RATE_LIMIT_HEADER.search(header)):
            return REDACTED
        return self._own(_text(value))

    def _secret(self, key: str) -> bool:
        name = key.lower()
        if name in self._keys:
            return True
        if name in _HARMLESS_NAMES:
            return False
        return _promises_secret(key)

    def _own(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text


def _text(text: str) -> str:
    if len(text) < 6 or text.isalpha():
        return text
    if "-----BEGIN" in text:
        text = _PEM.sub(REDACTED, text)
    if "eyJ" in text:
        text = _JWT.sub(REDACTED, text)
    if "://" in text:
        text = _QUOTED_URL.sub(lambda match: _url(match[0]), text)
    if "[SQL: " in text or "[parameters: " in text:
        text = _SQL_ECHO.sub(lambda match: f"[SQL: {without_literals(match['sql'])}]", text)
        text = _PARAMETERS_ECHO.sub(f"[parameters: {REDACTED}]", text)
    if "Key (" in text or "Failing row" in text:
        text = _KEY_ECHO.sub(rf"\1({REDACTED})", text)
    if "?" in text:
        text = _QUERY.sub("", text)
    text = _SCHEME.sub(rf"\1 {REDACTED}", text)
    if "ookie" in text:
        text = _COOKIE.sub(rf"\1\2{REDACTED}", text)
    if "=" in text or ":" in text or "'," in text or '",' in text:
        text = _without_pairs(text)
    if len(text) >= 40:
        text = _LONG_RUN.sub(_long_run, text)
    return text


def _without_pairs(text: str) -> str:
    """Take out the values behind names that promise a secret: `name=value`, `name: value`, `('name', 'value')`."""
    kept: list[str] = []
    end = 0
    for pair in _PAIR.finditer(text):
        name = pair[1]
        is_key = name.lower() == "key"
        if pair.start() < end or not (is_key or _promises_secret(name)):
            continue
        value = _VALUE.match(text, pair.end())
        if value is None:
            continue
        bare = value[0].lstrip("b\\").strip("'\"")
        if is_key and not _opaque(bare):
            continue
        # "Authorization: Bearer [redacted]" has lost its secret already, and a placeholder never had one.
        if bare.lower() in _NO_SECRETS or bare.startswith(REDACTED[:-1]) or _PLACEHOLDER.fullmatch(bare):
            continue
        quote = value[0][-1] if value[0][-1] in "'\"" else ""
        kept += (text[end : value.start()], quote, REDACTED, quote)
        end = value.end()
    return "".join((*kept, text[end:])) if kept else text


@lru_cache(maxsize=1024)
def _promises_secret(name: str) -> bool:
    """Whether a name's last words say that its value is a secret."""
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


def _opaque(value: str) -> bool:
    return len(value) >= 16 and value.isalnum() and not value.isalpha() and not value.isdigit()


def _long_run(match: re.Match[str]) -> str:
    run = match[0]
    digits = sum(character.isdigit() for character in run)
    mixed = any(character.isupper() for character in run) and any(character.islower() for character in run)
    separators = run.count("-") + run.count("_") + run.count("/")
    # Paths, dotted names and sentences joined by dashes have short pieces; keys have none.
    if separators and max(len(piece) for piece in re.split(r"[-_/]", run)) < 20:
        return run
    if digits and (mixed or len(run) >= 48 or run.endswith("=")):
        return REDACTED
    return REDACTED if mixed and not separators and len(run) >= 40 and digits else run


def _url(url: str) -> str:
    address = url.rstrip(".,;:)]!")
    try:
        parts = urlsplit(address)
    except ValueError:
        return REDACTED
    host = parts.netloc.rpartition("@")[2]
    path = "/".join(_path_segment(segment) for segment in parts.path.split("/"))
    return urlunsplit((parts.scheme, host, path, "", "")) + url[len(address) :]


def _path_segment(segment: str) -> str:
    if _PATH_RUN.fullmatch(segment) is None or segment.count("-") >= 4:
        return segment
    has_digit = any(character.isdigit() for character in segment)
    has_letter = any(character.isalpha() for character in segment)
    return REDACTED if has_digit and has_letter else segment
