"""Reads what an exception and an answer show: codes, status, and whether a connection was made at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Characters of an answer, or of a message that quotes one, that are searched for codes.
LONGEST_TEXT = 4096

#: Codes, labels and words of errors, as the exchanges' JSON carries them. Every repeat is bounded.
_CODE = re.compile(
    r'"(?:code|retCode|ret_code|sCode|error_code|err-code|err_code|label|error)"\s{0,8}:\s{0,8}(?:\[\s{0,8})?"?'
    r"(-?\w[\w.:\- ]{0,63})"
)
#: Kraken's errors come in a list, each with its severity and category.
_KRAKEN = re.compile(r'"([EW][A-Za-z]{2,20}:[\w.\- ]{1,63})')
_MESSAGE = re.compile(r'"(?:msg|message|retMsg|sMsg)"\s{0,8}:\s{0,8}"([^"\\]{1,160})"')
_NO_ERROR = frozenset({"0", "00000", "200", "200000", "null", "false"})

#: Classes that are raised before a connection is open, or without an address: of sockets, ssl, requests, urllib3,
#: aiohttp and httpx.
_NOT_CONNECTED = frozenset(
    {
        "ClientConnectorError",
        "ClientHttpProxyError",
        "ConnectError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "ConnectionRefusedError",
        "ConnectionTimeoutError",
        "InvalidSchema",
        "InvalidURL",
        "MissingSchema",
        "NewConnectionError",
        "PoolTimeout",
        "ProxyError",
        "SSLCertVerificationError",
        "ServerFingerprintMismatch",
        "UnsupportedProtocol",
        "gaierror",
    }
)
#: Classes of failures below the exchange: what was read of the answer, if anything, is not whole.
_TRANSPORT = frozenset({"ClientError", "HTTPException", "OSError", "RequestException", "TransportError"})
#: Among them those that are made of a whole answer.
_ANSWERS = frozenset({"ClientResponseError", "HTTPError"})

_MOST_CAUSES = 32


def names(error: BaseException) -> Iterator[str]:
    """The names of an exception's class and of its bases, the nearest first."""
    return (base.__name__ for base in type(error).__mro__)


def codes_in(text: str) -> tuple[str, ...]:
    """The error codes in an answer, in its order; none for what means success."""
    head = text[:LONGEST_TEXT]
    found = [match.group(1) for match in _CODE.finditer(head)]
    found += [match.group(1) for match in _KRAKEN.finditer(head)]
    return tuple(code for code in found if code not in _NO_ERROR)


def messages_in(text: str) -> tuple[str, ...]:
    """The words with which an answer explains its errors, to look them up. They never leave the process."""
    return tuple(match.group(1) for match in _MESSAGE.finditer(text[:LONGEST_TEXT]))


def message(error: BaseException) -> str:
    """The text that an exception was made with, in which ccxt quotes the answer. Never leaves the process."""
    first = error.args[0] if error.args else ""
    return first[:LONGEST_TEXT] if isinstance(first, str) else ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it was made of.

    `__context__` is not among them: it is whatever was being handled meanwhile, such as an earlier attempt.
    """
    pending, seen = [error], set[int]()
    while pending and len(seen) < _MOST_CAUSES:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        parts = (current.__cause__, getattr(current, "reason", None), *current.args)
        pending += [part for part in parts if isinstance(part, BaseException)]


def never_connected(error: BaseException) -> bool:
    """Whether not even a connection was made, so that nothing was sent."""
    return any(not _NOT_CONNECTED.isdisjoint(names(cause)) for cause in causes(error))


def unanswered(error: BaseException) -> bool:
    """Whether the exception was made of a failure of the transport instead of an answer."""
    return any(
        not _TRANSPORT.isdisjoint(names(cause)) and _ANSWERS.isdisjoint(names(cause))
        for cause in causes(error)
    )


def status_in(error: BaseException) -> int | None:
    """The HTTP status that an exception carries, if it carries one."""
    for cause in causes(error):
        for holder in (cause, getattr(cause, "response", None)):
            status = getattr(holder, "status_code", None)
            if type(status) is int:
                return status
    return None
