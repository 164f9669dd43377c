"""Bytes written by hand are those that protobuf reads."""

from __future__ import annotations

import struct
from collections.abc import Sized
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from botobs._sdk.engine.fast import wire
from botobs._sdk.engine.fast.encode_attributes import AttributeEncoder
from botobs._sdk.redaction import Redactor

from opentelemetry.exporter.otlp.proto.common._internal import _encode_key_value  # isort: skip


class Everything(Redactor):
    """Lets everything through."""

    def __init__(self) -> None:
        super().__init__()

    def attribute(self, key: str, value: Any) -> Any:
        return value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(max_size=300)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(min_size=1), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.integers(0, 2**64 - 1))
def test_varint(number: int) -> None:
    assert (
        AnyValue.FromString(b"\x18" + wire.varint(number)).int_value
        == struct.unpack("<q", struct.pack("<Q", number))[0]
    )


@given(st.integers(-(2**63), 2**63 - 1))
def test_int64(number: int) -> None:
    assert AnyValue.FromString(b"\x18" + wire.int64(number)).int_value == number


#: A key is redacted as any text is: one that looks like an address loses its query.
KEYS = st.text(min_size=1, max_size=20).filter(lambda key: Redactor().text(key) == key)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_attributes(attributes: dict[str, Any]) -> None:
    encoder = AttributeEncoder(Everything(), None)
    expected = [_encode_key_value(key, value) for key, value in attributes.items()]
    # Twice, because what was learned the first time is used the second.
    for _ in range(2):
        encoded = encoder.encode(attributes)
        assert [_parse(message) for message in encoded] == expected


def _parse(message: bytes) -> KeyValue:
    # A field of a message around it takes the length off.
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

    attribute: KeyValue = Resource.FromString(b"\x0a" + message).attributes[0]
    return attribute


@given(st.text(min_size=1, max_size=8), st.text(max_size=400), st.integers(0, 300))
def test_length(key: str, value: str, length: int) -> None:
    for _ in range(2):
        (message,) = AttributeEncoder(Everything(), length).encode({key: value})
        assert _parse(message).value.string_value == value[:length]


def test_what_cannot_be_sent_is_left_out() -> None:
    encoder = AttributeEncoder(Everything(), None)
    assert encoder.encode({"": 1}) == []
    (message,) = encoder.encode({"amount in wei": 2**63})
    assert _parse(message).value.string_value == "9223372036854775808"
    (message,) = encoder.encode({"surrogate": "a\ud800b"})
    assert _parse(message).value.string_value == "a?b"


def test_memory_is_bounded() -> None:
    encoder = AttributeEncoder(Everything(), None)
    for number in range(30_000):
        encoder.encode({"order": f"{number}", f"key{number}": 1})
        encoder.encode({f"key{number}": 1.5, "n": number})
    remembered: list[Sized] = [*encoder._known.values(), encoder._floats]
    assert all(len(known) <= 8192 for known in remembered)


def test_a_kind_that_is_none_is_internal(recording: Any) -> None:
    recording.tracer.start_span("odd", kind="no kind").end()
    recording.tracer.start_span("good").end()
    assert [(span["name"], span["kind"]) for span in recording.spans()] == [("good", 1), ("odd", 1)]
