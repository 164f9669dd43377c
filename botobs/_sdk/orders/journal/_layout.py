"""The journal's file: a header, and 1,024 slots of 1,024 bytes.

Little-endian. The header holds whose submissions these are: twice, each copy with a sequence number and a checksum, so
that one of them is whole while the other is written. A slot is

| bytes | what |
|---|---|
| 1 | state: 0 is free, 1 submitted; written last |
| 1 | whether its trace is sampled |
| 2 | length of the text |
| 4 | CRC-32 of all that follows |
| 16, 8, 8 | trace id, span id, time in nanoseconds since the epoch |
| up to 984 | the values of `FIELDS`, separated by a zero byte |

A process may be killed in the middle of a store: a slot whose state or checksum is wrong is no submission.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from zlib import crc32

from opentelemetry.trace import SpanContext

from ....semconv import exchange, trading

SLOTS = 1024
_SLOT_BYTES = 1024
_HEADER_BYTES = 8192
_MAGIC = b"botobs orders 1\n"

#: Bytes of the whole file.
SIZE = 2 * _HEADER_BYTES + SLOTS * _SLOT_BYTES
#: Where the slots begin.
PLACES = range(2 * _HEADER_BYTES, SIZE, _SLOT_BYTES)

FREE, SUBMITTED = 0, 1

#: The attributes that a slot holds, in this order: a file may be read by another version of botobs.
FIELDS: tuple[str, ...] = (
    exchange.NAME,
    exchange.CLIENT,
    exchange.OPERATION,
    exchange.SYMBOL,
    exchange.ORDER_SIDE,
    exchange.ORDER_TYPE,
    exchange.ORDER_CLIENT_ID,
    trading.BOT_ID,
    exchange.ORDER_AMOUNT,
    exchange.ORDER_PRICE,
)
#: Bytes that a value keeps when all of them together are too long; what the order is asked for by keeps more.
_SHORTENED = 78
_SHORTENED_ID = 256

_NOTHING = ("",) * len(FIELDS)
_SEPARATORS = len(FIELDS) - 1

_PREFIX = struct.Struct("<BBHI")
_NUMBERS = struct.Struct("<QQQQ")
_ROOM = _SLOT_BYTES - _PREFIX.size - _NUMBERS.size
_HEADER = struct.Struct("<16sIIHH")
_LOW = (1 << 64) - 1


class Memory(Protocol):
    """What slots are stored to: an `mmap`."""

    def __getitem__(self, key: slice, /) -> bytes: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Submission:
    """An order that was, or is about to be, sent.

    Attributes:
        trace_id: 0 outside of any trace.
        span_id: The span that the submission belongs to; it has not ended.
        sampled: Whether that trace is exported.
        time: Nanoseconds since the epoch.
        attributes: Those of `FIELDS` that are known.
    """

    trace_id: int
    span_id: int
    sampled: bool
    time: int
    attributes: Mapping[str, str] = field(default_factory=dict)


def pack(span: SpanContext, time: int, attributes: Mapping[str, str]) -> bytes:
    """A slot's bytes, in the state `FREE`.

    Args:
        span: Of the submission.
        time: Nanoseconds since the epoch.
        attributes: Those of `FIELDS` are taken.
    """
    # Written for speed: this runs on the thread that sends the order.
    text = "\0".join(map(attributes.get, FIELDS, _NOTHING)).encode("utf-8", "replace")
    if len(text) > _ROOM or text.count(0) != _SEPARATORS:
        text = _fitted([attributes.get(name, "") for name in FIELDS])
    trace_id, span_id, _, flags, *_ = span
    body = _NUMBERS.pack(trace_id >> 64, trace_id & _LOW, span_id, time) + text
    return _PREFIX.pack(FREE, flags & 1, len(text), crc32(body)) + body


def _fitted(texts: list[str]) -> bytes:
    shortened = []
    for name, text in zip(FIELDS, texts, strict=True):
        room = _SHORTENED_ID if name == exchange.ORDER_CLIENT_ID else _SHORTENED
        raw = text[:room].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")[:room]
        # A character that was cut through is left out.
        shortened.append(raw.decode("utf-8", "ignore").encode())
    return b"\0".join(shortened)


def store(memory: Memory, place: int, packed: bytes) -> None:
    """Write a submission into the slot that begins at `place`; the state comes last."""
    memory[place : place + len(packed)] = packed
    memory[place] = SUBMITTED


def unpack(packed: bytes) -> Submission | None:
    """What `pack` has made of a submission; None if it is not whole."""
    if len(packed) < _PREFIX.size + _NUMBERS.size:
        return None
    _, sampled, length, checksum = _PREFIX.unpack_from(packed)
    body = packed[_PREFIX.size : _PREFIX.size + _NUMBERS.size + length]
    if length > _ROOM or crc32(body) != checksum:
        return None
    high, low, span_id, time = _NUMBERS.unpack_from(body)
    values = body[_NUMBERS.size :].decode("utf-8", "replace").split("\0")
    attributes = {name: value for name, value in zip(FIELDS, values, strict=False) if value}
    return Submission((high << 64) | low, span_id, bool(sampled), time, attributes)


def left(content: bytes) -> Iterator[Submission]:
    """The submissions without a response in a journal's file, whatever else is in it."""
    for begin in PLACES:
        if begin < len(content) and content[begin] == SUBMITTED:
            found = unpack(content[begin : begin + _SLOT_BYTES])
            if found is not None:
                yield found


def write_header(memory: Memory, sequence: int, destination: str, resource: bytes) -> None:
    """Say whose submissions these are.

    Args:
        memory: The file.
        sequence: Higher than that of the header before.
        destination: Where they may be sent.
        resource: The OTLP resource of their process, encoded and redacted.

    Raises:
        ValueError: It is too long.
    """
    where = destination.encode("utf-8", "replace")
    body = where + resource
    if _HEADER.size + len(body) > _HEADER_BYTES:
        raise ValueError("the resource is too long")
    checksum = crc32(body, sequence)
    begin = sequence % 2 * _HEADER_BYTES
    packed = _HEADER.pack(_MAGIC, sequence, checksum, len(where), len(resource)) + body
    memory[begin : begin + len(packed)] = packed


def read_header(content: bytes) -> tuple[str, bytes] | None:
    """Destination and resource of a journal's file; None if it is none."""
    newest: tuple[int, str, bytes] | None = None
    for begin in (0, _HEADER_BYTES):
        if len(content) < begin + _HEADER_BYTES:
            return None
        magic, sequence, checksum, before, after = _HEADER.unpack_from(content, begin)
        start = begin + _HEADER.size
        body = content[start : min(start + before + after, begin + _HEADER_BYTES)]
        whole = magic == _MAGIC and crc32(body, sequence) == checksum
        if whole and (newest is None or sequence > newest[0]):
            newest = sequence, body[:before].decode("utf-8", "replace"), body[before:]
    return newest and newest[1:]
