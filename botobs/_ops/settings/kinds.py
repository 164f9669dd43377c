"""The types of the stack's settings: what a text must be, and how programs get it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from ..._sdk import units


@dataclass(frozen=True)
class Kind:
    """A type of settings.

    Attributes:
        name: Its name in the reference.
        allowed: The texts that are allowed, worded to stand after "must be".
        read: Gives the text as every program of the stack reads it.
        as_it_is: A regular expression (RE2) of the texts that programs read without `read`, and that need no quotes
            in a template: the chart puts texts in as they are.

    `read` raises ValueError for what is not allowed.
    """

    name: str
    allowed: str
    read: Callable[[str], str]
    as_it_is: str


_PLAIN = r"^[A-Za-z0-9_.(/^<=#]([A-Za-z0-9_./@,%+=~()|?*^<>-]| [A-Za-z0-9_(<=*]|:[A-Za-z0-9/_.-])*$"
_GO_DURATION = r"^([0-9]+(ms|[hms]))+$"
_INTEGER, _NUMBER = r"^[0-9]+$", r"^[0-9]+(\.[0-9]+)?$"

#: Go's durations end at 292 years.
_LONGEST = 100 * 365 * 86_400


def _duration(least: float) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = units.seconds(text)
        if found < least or (found and found < 0.001) or found > _LONGEST:
            raise ValueError
        return units.duration(found)

    return read


#: Seconds are the unit of all: `90`, `90s`, `1h30m` and `2d` are understood.
DURATION = Kind(
    "duration", f"{units.DURATION}, above 0 and at most 100 years", _duration(0.001), _GO_DURATION
)
DURATION_OR_0 = Kind("duration", units.DURATION, _duration(0), _GO_DURATION)


def _size(text: str) -> str:
    found = units.size(text)
    if not found:
        raise ValueError
    return str(found)


BYTES = Kind("size in bytes", f"{units.SIZE}, above 0", _size, _INTEGER)
#: Prometheus takes `GB` for 2^30 bytes; in bytes it is the same to all.
BYTES_OF_PROMETHEUS = Kind(
    "size in bytes", BYTES.allowed, lambda text: f"{_size(text)}B", r"^[0-9]+([KMGTP]i?)?B$"
)


def integer(least: int = 0, most: int | None = None) -> Kind:
    """A whole number within limits, both included."""

    def read(text: str) -> str:
        if (
            not re.fullmatch(r"[0-9]{1,18}", text)
            or int(text) < least
            or (most is not None and int(text) > most)
        ):
            raise ValueError
        return str(int(text))

    limits = f"of at least {least}" if most is None else f"from {least} to {most}"
    return Kind("whole number", f"a whole number {limits}", read, _INTEGER)


PORT = Kind("port", "a port: a number from 1 to 65535", integer(1, 65535).read, _INTEGER)


def number(least: float = 0, most: float | None = None, *, inside: bool = False) -> Kind:
    """A number within limits; `inside`: the limits themselves are not allowed."""

    def read(text: str) -> str:
        if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
            raise ValueError
        value = float(text)
        low = value <= least if inside else value < least
        high = most is not None and (value >= most if inside else value > most)
        if low or high:
            raise ValueError
        return text

    if most is None:
        limits = f"above {least:g}" if inside else f"of at least {least:g}"
    else:
        limits = f"between {least:g} and {most:g}" if inside else f"from {least:g} to {most:g}"
    return Kind("number", f"a number {limits}", read, _NUMBER)


def _chat(text: str) -> str:
    if not re.fullmatch(r"-?[1-9][0-9]{0,17}", text):
        raise ValueError
    return text


#: Groups and channels have negative ones: https://core.telegram.org/bots/api#chat
CHAT = Kind("whole number", "the id of a chat: a whole number, negative for a group", _chat, r"^-?[0-9]+$")
POSITIVE = number(0, inside=True)
RATIO = number(0, 1, inside=True)


def choice(*words: str) -> Kind:
    """Return the kind of settings that take one of several words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    pattern = f"^({'|'.join(map(re.escape, words))})$"
    return Kind("one of: " + ", ".join(words), "one of " + ", ".join(words), read, pattern)


def _boolean(text: str) -> str:
    if text.lower() in ("true", "1", "yes", "on"):
        return "true"
    if text.lower() in ("false", "0", "no", "off"):
        return "false"
    raise ValueError


BOOLEAN = Kind("true or false", "true or false", _boolean, "^(true|false)$")


def _text(text: str) -> str:
    text.encode()
    if "\0" in text:
        raise ValueError
    return text


TEXT = Kind("text", "text", _text, _PLAIN)


def _matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return read


#: What Mimir and Tempo take as a tenant, and no name of a folder that leads elsewhere.
TENANT = Kind(
    "tenant",
    "the name of a tenant: letters, digits, - and _",
    _matching(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}"),
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$",
)


#: As compose-go has it (`loader.NormalizeProjectName`).
PROJECT = Kind(
    "project",
    "a name that docker compose takes: small letters, digits, - and _",
    _matching(r"[a-z0-9][a-z0-9_-]*"),
    r"^[a-z0-9][a-z0-9_-]*$",
)


def _tenants(text: str) -> str:
    return ",".join(TENANT.read(each.strip()) for each in text.split(",") if each.strip())


TENANTS = Kind(
    "tenants", "names of tenants (letters, digits, - and _) with commas", _tenants, r"^[A-Za-z0-9_,-]*$"
)


def _host(text: str) -> str:
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        if not re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", text):
            raise
        return text
    # A colon follows it where it lands.
    return f"[{address}]" if address.version == 6 else str(address)


HOST = Kind("host", "the name or address of a machine, without a port", _host, r"^[A-Za-z0-9_.-]+$")


def _host_and_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        raise ValueError
    return f"{_host(host)}:{PORT.read(port)}"


HOST_AND_PORT = Kind(
    "host and port",
    "a host and a port, such as db.example.com:5432",
    _host_and_port,
    r"^[A-Za-z0-9_.-]+:[0-9]+$",
)


def _url(text: str) -> str:
    found = urlsplit(text)
    # What the standard (RFC 3986) lets no address hold, and what ends one in the messages that it stands in.
    if found.scheme not in ("http", "https") or not found.hostname or re.search(r"[^!#-;=?-\[\]_a-z~]", text):
        raise ValueError
    # urlsplit looks at the port only when it is asked for.
    _ = found.port
    return text


URL = Kind(
    "address", "an address that begins with https:// or http://", _url, r"^https?://[A-Za-z0-9_./:%?=-]+$"
)


def _origin(text: str) -> str:
    found = urlsplit(_url(text))
    if found.path.strip("/") or found.query or found.fragment:
        raise ValueError
    return text.rstrip("/")


ORIGIN = Kind(
    "address", "an address that begins with https:// or http://, and has no path", _origin, URL.as_it_is
)


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read or change what is sent to an address: by TLS, or within this machine."""
    found = urlsplit(address)
    return found.scheme == "https" or (found.scheme == "http" and _local(found.hostname or ""))


def _safe_url(text: str) -> str:
    if not is_safe(_url(text)):
        raise ValueError
    return text


SAFE_URL = Kind(
    "address",
    "an address that begins with https://, or with http:// on this machine",
    _safe_url,
    URL.as_it_is,
)


def _addresses(text: str) -> str:
    for line in ("\n", "\r"):
        if line in text:
            raise ValueError
    # Only where an address is set: these two take a tenth of a command's start.
    from email.errors import HeaderParseError
    from email.policy import default as mail

    try:
        header: Any = mail.header_factory("To", text)
        found = header.addresses
        bad = bool(header.defects) or not found or any("@" not in each.addr_spec for each in found)
    except (HeaderParseError, IndexError, AttributeError) as error:
        raise ValueError from error
    if bad or any(not each.username or not each.domain for each in found):
        raise ValueError
    return text


MAIL = Kind(
    "mail addresses", 'mail addresses with commas, such as "On call" <a@example.com>', _addresses, _PLAIN
)


def _pattern(text: str) -> str:
    if re.search(r"\(\?(<?[=!]|>|\()", text):
        raise ValueError
    # Go's regular expressions have classes that Python lacks, and flags in other places.
    known = re.sub(r"\\[pP](\{\^?\w+\}|\w)|\\z|\[\[:\^?\w+:\]\]", "x", text)
    try:
        re.compile(re.sub(r"\(\?[imsU]+(-[imsU]+)?\)", "", known))
    except re.error as error:
        raise ValueError from error
    return _text(text)


PATTERN = Kind("regular expression", "a regular expression of Go's (RE2)", _pattern, _PLAIN)


def _path(text: str) -> str:
    path = Path(_text(text)).expanduser()
    if not path.is_absolute():
        raise ValueError
    return str(path)


PATH = Kind("path", "the whole path of a file, which begins with /", _path, r"^/[A-Za-z0-9_./-]*$")


def _list(text: str) -> str:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError from error
    if not isinstance(found, list):
        raise ValueError
    return text


YAML_LIST = Kind("YAML list", "a list in YAML, such as [a, b]", _list, r"^\[.*\]$")
