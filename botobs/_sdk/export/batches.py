"""Turns what a process has recorded into batches that a collector takes; what cannot be encoded is counted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..engine.callbacks import COLLECTION_TIMEOUT
from ..engine.faults import FAULTS
from ..safe import class_name
from .counts import Counts
from .priority import Priority
from .rate_limit import RateLimitedLogger
from .split import MAX_REQUEST_BYTES, bounded
from .store import Batch

if TYPE_CHECKING:
    from ..engine import Engine

#: Spans encoded into one request. Encoding holds the interpreter's lock, so a batch is kept short.
BATCH_ITEMS = 256


class BatchEncoder:
    """Encodes items of a signal, and collects the metrics.

    Args:
        counts: Where losses are counted.
        logger: Logs what a person should know.

    Attributes:
        engine: Collects the metrics and encodes spans; None before the start.
    """

    def __init__(self, counts: Counts, logger: RateLimitedLogger) -> None:
        self.engine: Engine | None = None
        self._counts = counts
        self._logger = logger
        self._encoders: dict[str, Callable[[list[Any]], bytes]] = {}
        self.after_fork()

    def after_fork(self) -> None:
        """Start over in a forked child, whose parent may have held the lock."""
        # The engine's encoders are for one thread at a time, and scrapes come on another than exports.
        self._alone_lock = threading.Lock()

    def start(self, engine: Engine, encode_logs: Callable[[list[Any]], bytes] | None) -> None:
        """Use an engine.

        Args:
            engine: Collects the metrics and encodes spans.
            encode_logs: Encodes log records, if they are exported.
        """
        self.engine = engine
        self._encoders["traces"] = engine.encode_spans
        if encode_logs is not None:
            self._encoders["logs"] = encode_logs

    def encode(self, signal: str, priority: Priority, items: list[Any]) -> list[Batch]:
        """Batches of ended spans or log records; what cannot be encoded, or is too large, is left out and counted.

        Args:
            signal: `traces` or `logs`.
            priority: Of the items.
            items: At least one.
        """
        encode = partial(self._alone, self._encoders[signal])
        try:
            return self.bounded(Batch(signal, priority, encode(items), len(items)))
        except Exception as error:
            good = [item for item in items if _can_encode(encode, item)]
            self._counts.drop(signal, priority, "not_encoded", len(items) - len(good))
            self._logger.warning(
                "%d of %d items of %s cannot be encoded: %s",
                len(items) - len(good),
                len(items),
                signal,
                class_name(type(error)),
            )
        try:
            return self.bounded(Batch(signal, priority, encode(good), len(good))) if good else []
        except Exception:
            self._counts.drop(signal, priority, "not_encoded", len(good))
            return []

    def bounded(self, batch: Batch) -> list[Batch]:
        """A batch in parts that a collector takes; an item that is too large alone is left out and counted."""
        parts, lost = bounded(batch)
        if lost:
            self._counts.drop(batch.signal, batch.priority, "too_large", lost)
            self._logger.warning(
                "%d items of %s are larger than %d bytes and are left out",
                lost,
                batch.signal,
                MAX_REQUEST_BYTES,
            )
        return parts

    def _alone(self, encode: Callable[[list[Any]], bytes], items: list[Any]) -> bytes:
        with self._alone_lock:
            return encode(items)

    def collect_metrics(self, deadline: float | None) -> bytes | None:
        """The encoded metrics, None if there are none; what of them was lost is counted.

        Args:
            deadline: Monotonic seconds until when somebody waits; None if nobody does.
        """
        assert self.engine is not None
        # A service's own callbacks may take a quarter of the time; the rest is for sending.
        seconds = (
            COLLECTION_TIMEOUT
            if deadline is None
            else min(COLLECTION_TIMEOUT, (deadline - time.monotonic()) / 4)
        )
        try:
            with self._alone_lock:
                return self.engine.collect_metrics(max(0.0, seconds))
        except Exception as error:
            self._counts.drop("metrics", Priority.NORMAL, "not_encoded")
            self._logger.warning("no metrics can be collected: %s", class_name(type(error)))
            return None
        finally:
            self._counts.drop("metrics", Priority.NORMAL, "not_encoded", FAULTS.take())


def _can_encode(encode: Callable[[list[Any]], bytes], item: Any) -> bool:
    try:
        encode([item])
    except Exception:
        return False
    return True
