"""Reads what an exception and an answer show: codes, status, and whether a connection was made at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..plain import IMMUTABLE, NOTHING, field, found
from ..texts import text_of

#: Characters of an answer, or of a message that quotes one, that are searched for codes.
LONGEST_TEXT = 4096

#: Codes, labels and words of errors, as the exchanges' JSON carries them. Every repeat is bounded.
_CODE = re.compile(
    r'"(?:code|retCode|ret_code|sCode|error_code|errorCode|err-code|err_code|label|error)"\s{0,8}:\s{0,8}(?:\[\s{0,8})?"?'
    r"(-?\w[\w.:\- ]{0,63})"
)
#: Elsewhere than at Gate a label is the order's own, which the user gives.
_LABEL = re.compile(r'"label"\s{0,8}:\s{0,8}"?[\w.:\- ]{0,64}')
#: Kraken's errors come in a list, each with its severity and category.
_KRAKEN = re.compile(r'"([EW][A-Za-z]{2,20}:[\w.\- ]{1,63})')
#: How exchanges say that an order with this id, or this very request, was there before. What has no word for it has a
#: code: `_codes.UNKNOWN`. Binance (-2010, "Duplicate order sent."), Alpaca (40010001, "client_order_id must be
#: unique"), Hyperliquid ("duplicate nonce"), Gate (`REPEATED_CREATION`) have only their words, or one code for much.
_SENT_BEFORE = re.compile(
    r"duplicat(?!e (?:values?|param))|repeated|(?:must be|not) unique"
    r"|already[ _-](?:exist|in[ _-]use|used|submitted|placed|sent|processed|received)",
    re.IGNORECASE,
)
#: How exchanges say in words that they broke off, or did not find out in time. By ccxt 4.5.90: "system exception"
#: (Bitget), "System abnormality" (Bitrue), "Unknown Error" (Bithumb), "We are experiencing technical issues" (Gemini),
#: "Server Error" (Kraken futures, NDAX), "Operation may or may not have succeeded" (Bitvavo). No name of a field.
_BROKEN_OFF = re.compile(
    r"(?:timeout|timed?[ _-]out(?!\w)|gateway[ _-]?time"
    r"|(?<![a-z])(?:internal|server|system|gateway|network|database|unknown|unexpected|unhandled)[ _-]?"
    r"(?:is[ _-]|server[ _-]?|system[ _-]?|service[ _-]?|internal[ _-]?)?"
    r"(?:error|exception|failure|abnormal|busy|problem)"
    r"|technical (?:issue|problem|difficult)|may (?:or may not )?have (?:been|succeeded)"
    r"|(?:status|outcome|result)[ _-](?:is[ _-])?(?:unknown|pending)|(?:did not|no) respon"
    r"|service[ _-](?:is[ _-])?(?:temporarily[ _-])?unavailable"
    r"|(?:is|still|being)[ _-](?:being[ _-])?process(?:ed|ing))"
    r"(?![\w -]{0,40}\"\s{0,4}:)",
    re.IGNORECASE,
)
#: What is too late, in disorder or too much is turned away before anything is done with it, whatever timed out.
_UNREAD = re.compile(
    r"time ?stamp|nonce|recv_?window|signature|expire|too (?:many|frequent)|rate.?limit|maintenance",
    re.IGNORECASE,
)
#: Statuses with which a server, or what stands before it, turns a request away unread (RFC 9110, RFC 7725).
TURNED_AWAY = frozenset({401, 403, 404, 405, 407, 410, 413, 414, 415, 431, 451})
#: And because there were too many; 418 is Binance's.
_THROTTLED = frozenset({418, 429})
#: Statuses below 500 of whoever gave up waiting for what stands behind it, or for whoever asked, and of a conflict with
#: what is there: RFC 9110 (408, 409), AWS load balancers (460), nginx (499).
_LEFT_OPEN = frozenset({408, 409, 460, 499})
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
        "InvalidHeader",
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
_TRANSPORT = frozenset(
    {
        "ClientError",
        "HTTPException",
        # aiohttp makes an error with a status of it: what came is no HTTP, or a header is longer than it reads.
        "HttpProcessingError",
        "OSError",
        "RequestException",
        "TransportError",
    }
)
#: Among them those that are made of a whole answer.
_ANSWERS = frozenset({"ClientResponseError", "HTTPError"})

_MOST_CAUSES = 32


def names(error: BaseException) -> Iterator[str]:
    """The names of an exception's class and of its bases, the nearest first."""
    return (base.__name__ for base in type(error).__mro__)


def codes_in(text: str, labels: bool = True) -> tuple[str, ...]:
    """The error codes in an answer, in its order; none for what means success.

    Args:
        text: The answer.
        labels: Whether a label is a code, as Gate's are.
    """
    head = text[:LONGEST_TEXT]
    if not labels and '"label"' in head:
        head = _LABEL.sub("", head)
    found = [match.group(1) for match in _CODE.finditer(head)]
    found += [match.group(1) for match in _KRAKEN.finditer(head)]
    return tuple(code for code in found if code not in _NO_ERROR)


def sent_before(text: str) -> bool:
    """Whether an answer says that the order was sent before: then it is there, whatever became of this request."""
    return _SENT_BEFORE.search(text[:LONGEST_TEXT]) is not None


def broken_off(text: str, status: int | None) -> bool:
    """Whether an answer without a known code says in words that the exchange did not find out what became of it."""
    if status in TURNED_AWAY or status in _THROTTLED:
        return False
    head = text[:LONGEST_TEXT]
    return _BROKEN_OFF.search(head) is not None and _UNREAD.search(head) is None


def left_open(status: int) -> bool:
    """Whether an HTTP status that is no success says nothing about what became of the request."""
    return status in _LEFT_OPEN or not 400 <= status < 500


def decided_by_body(status: int) -> bool:
    """Whether a status says that a request was refused, while the body may say that nobody knows what became of it."""
    return 400 <= status < 500 and status not in TURNED_AWAY and status not in _THROTTLED


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
        parts = (current.__cause__, _kept(current, "reason"), *current.args)
        pending += [part for part in parts if isinstance(part, BaseException)]


def _kept(holder: object, name: str) -> Any:
    """What an object, or its class, keeps by a name, without any code of it: a property may warn, or raise."""
    kept = field(holder, name)
    if kept is NOTHING:
        _, kept = found(type(holder), name)
        return kept if type(kept) in IMMUTABLE else None
    return kept


def never_connected(error: BaseException) -> bool:
    """Whether not even a connection was made, so that nothing was sent."""
    return any(not _NOT_CONNECTED.isdisjoint(names(cause)) for cause in causes(error))


def unanswered(error: BaseException) -> bool:
    """Whether the exception was made of a failure of the transport instead of an answer."""
    return any(_is_transport(cause) for cause in causes(error))


def _is_transport(error: BaseException) -> bool:
    # The nearest class counts: httpx calls the base of all its errors as requests calls one made of an answer.
    known = (name for name in names(error) if name in _TRANSPORT or name in _ANSWERS)
    return next(known, "") in _TRANSPORT


def status_in(error: BaseException) -> int | None:
    """The HTTP status that an exception carries, if it carries one."""
    for cause in causes(error):
        for holder in (cause, _kept(cause, "response")):
            status = _kept(holder, "status_code")
            if type(status) is int:
                return status
    return None


def request_of(error: BaseException) -> tuple[str, str] | None:
    """Method and path of the request whose answer an exception was made of, if it carries one.

    `raise_for_status` of requests and httpx has a `response`, that of aiohttp a `request_info`.
    """
    for cause in causes(error):
        response = _kept(cause, "response")
        # httpx has a property for it, which raises where there is none.
        request = _kept(response, "request") or _kept(response, "_request") or _kept(cause, "request_info")
        method, url = getattr(request, "method", None), getattr(request, "url", None)
        if type(method) is str and url is not None:
            return method.upper(), urlsplit(text_of(url)).path
    return None
