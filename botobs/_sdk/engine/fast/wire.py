"""The protobuf wire format, as far as OTLP needs it.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct

_ONE_BYTE = tuple(bytes((number,)) for number in range(128))

double = struct.Struct("<d").pack
fixed64 = struct.Struct("<Q").pack
fixed32 = struct.Struct("<I").pack


def varint(number: int) -> bytes:
    """A non-negative number, seven bits a byte, the lowest first."""
    if number < 128:
        return _ONE_BYTE[number]
    if number < 16384:
        return bytes((number & 127 | 128, number >> 7))
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def int64(number: int) -> bytes:
    """A signed 64-bit number in two's complement, as fields of type `int64` have it."""
    return varint(number if number >= 0 else number + (1 << 64))


def sized(body: bytes) -> bytes:
    """`body` with its length before it."""
    return varint(len(body)) + body


def text(value: str) -> bytes:
    """UTF-8 with its length before it; what cannot be encoded (a lone surrogate) becomes a question mark."""
    return sized(value.encode("utf-8", "replace"))
