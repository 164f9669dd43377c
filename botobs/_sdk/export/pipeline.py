"""The one thread that encodes, sends, retries and spools; everybody else only queues."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY

from ..engine.callbacks import IN_ALL
from ..engine.faults import FAULTS
from ..process.ending import held_back
from ..safe import class_name, described
from . import logs
from .counts import Counts
from .lanes import Lane
from .queue import SpanQueue
from .quiet import Quiet
from .sender import Outcome, Sender
from .store import Loss, Parcel, Store

if TYPE_CHECKING:
    from ..engine import Engine
    from ..settings import Settings

#: Spans encoded into one request. Encoding holds the interpreter, so a batch is kept short.
BATCH = 256
#: Seconds between two looks for a stack on this machine while none is known.
LOOK_INTERVAL = 30.0
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0
#: Seconds that an answer's `Retry-After` holds the export back at most. OTLP asks to honour it and names no bound; a
#: proxy's maintenance page says a day. Twice our own longest delay spares a collector that is busy, and costs little
#: where the answer was wrong.
_LONGEST_RETRY_AFTER = 60.0
#: Seconds after which the thread looks around in any case; beyond some number of them a wait raises.
_LONGEST_WAIT = 3600.0
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
    """Takes ended spans, log records and collected metrics to the collector.

    Args:
        settings: Intervals, limits and where to send.
        counts: Where deliveries and losses are counted.
        sender: None when there is nowhere to send to; then spans are counted as dropped.
        store: Where parcels wait that could not be delivered.
        quiet: Logs what a person should know.
        look: Finds a way to the stack on this machine, if one runs.
    """

    def __init__(
        self,
        settings: Settings,
        counts: Counts,
        sender: Sender | None,
        store: Store,
        quiet: Quiet,
        look: Callable[[], Sender | None],
    ) -> None:
        self.queue = SpanQueue(settings.queue_bytes, counts)
        self.log_queue = SpanQueue(settings.queue_bytes, counts, logs.size_of, logs.lane_of, "logs")
        self._queues = {"traces": self.queue, "logs": self.log_queue}
        self._encoders: dict[str, Callable[[list[Any]], bytes]] = {}
        self._settings = settings
        self._counts = counts
        self._sender = sender
        self._store = store
        self._quiet = quiet
        self._look = look
        self._engine: Engine | None = None
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        # A SimpleQueue may be put to from a finalizer or a signal handler; a condition or event may not.
        self._inbox: SimpleQueue[_Request | None] = SimpleQueue()
        self._woken = False
        self._retry_at = 0.0
        self._delay = _FIRST_RETRY
        self._look_at = 0.0 if self._sender is None else math.inf
        self._news = ""
        self._refusal_told = False
        self._limit: float | None = None
        self._stopping = False
        self._begun = False
        self._failure = ""
        self._thread: threading.Thread | None = None

    @property
    def queued_bytes(self) -> int:
        """Estimated bytes that wait in memory."""
        return sum(queue.bytes for queue in self._queues.values())

    @property
    def spool_bytes(self) -> int:
        """Bytes that wait on disk."""
        return self._store.bytes if self._store.durable else 0

    @property
    def spool_refused(self) -> bool:
        """Whether nothing can be kept on disk although it was asked for."""
        return bool(self._store.refusal)

    @property
    def idle(self) -> bool:
        """Whether this process has nothing to send and has begun to send nothing yet, its heartbeat neither."""
        return not self._begun and not any(map(len, self._queues.values()))

    def start(self, engine: Engine, encode_logs: Callable[[list[Any]], bytes] | None = None) -> None:
        """Start the thread, which takes metrics from `engine` and has it encode spans, and logs if they are sent."""
        self._engine = engine
        self._encoders["traces"] = engine.encode_spans
        if encode_logs is not None:
            self._encoders["logs"] = encode_logs
        self.queue.size_of = engine.span_size
        self._thread = threading.Thread(target=self._run, name="botobs-export", daemon=True)
        # Signals are the program's: its own threads get them.
        with held_back():
            self._thread.start()

    def offer(self, span: Any) -> None:
        """Queue an ended span; on the caller's thread, without I/O."""
        if self._closed or self._engine is None:
            return
        if self._sender is None and not self._store.durable:
            self._counts.drop("traces", Lane.NORMAL, "no_endpoint")
            return
        if self.queue.land(span) and not self._woken:
            self._woken = True
            self._inbox.put(None)

    def offer_log(self, entry: logs.LogEntry) -> None:
        """Queue a log record; on the caller's thread, without I/O."""
        lane = logs.lane_of(entry)
        if self._sender is None and not self._store.durable:
            self._counts.drop("logs", lane, "no_endpoint")
        elif not self._closed:
            self.log_queue.put(entry, lane, logs.size_of(entry))

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
        for queue in self._queues.values():
            queue.reset()
        self._reset()
        if self._sender is not None:
            self._sender.after_fork()
        self._store.after_fork()
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
                self._sender.abort(request.deadline)
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
            wait = min(self._settings.span_interval, metrics_at - time.monotonic(), _LONGEST_WAIT)
            request = self._next_request(wait)
            now = time.monotonic()
            self._stopping = request is not None and request.stop
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
        except BaseException as error:
            self._quiet.warning("an export failed inside botobs: %s", described(error))
            return None

    def _pass(self, with_metrics: bool, request: _Request | None) -> bool:
        """Deliver what there is; whether nothing is left."""
        deadline = request.deadline if request is not None else None
        self._begun = self._begun or with_metrics or not self.idle
        if request is not None:
            self._retry_at = 0.0
        if time.monotonic() >= self._look_at:
            self._find_stack()
        if self._news and self._quiet.warning("%s", self._news):
            self._news = ""
        self._count(self._store.expire())
        if self._store.refusal and not self._refusal_told:
            self._refusal_told = self._quiet.warning("%s", self._store.refusal)
        delivered = True
        # Metrics first: they are small, and they tell what happens to the rest.
        if with_metrics and (body := self._collect(deadline)) is not None:
            delivered = self._dispatch(Parcel("metrics", Lane.NORMAL, body, 1), deadline)
            self._counts.metric_exports += delivered or self._store.durable
        for signal, queue in self._queues.items():
            self._replay(signal, deadline)
            queue.sort()
            while not self._store.full(signal) and (batch := queue.take(BATCH)) is not None:
                if (parcel := self._encode(signal, *batch)) is not None:
                    self._dispatch(parcel, deadline)
        return delivered and self._store.empty and not any(map(len, self._queues.values()))

    def _find_stack(self) -> None:
        """Take the way to the stack on this machine, if one runs that was not there before or has moved."""
        self._look_at = time.monotonic() + LOOK_INTERVAL if self._sender is None else math.inf
        found = self._look()
        if found is None:
            return
        before, self._sender = self._sender, found
        self._look_at = math.inf
        self._delay, self._retry_at = _FIRST_RETRY, 0.0
        if before is not None:
            before.close()
        if before is None or before.endpoint != found.endpoint:
            self._news = f"the stack on this machine has been found at {found.endpoint}"

    def _encode(self, signal: str, lane: Lane, items: list[Any]) -> Parcel | None:
        encode = self._encoders[signal]
        try:
            return Parcel(signal, lane, encode(items), len(items))
        except Exception as error:
            good = [item for item in items if self._can_encode(encode, item)]
            self._counts.drop(signal, lane, "not_encoded", len(items) - len(good))
            self._quiet.warning(
                "%d of %d items of %s cannot be encoded: %s",
                len(items) - len(good),
                len(items),
                signal,
                class_name(type(error)),
            )
        try:
            return Parcel(signal, lane, encode(good), len(good)) if good else None
        except Exception:
            self._counts.drop(signal, lane, "not_encoded", len(good))
            return None

    @staticmethod
    def _can_encode(encode: Callable[[list[Any]], bytes], item: Any) -> bool:
        try:
            encode([item])
        except Exception:
            return False
        return True

    def _collect(self, deadline: float | None) -> bytes | None:
        """The metrics, a hanging callback of the service's left out; and count what of them was lost."""
        assert self._engine is not None
        # A service's own callbacks may take a part of what is left; the rest is for sending.
        seconds = IN_ALL if deadline is None else min(IN_ALL, (deadline - time.monotonic()) / 4)
        try:
            return self._engine.collect_metrics(max(0.0, seconds))
        except Exception as error:
            self._counts.drop("metrics", Lane.NORMAL, "not_encoded")
            self._quiet.warning("no metrics can be collected: %s", class_name(type(error)))
            return None
        finally:
            self._counts.drop("metrics", Lane.NORMAL, "not_encoded", FAULTS.take())

    def _dispatch(self, parcel: Parcel, deadline: float | None) -> bool:
        """Send a parcel after those of its signal that wait, or have it wait too; whether it is done with."""
        if self._replay(parcel.signal, deadline) and self._ready() and self._send(parcel, deadline):
            return True
        self._count(self._store.add(parcel))
        return False

    def _replay(self, signal: str, deadline: float | None) -> bool:
        """Send what waits of a signal, the oldest first; whether nothing waits any more."""
        while (parcel := self._store.oldest(signal)) is not None:
            if not (self._ready() and self._send(parcel, deadline)):
                return False
            self._store.remove(parcel)
        return True

    def _count(self, losses: list[Loss]) -> int:
        """Count losses; how many spans are among them."""
        for reason, lane, signal, items in losses:
            self._counts.drop(signal, lane, reason, items)
        return sum(items for _, _, signal, items in losses if signal == "traces")

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
        self._failure = f"the collector at {self._sender.endpoint}: {answer.detail}"
        if not self._stopping:
            self._quiet.warning("%s", self._failure)
        if answer.outcome is Outcome.REJECTED:
            self._counts.drop(parcel.signal, parcel.lane, "rejected", parcel.items)
            return True
        # A stack that was started anew may listen elsewhere, or have other certificates.
        self._look_at = time.monotonic()
        # With jitter, so that the processes of a host do not come back all at once.
        self._retry_at = time.monotonic() + max(
            self._delay * random.uniform(0.5, 1.0), min(answer.retry_after or 0.0, _LONGEST_RETRY_AFTER)
        )
        self._delay = min(self._delay * 2, _LAST_RETRY)
        return False

    def _give_up(self) -> None:
        """At the end: keep on disk, or count, what could not be delivered."""
        lost = 0
        for signal, queue in self._queues.items():
            queue.sort()
            while (batch := queue.take(BATCH)) is not None:
                lane, items = batch
                if not self._store.durable:
                    lost += self._count([("shutdown", lane, signal, len(items))])
                elif (parcel := self._encode(signal, lane, items)) is not None:
                    lost += self._count(self._store.add(parcel))
        lost += self._count(self._store.close())
        # One line for all of it: why comes with what it cost.
        if lost:
            why = self._failure or "the time for it was over"
            self._quiet.warning("%d spans could not be delivered before the process ended: %s", lost, why)
