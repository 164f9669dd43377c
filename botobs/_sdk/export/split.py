"""Splits and joins encoded export requests.

A batch is encoded before its size is known, it may come from the spool of another version, and a proxy may take less
than the collector. So batches are split as what is sent: this serves every signal, both engines and the spool alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .store import Batch

#: Bytes of one request before compression. A quarter of what our collector takes, and the limit of gRPC servers, which
#: may stand behind another one.
MAX_REQUEST_BYTES = 4 * 2**20

#: The request of each signal, and the fields that lead to its items. "data_points" is below the field of the metric's
#: kind.
_REQUESTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "traces": (ExportTraceServiceRequest, ("resource_spans", "scope_spans", "spans")),
    "logs": (ExportLogsServiceRequest, ("resource_logs", "scope_logs", "log_records")),
    "metrics": (ExportMetricsServiceRequest, ("resource_metrics", "scope_metrics", "metrics", "data_points")),
}


def halves(batch: Batch) -> tuple[Batch, Batch] | None:
    """The first and the second half of the items of a batch; None if it has only one."""
    kind, path = _REQUESTS[batch.signal]
    whole = kind.FromString(batch.body)
    items = _count(whole, path)
    if items < 2:
        return None
    middle = items // 2
    first, second = kind(), whole
    first.CopyFrom(whole)
    _keep(first, path, 0, middle)
    _keep(second, path, middle, items)
    counts = (1, 1) if batch.signal == "metrics" else (middle, items - middle)
    return (
        replace(batch, body=first.SerializeToString(), items=counts[0], file=None),
        replace(batch, body=second.SerializeToString(), items=counts[1], file=None),
    )


def bounded(batch: Batch) -> tuple[list[Batch], int]:
    """A batch in parts of at most `MAX_REQUEST_BYTES`, and how many items are left out, larger alone."""
    if len(batch.body) <= MAX_REQUEST_BYTES:
        return [batch], 0
    split = halves(batch)
    if split is None:
        return [], batch.items
    (first, lost_first), (second, lost_second) = map(bounded, split)
    return first + second, lost_first + lost_second


def joined(batches: Sequence[Batch]) -> Batch:
    """Parts of one batch as one again: concatenated protobuf messages are merged by their reader."""
    body = b"".join(batch.body for batch in batches)
    return replace(batches[0], body=body, items=sum(batch.items for batch in batches), file=None)


def _children(message: Any, field: str) -> Any:
    if field == "data_points":
        kind = message.WhichOneof("data")
        return getattr(message, kind).data_points if kind else []
    return getattr(message, field)


def _count(message: Any, path: tuple[str, ...]) -> int:
    children = _children(message, path[0])
    return len(children) if len(path) == 1 else sum(_count(child, path[1:]) for child in children)


def _keep(message: Any, path: tuple[str, ...], begin: int, end: int) -> int:
    """Remove all items of a message but those from `begin` to `end`; returns how many it had."""
    children = _children(message, path[0])
    if len(path) == 1:
        had = len(children)
        del children[max(end, 0) :]
        del children[: max(begin, 0)]
        return had
    had = 0
    for child in children:
        had += _keep(child, path[1:], begin - had, end - had)
    for index in reversed(range(len(children))):
        if not _children(children[index], path[1]):
            del children[index]
    return had
