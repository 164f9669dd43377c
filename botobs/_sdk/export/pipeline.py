"""The export thread, which encodes, sends, retries and spools; every other thread only queues.

Items go this way: `SpanQueue` (by priority, in memory) → encoded batches, at most `BATCH_ITEMS` and `MAX_REQUEST_BYTES`
→ `Delivery` (one attempt) → done, or into the `Store` (memory or the spool on disk) until a later attempt. A signal's
stored batches are sent before its new ones, so that a batch never overtakes an older one. While the store takes no more
of a signal, its items stay in the queue, which knows what to drop.

Two kinds of state are shared between threads: the queues, which have their own locks, and what the export thread is
asked to do, which goes through `Inbox` and `Delivery.abort`. Everything else belongs to the export thread.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from opentelemetry import context
from opentelemetry.sdk.resources import Resource

from ..context import exporting
from ..process import own_threads
from ..safe import described
from ..upstream import SUPPRESS_INSTRUMENTATION
from . import logs
from .batches import BATCH_ITEMS, BatchEncoder
from .counts import Counts
from .delivery import Delivery
from .handover import TakenOver, ask, held, queued
from .inbox import FlushRequest, Inbox, UnsentRequest
from .outlet import Outlet
from .priority import Priority
from .queue import SpanQueue
from .rate_limit import RateLimitedLogger
from .scrape import Scrape
from .split import MAX_REQUEST_BYTES
from .store import Batch, Store
from .submissions import Submissions
from .timetable import Timetable
from .unsettled_file import UnsettledFile

if TYPE_CHECKING:
    from ..engine import Engine
    from ..settings import Settings

#: Share of a shutdown's time that is kept for writing to disk, or counting, what could not be sent.
_RESERVE = 0.2


class Pipeline:
    """Takes ended spans, log records and collected metrics to the collector.

    Args:
        settings: Intervals and limits.
        counts: Where losses are counted.
        delivery: Sends batches; spans are counted as dropped while it has nowhere to send them to.
        store: Where batches wait that could not be delivered.
        submissions: Sends orders without a response.
        unsettled: The file of the orders of unknown outcome.
        resource: The process' resource.
        logger: Logs what a person should know.

    Attributes:
        queue: The spans.
        log_queue: The log records.
    """

    def __init__(
        self,
        settings: Settings,
        counts: Counts,
        delivery: Delivery,
        store: Store,
        submissions: Submissions,
        unsettled: UnsettledFile,
        resource: Callable[[], Resource],
        logger: RateLimitedLogger,
    ) -> None:
        self.queue = SpanQueue(settings.queue_bytes, counts)
        self.log_queue = SpanQueue(settings.queue_bytes, counts, logs.size_of, logs.priority_of, "logs")
        self._queues = {"traces": self.queue, "logs": self.log_queue}
        self._taken_over = TakenOver(settings.queue_bytes, counts)
        self._batches = BatchEncoder(counts, logger)
        self._settings = settings
        self._counts = counts
        self._delivery = delivery
        self._store = store
        self._submissions = submissions
        self._outlet = Outlet(
            store, delivery, counts, lambda deadline: self._never_raise(submissions.send_due, deadline)
        )
        self._unsettled = unsettled
        self._logger = logger
        self.scrape = Scrape(settings, resource, self._collect_for_scrape, logger)
        self._accepts = False
        self._reset()

    def _reset(self) -> None:
        self._inbox = Inbox()
        self._thread: threading.Thread | None = None
        self._has_exported = False
        self._outlet.quiet = False
        self._disk_error_logged = False
        self._unsettled_problem = ""

    @property
    def queued_bytes(self) -> int:
        """Estimated bytes that wait in memory."""
        return sum(queue.bytes for queue in self._queues.values()) + self._taken_over.bytes

    @property
    def spool_bytes(self) -> int:
        """Bytes that wait on disk."""
        return self._store.bytes if self._store.durable else 0

    @property
    def spool_refused(self) -> bool:
        """Whether `spool_dir` cannot be used although it is set."""
        return bool(self._store.disk_error)

    @property
    def submissions_sent(self) -> int:
        """Spans that were sent of orders without a response."""
        return self._submissions.sent

    @property
    def idle(self) -> bool:
        """Whether this process has nothing to send and has sent nothing yet, not even its heartbeat."""
        return not self._has_exported and not self._waiting_items() and math.isinf(self._submissions.due)

    def _waiting_items(self) -> int:
        return sum(map(len, self._queues.values())) + len(self._taken_over)

    def start(self, engine: Engine, encode_logs: Callable[[list[Any]], bytes] | None = None) -> None:
        """Start the export thread.

        Args:
            engine: Collects the metrics and encodes spans.
            encode_logs: Encodes log records, if they are exported.
        """
        self._batches.start(engine, encode_logs)
        self.queue.size_of = engine.span_size
        self._submissions.start(self._inbox.hurry)
        self._unsettled.start(self._inbox.rouse)
        self._accepts = True
        self._thread = own_threads.OwnThread(self._run, "botobs-export")
        own_threads.start(self._thread.start)

    def offer(self, span: Any) -> None:
        """Queue an ended span; on the caller's thread, without I/O."""
        if not self._accepts:
            return
        if self._delivery.sender is None and not self._store.durable:
            self._counts.drop("traces", Priority.NORMAL, "no_endpoint")
            return
        inbox = self._inbox
        if self.queue.add_unsorted(span) and not inbox.woken:
            inbox.wake()
        elif inbox.resting:
            inbox.rouse()

    def offer_log(self, record: logs.LogEntry | logs.PlainRecord) -> None:
        """Queue a log record; on the caller's thread, without I/O."""
        if self._delivery.sender is None and not self._store.durable:
            self._counts.drop("logs", logs.priority_of(record), "no_endpoint")
        elif self._accepts:
            inbox = self._inbox
            if self.log_queue.add_unsorted(record) and not inbox.woken:
                inbox.wake()
            elif inbox.resting:
                inbox.rouse()
            if isinstance(record, logs.LogEntry):
                # It may be large: its bytes are counted soon.
                self.log_queue.sort(2)

    def report_soon(self) -> None:
        """Export metrics before their time, because something is to be known at once.

        It does no I/O on the caller's thread. However often it is called, a second lies between two exports.
        """
        if self._accepts and not self._inbox.urgent:
            self._inbox.report()

    def flush(self, timeout: float) -> bool:
        """Send what was recorded so far, within `timeout` seconds; whether all of it was delivered."""
        return self._request(timeout, stop=False)

    def stop(self, timeout: float) -> bool:
        """Send what was recorded so far and end the thread, within `timeout` seconds; whether all was delivered."""
        # Threads that go on until the process is gone would keep it from ending.
        self._accepts = False
        delivered = self._request(timeout, stop=True)
        if self._thread is None or not self._thread.is_alive():
            self._delivery.close()
        return delivered

    def take_over(self, batches: Iterable[Batch]) -> None:
        """Send what another process has handed over; on any thread, without I/O."""
        if self._accepts:
            self._taken_over.add(batches)
            self._inbox.wake()

    def give_unsent(self, timeout: float) -> list[Batch]:
        """Remove and return what has not been sent, and metrics of now, within `timeout` seconds."""
        thread = self._thread
        if thread is None or not thread.is_alive():
            return []
        return ask(self._inbox, self._delivery, timeout)

    def after_fork(self) -> None:
        """Start over in a forked child: what the parent recorded, the parent sends."""
        for queue in self._queues.values():
            queue.reset()
        self._taken_over.reset()
        self._reset()
        self.scrape.after_fork()
        self._delivery.after_fork()
        self._submissions.after_fork()
        self._store.after_fork()
        self._unsettled.after_fork()
        self._batches.after_fork()
        if own_threads.are_replaced():
            # A child of a program that gevent has patched since, such as a `subprocess`: it is not watched.
            self._accepts, self._thread = False, None
        if (engine := self._batches.engine) is not None and self._accepts:
            self.start(engine)

    def _request(self, timeout: float, stop: bool) -> bool:
        thread = self._thread
        if thread is None or not thread.is_alive() or thread is threading.current_thread():
            return False
        end = time.monotonic() + timeout
        request = FlushRequest(end - timeout * _RESERVE, stop)
        self._inbox.put(request)
        if not request.done.wait(timeout * (1 - _RESERVE)) and stop:
            # An HTTP request that hangs is cut off, so that there is time left to keep on disk what it carried.
            self._delivery.abort(request.deadline)
            request.done.wait(max(0.0, end - time.monotonic()))
        if stop and request.done.is_set():
            thread.join(max(0.0, end - time.monotonic()))
        return request.delivered

    # Everything below runs on the export thread.

    def _run(self) -> None:
        context.attach(context.set_value(SUPPRESS_INSTRUMENTATION, True))
        exporting.set(True)
        timetable = Timetable(self._settings)
        self._never_raise(self._submissions.prepare)
        while True:
            rests = bool(self._never_raise(self._rests))
            if rests:
                timetable.rest(self._submissions.look_at)
            request = self._inbox.get(timetable.wait(self._submissions.due))
            if rests and not self._inbox.resting:
                timetable.rouse()
            self._inbox.resting = False
            woken = self._look_at_submissions()
            if self._inbox.urgent:
                self._inbox.urgent = False
                timetable.report()
            if isinstance(request, UnsentRequest):
                self._give(request)
                continue
            if request is None and not woken and not timetable.due():
                continue
            self._turn(timetable.begin(with_metrics=request is not None), request)
            if request is not None and request.stop:
                self._inbox.close()
                return

    def _turn(self, with_metrics: bool, request: FlushRequest | None) -> None:
        """Send what waits; what a request asks for besides."""
        self._outlet.quiet = request is not None and request.stop
        self._never_raise(self._keep_unsettled)
        if with_metrics:
            self._never_raise(self.scrape.start)
        complete = self._never_raise(
            self._export, with_metrics, None if request is None else request.deadline
        )
        if request is None:
            return
        if request.stop:
            for other in self._inbox.left():
                self._give(other) if isinstance(other, UnsentRequest) else other.done.set()
            self._never_raise(self._keep_or_drop_rest)
            self._never_raise(self._submissions.close)
            self._never_raise(self._unsettled.close)
            self._never_raise(self.scrape.stop)
        request.delivered = bool(complete)
        request.done.set()

    def _give(self, request: UnsentRequest) -> None:
        if time.monotonic() < request.deadline:
            request.fill(self._never_raise(self._unsent, request.deadline) or [])
        request.done.set()
        if request.abandoned:
            self._taken_over.add(request.take())

    def _unsent(self, deadline: float) -> list[Batch]:
        unsent = [*held(self._store), *queued(self._queues, self._batches, deadline)]
        if (body := self._metrics_to_push(deadline)) is not None:
            unsent += self._batches.bounded(Batch("metrics", Priority.NORMAL, body, 1))
        return unsent

    def _rests(self) -> bool:
        """Whether nothing is to be sent, written or tried again: whatever comes then wakes this thread."""
        # Before the queues are read: an item that comes meanwhile is seen here, or wakes.
        self._inbox.resting = True
        rests = not self._waiting_items() and self._store.empty and self._unsettled.settled
        if not rests:
            self._inbox.resting = False
        return rests

    def _look_at_submissions(self) -> bool:
        """Send orders without a response, if it is time; whether something else is to be done now, too."""
        inbox = self._inbox
        woken, inbox.woken = inbox.woken, False
        hurried, inbox.hurried = inbox.hurried, False
        if hurried:
            self._never_raise(self._submissions.prepare)
            self._submissions.notice()
        self._never_raise(self._submissions.send_due)
        return woken

    def _keep_unsettled(self) -> None:
        self._unsettled.turn()
        problem = self._unsettled.problem
        if problem and problem != self._unsettled_problem:
            self._unsettled_problem = problem
            self._logger.warning("%s", problem)

    def _never_raise(self, step: Callable[..., Any], *arguments: Any) -> Any:
        """The result of a step; None if it raises, since nothing may end this thread, not even a `SystemExit`."""
        try:
            return step(*arguments)
        except BaseException as error:
            self._logger.warning("an export failed inside botobs: %s", described(error))
            return None

    def _export(self, with_metrics: bool, deadline: float | None) -> bool:
        """Send what waits, by `deadline` if there is one; returns whether nothing is left."""
        self._has_exported = self._has_exported or with_metrics or not self.idle
        if deadline is not None:
            self._delivery.backoff.retry_now()
        self._delivery.look_for_stack()
        self._outlet.count(self._store.expire())
        if self._store.disk_error and not self._disk_error_logged:
            self._disk_error_logged = self._logger.warning("%s", self._store.disk_error)
        if deadline is None:
            self._never_raise(self._submissions.look)
        delivered = deadline is None or bool(self._never_raise(self._submissions.send, deadline))
        # Metrics first: they are small, and they show what happens to the rest.
        if with_metrics and (body := self._metrics_to_push(deadline)) is not None:
            parts = self._batches.bounded(Batch("metrics", Priority.NORMAL, body, 1))
            sent = [self._outlet.send(part, deadline) for part in parts]
            self._counts.metric_exports += any(sent) or self._store.durable
            delivered = delivered and all(sent)
        for signal, queue in self._queues.items():
            self._outlet.send_stored(signal, deadline)
            queue.sort()
            # What comes meanwhile is for the next turn: threads that record faster than this one sends would keep the
            # metrics, and callers of `flush`, waiting.
            waiting = len(queue)
            while (
                waiting > 0
                and not self._store.full(signal)
                and (taken := queue.take(BATCH_ITEMS, MAX_REQUEST_BYTES)) is not None
            ):
                waiting -= len(taken[1])
                for batch in self._batches.encode(signal, *taken):
                    self._outlet.send(batch, deadline)
            delivered = delivered and waiting <= 0
        # Not by way of the store, which keeps no metrics in memory: those of a process that has ended come once.
        delivered = (
            self._taken_over.send(lambda batch: self._outlet.try_to_send(batch, deadline)) and delivered
        )
        return delivered and self._store.empty

    def _metrics_to_push(self, deadline: float | None) -> bytes | None:
        """All metrics; where they are scraped, the goodbyes alone, if there is a deadline."""
        if not self.scrape.serving:
            return self._batches.collect_metrics(deadline)
        somebody_waits = deadline is not None and self._delivery.sender is not None
        body = self._batches.collect_metrics(deadline) if somebody_waits else None
        return self.scrape.rest(body) if body is not None else None

    def _collect_for_scrape(self) -> bytes | None:
        return self._batches.collect_metrics(None) if self._accepts else None

    def _keep_or_drop_rest(self) -> None:
        """At the end: keep on disk, or count as dropped, what could not be delivered."""
        lost = 0
        # In memory nothing outlives the process, so nothing is encoded.
        for signal, queue in () if self._store.durable else self._queues.items():
            queue.sort()
            while (taken := queue.take(BATCH_ITEMS)) is not None:
                lost += self._outlet.count([("shutdown", taken[0], signal, len(taken[1]))])
        lost += self._outlet.keep(self._taken_over.all())
        lost += self._outlet.keep(queued(self._queues, self._batches))
        lost += self._outlet.count(self._store.close())
        # One line for all of it, with the reason and the number.
        if lost:
            why = self._delivery.last_failure or "the time for it was over"
            self._logger.warning("%d spans could not be delivered before the process ended: %s", lost, why)
