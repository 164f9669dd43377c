"""The one thread that encodes, sends, retries and spools; everybody else only queues."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from ._quiet import Quiet, logger
from .counts import Counts
from .lanes import Lane, lane_of
from .queue import SpanQueue
from .sender import Outcome, Sender
from .spool import Parcel, Spool

if TYPE_CHECKING:
    from ..engine import Engine
    from ..settings import Settings

#: Spans encoded into one request. Encoding holds the interpreter, so a batch is kept short.
BATCH = 256
#: Waiting bytes at which the thread is woken before its interval is over.
_WAKE_BYTES = 256 * 1024
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0
#: Part of a shutdown's time kept for putting on disk, or counting, what could not be sent.
_RESERVE = 0.2


@dataclass(slots=True)
class _Request:
    """Somebody waits for all that was recorded so far to be sent."""

    deadline: float
    stop: bool
    done: threading.Event
    delivered: bool = False


class Pipeline:
    """Takes ended spans and collected metrics to the collector.

    Args:
        settings: Intervals, limits and where to send.
        counts: Where deliveries and losses are counted.
        sender: None when there is nowhere to send to; then spans are counted as dropped.
        spool: None when nothing is kept on disk.
    """

    def __init__(
        self, settings: Settings, counts: Counts, sender: Sender | None, spool: Spool | None
    ) -> None:
        self.queue = SpanQueue(settings.queue_bytes, counts)
        self._settings = settings
        self._counts = counts
        self._sender = sender
        self._spool = spool
        self._quiet = Quiet()
        self._engine: Engine | None = None
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        # A SimpleQueue may be put to from a finalizer or a signal handler; a condition or event may not.
        self._inbox: SimpleQueue[_Request | None] = SimpleQueue()
        self._woken = False
        self._held: Parcel | None = None
        self._retry_at = 0.0
        self._delay = _FIRST_RETRY
        self._limit: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def spool_bytes(self) -> int:
        """Bytes that wait on disk."""
        return self._spool.bytes if self._spool is not None else 0

    def start(self, engine: Engine) -> None:
        """Start the thread, which takes metrics from `engine` and has it encode spans."""
        self._engine = engine
        self._thread = threading.Thread(target=self._run, name="botobs-export", daemon=True)
        self._thread.start()

    def offer(self, span: Any) -> None:
        """Queue an ended span; on the caller's thread, without I/O."""
        if self._closed or self._engine is None:
            return
        if self._sender is None and self._spool is None:
            self._counts.drop("traces", lane_of(span), "no_endpoint")
            return
        self.queue.put(span, lane_of(span), self._engine.span_size(span))
        if self.queue.bytes > _WAKE_BYTES and not self._woken:
            self._woken = True
            self._inbox.put(None)

    def flush(self, timeout: float) -> bool:
        """Send what was recorded so far; whether all of it was delivered in time."""
        return self._ask(timeout, stop=False)

    def stop(self, timeout: float) -> bool:
        """Send what was recorded so far and end the thread, within `timeout` seconds in all."""
        delivered = self._ask(timeout, stop=True)
        self._closed = True
        if self._sender is not None and (self._thread is None or not self._thread.is_alive()):
            self._sender.close()
        return delivered

    def after_fork(self) -> None:
        """Start over in a forked child: what the parent recorded, the parent sends."""
        self.queue.reset()
        self._reset()
        if self._sender is not None:
            self._sender.close()
        if self._spool is not None:
            self._spool.after_fork()
        if self._engine is not None and not self._closed:
            self.start(self._engine)

    def _ask(self, timeout: float, stop: bool) -> bool:
        thread = self._thread
        if thread is None or not thread.is_alive() or thread is threading.current_thread():
            return False
        end = time.monotonic() + timeout
        request = _Request(end - timeout * _RESERVE, stop, threading.Event())
        self._inbox.put(request)
        if not request.done.wait(timeout * (1 - _RESERVE)) and stop:
            # A request that hangs is cut off, so that there is time left to keep on disk what it carried.
            self._limit = request.deadline
            if self._sender is not None:
                self._sender.abort()
            request.done.wait(max(0.0, end - time.monotonic()))
        if stop and request.done.is_set():
            thread.join(max(0.0, end - time.monotonic()))
        return request.delivered

    # Everything below runs on the export thread.

    def _run(self) -> None:
        context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        # The first metrics go out early, so that a service is seen soon after its start.
        metrics_at = time.monotonic() + min(1.0, self._settings.metric_interval)
        while True:
            request = self._next_request(min(self._settings.span_interval, metrics_at - time.monotonic()))
            now = time.monotonic()
            with_metrics = request is not None or now >= metrics_at
            if with_metrics:
                metrics_at = now + self._settings.metric_interval
            complete = self._guarded(lambda due=with_metrics, asked=request: self._pass(due, asked))  # type: ignore[misc]
            if request is not None:
                if request.stop:
                    self._guarded(self._give_up)
                request.delivered = bool(complete)
                request.done.set()
                if request.stop:
                    return

    def _next_request(self, wait: float) -> _Request | None:
        try:
            request = self._inbox.get(timeout=max(0.0, wait))
        except Empty:
            request = None
        self._woken = False
        return request

    def _guarded(self, action: Callable[[], Any]) -> Any:
        """Run a step; whatever goes wrong in it must not end the thread."""
        try:
            return action()
        except Exception as error:
            self._quiet.warning("an export failed inside botobs: %s: %s", type(error).__name__, error)
            return None

    def _pass(self, with_metrics: bool, request: _Request | None) -> bool:
        """Deliver what there is; whether nothing is left."""
        assert self._engine is not None
        deadline = request.deadline if request is not None else None
        if request is not None:
            self._retry_at = 0.0
        if with_metrics and (body := self._engine.collect_metrics()) is not None:
            self._dispatch(Parcel("metrics", Lane.NORMAL, body, 1), deadline)
        if not self._deliver_backlog(deadline):
            return False
        while (batch := self.queue.take(BATCH)) is not None:
            parcel = self._encode(*batch)
            if parcel is not None and not self._dispatch(parcel, deadline) and self._spool is None:
                return False
        return self._held is None and (self._spool is None or self._spool.empty)

    def _encode(self, lane: Lane, spans: list[Any]) -> Parcel | None:
        assert self._engine is not None
        try:
            return Parcel("traces", lane, self._engine.encode_spans(spans), len(spans))
        except Exception as error:
            self._counts.drop("traces", lane, "not_encoded", len(spans))
            self._quiet.warning("%d spans cannot be encoded: %s: %s", len(spans), type(error).__name__, error)
            return None

    def _deliver_backlog(self, deadline: float | None) -> bool:
        """Deliver what an earlier pass could not; whether newer spans may follow."""
        if self._held is not None:
            if not self._ready():
                return False
            held, self._held = self._held, None
            if not self._dispatch(held, deadline):
                return False
        if self._spool is None:
            return True
        for reason, lane, signal, items in self._spool.expire():
            self._counts.drop(signal, lane, reason, items)
        while self._ready() and (parcel := self._spool.oldest()) is not None:
            if not self._send(parcel, deadline):
                break
            self._spool.remove(parcel)
        return True

    def _dispatch(self, parcel: Parcel, deadline: float | None) -> bool:
        """Send a parcel; keep it where it can be kept if that fails. Whether it is done with."""
        # What is in the spool is older and goes first.
        behind = self._spool is not None and not self._spool.empty
        if not behind and self._ready() and self._send(parcel, deadline):
            return True
        if self._spool is not None:
            for reason, lane, signal, items in self._spool.add(parcel):
                self._counts.drop(signal, lane, reason, items)
        elif parcel.signal == "traces":
            self._held = parcel
        # Metrics are totals: the next collection has all that this one had.
        return False

    def _ready(self) -> bool:
        return self._sender is not None and time.monotonic() >= self._retry_at

    def _send(self, parcel: Parcel, deadline: float | None) -> bool:
        """Send once; whether the parcel needs to be sent no more."""
        assert self._sender is not None
        timeout = self._settings.export_timeout
        limits = [limit - time.monotonic() for limit in (deadline, self._limit) if limit is not None]
        answer = self._sender.send(parcel.signal, parcel.body, min([timeout, *limits]))
        if answer.outcome is Outcome.DELIVERED:
            self._delay, self._retry_at = _FIRST_RETRY, 0.0
            refused = min(answer.refused, parcel.items)
            self._counts.exported[parcel.signal] += parcel.items - refused
            if refused:
                self._counts.drop(parcel.signal, parcel.lane, "rejected", refused)
            return True
        self._counts.failures[parcel.signal, answer.reason] += 1
        self._quiet.warning("the collector at %s: %s", self._sender.endpoint, answer.detail)
        if answer.outcome is Outcome.REJECTED:
            self._counts.drop(parcel.signal, parcel.lane, "rejected", parcel.items)
            return True
        # With jitter, so that the processes of a host do not come back all at once.
        self._retry_at = time.monotonic() + max(
            self._delay * random.uniform(0.5, 1.0), answer.retry_after or 0.0
        )
        self._delay = min(self._delay * 2, _LAST_RETRY)
        return False

    def _give_up(self) -> None:
        """At the end: keep on disk, or count, what could not be delivered."""
        lost = 0
        parcels = [self._held] if self._held is not None else []
        self._held = None
        while (batch := self.queue.take(BATCH)) is not None:
            if self._spool is None:
                self._counts.drop("traces", batch[0], "shutdown", len(batch[1]))
                lost += len(batch[1])
            elif (parcel := self._encode(*batch)) is not None:
                parcels.append(parcel)
        for parcel in parcels:
            if self._spool is None:
                self._counts.drop("traces", parcel.lane, "shutdown", parcel.items)
                lost += parcel.items
            else:
                for reason, lane, signal, items in self._spool.add(parcel):
                    self._counts.drop(signal, lane, reason, items)
        if self._spool is not None:
            self._spool.close()
        if lost:
            logger.warning("%d spans could not be delivered before the process ended", lost)
