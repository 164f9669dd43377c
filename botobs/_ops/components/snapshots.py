"""Whether Alertmanager can read its snapshots: protobuf messages, each after its length.

It ends on the first that it cannot decode. A field of the wrong type is such a case.
https://github.com/prometheus/alertmanager: nflog/nflogpb/nflog.proto, silence/silencepb/silence.proto
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

#: Types on the wire, https://protobuf.dev/programming-guides/encoding/#structure.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
#: The type of each known field; of a message, what is in it.
_Fields: TypeAlias = Mapping[int, Any]

_TIME: _Fields = {1: _VARINT, 2: _VARINT}
_RECEIVER: _Fields = {1: _BYTES, 2: _BYTES, 3: _VARINT}
_DATUM: _Fields = {1: _BYTES, 2: {1: _BYTES, 2: _VARINT, 3: _FIXED64}}
_ENTRY: _Fields = {1: _BYTES, 2: _RECEIVER, 3: _BYTES, 4: _VARINT, 5: _TIME, 8: _DATUM}
_MATCHER: _Fields = {1: _VARINT, 2: _BYTES, 3: _BYTES}
_COMMENT: _Fields = {1: _BYTES, 2: _BYTES, 3: _TIME}
_SILENCE: _Fields = {
    1: _BYTES, 2: _MATCHER, 3: _TIME, 4: _TIME, 5: _TIME, 7: _COMMENT, 8: _BYTES, 9: _BYTES,
}  # fmt: skip

#: Seconds since the epoch of the years 1 and 10000, between which a timestamp is.
_FIRST, _LAST = -62_135_596_800, 253_402_300_800


def _check(path: Path, fields: _Fields, needed: tuple[int, ...]) -> None:
    """Decode a snapshot.

    Args:
        fields: Of each of its messages.
        needed: Numbers of a field that must be there, of one in it that must be there, and so on.

    Raises:
        ValueError: Alertmanager could not.
        OSError: The file cannot be read at all.
    """
    data, at = path.read_bytes(), 0
    while at < len(data):
        length, at = _varint(data, at)
        message = data[at : at + length]
        if len(message) < length:
            raise ValueError("it was cut short")
        _decode(message, fields, needed)
        at += length


def _decode(message: bytes, fields: _Fields, needed: tuple[int, ...] = ()) -> None:
    found, times = False, {}
    for number, kind, value in _entries(message):
        expected = fields.get(number)
        if expected is None:
            continue
        if kind != (_BYTES if isinstance(expected, Mapping) else expected):
            raise ValueError(f"a field {number} has another type")
        if isinstance(expected, Mapping):
            here = number in needed[:1]
            found = found or here
            _decode(value, expected, needed[1:] if here else ())
        elif fields is _TIME:
            times[number] = value
    if needed and not found:
        raise ValueError("it has an entry without content")
    seconds = times.get(1, 0)
    seconds -= 2**64 if seconds >= 2**63 else 0
    if not _FIRST <= seconds < _LAST or times.get(2, 0) >= 10**9:
        raise ValueError("it has a time that is none")


def _entries(message: bytes) -> Iterator[tuple[int, int, Any]]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError("a field has no number")
        value: Any
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32, _BYTES):
            length = {_FIXED64: 8, _FIXED32: 4}.get(kind)
            if length is None:
                length, at = _varint(message, at)
            value = message[at : at + length]
            at += length
            if at > len(message):
                raise ValueError("a field ends beyond its message")
        else:
            raise ValueError(f"a field has the type {kind}")
        yield number, kind, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends, https://protobuf.dev/programming-guides/encoding/#varints."""
    result = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, at
    raise ValueError("a number does not end")


#: What looks at each of its files.
CHECKS: Mapping[str, Callable[[Path], None]] = {
    "nflog": partial(_check, fields={1: _ENTRY, 2: _TIME}, needed=(1, 2)),
    "silences": partial(_check, fields={1: _SILENCE, 2: _TIME}, needed=(1,)),
}
