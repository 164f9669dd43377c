"""What the intake passes on of texts and attributes, by the real program, in one request each of some thousand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.support.intake import Intake

from . import measure, said, unusual

_AT_ONCE = 4000


class Passed:
    """Answers of an intake to texts and attributes that were asked for before.

    Args:
        intake: A running one.
        each: As `measure.count_secrets` takes it.
        innocents: As `measure.count_innocents` takes it as `each`.
    """

    def __init__(self, intake: Intake, each: int, innocents: int) -> None:
        self._asked: dict[str, tuple[str, Any]] = {}
        measure.count_secrets(self._note_text, self._note, each=each)
        measure.count_innocents(self._note_text, self._note, each=innocents)
        for text in (*(text for _, text, _ in unusual.cases()), *said.INNOCENTS):
            self._note_text(text)
        self._answers = dict(_answers(intake, self._asked))

    def text(self, text: str) -> str:
        """What is left of a text."""
        return str(self.attribute("", text))

    def attribute(self, key: str, value: Any) -> Any:
        """What is left of the value of an attribute."""
        return self._answers[_label(key, _sent(value))]

    def _note_text(self, text: str) -> str:
        return str(self._note("", text))

    def _note(self, key: str, value: Any) -> Any:
        given = _sent(value)
        self._asked[_label(key, given)] = (key, given)
        return given


def answers(intake: Intake, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each text once, with what is left of it."""
    asked = {_label("", text): ("", text) for text in texts}
    for label, left in _answers(intake, asked):
        yield asked[label][1], str(left)


def _answers(intake: Intake, asked: dict[str, tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    items = list(asked.items())
    for start in range(0, len(items), _AT_ONCE):
        some = items[start : start + _AT_ONCE]
        request = ExportTraceServiceRequest()
        owned = request.resource_spans.add()
        owned.resource.attributes.add(key="service.name").value.string_value = "corpus"
        spans = owned.scope_spans.add().spans
        for _, (key, value) in some:
            span = spans.add(name="case", trace_id=b"t" * 16, span_id=b"s" * 8)
            if key:
                _fill(span.attributes.add(key=key).value, value)
            else:
                span.status.message = value
        assert intake.sends(request.SerializeToString()) == 200
        passed = ExportTraceServiceRequest.FromString(intake.collector.bodies.pop())
        for (label, (key, _)), span in zip(some, passed.resource_spans[0].scope_spans[0].spans, strict=True):
            yield label, _read(span.attributes[0].value) if key else span.status.message


def _label(key: str, value: Any) -> str:
    return json.dumps((key, value), ensure_ascii=False)


def _sent(value: Any) -> Any:
    """As it is sent: bytes that are a text as that text, tuples as lists."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, dict):
        return {str(name): _sent(item) for name, item in value.items()}
    return [_sent(item) for item in value] if isinstance(value, list | tuple) else value


def _fill(to: AnyValue, value: Any) -> None:
    if isinstance(value, bool):
        to.bool_value = value
    elif isinstance(value, int):
        to.int_value = value
    elif isinstance(value, float):
        to.double_value = value
    elif isinstance(value, list):
        to.array_value.SetInParent()
        for item in value:
            _fill(to.array_value.values.add(), item)
    elif isinstance(value, dict):
        to.kvlist_value.SetInParent()
        for name, item in value.items():
            _fill(to.kvlist_value.values.add(key=name).value, item)
    elif value is not None:
        to.string_value = value


def _read(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_read(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _read(pair.value) for pair in value.kvlist_value.values}
    return getattr(value, kind) if kind else None
