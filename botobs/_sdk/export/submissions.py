"""Sends orders without a response ahead of everything else, and tells of processes that were killed, with their orders.

Everything here but `start` runs on the export thread. A submission becomes a span of no duration, `order submitted`,
below the span that waits for the response: the collector and Tempo keep it at once, and the trace, and so the order, is
found by the client order id before that span has ended. What a process has left becomes one more, which says so. Ids
are derived: what is sent twice is stored once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...semconv import exchange, trading
from ..orders import UNSETTLED, UnsettledOrder
from ..orders.journal import Entry, Journal, Submission, unpack, write_header
from ..safe import text_of
from .deaths import encode_death
from .delivery import Delivery
from .destination import accepted, destination, stack_at
from .journal_file import JournalFile, Left, announce, deliver_left, processes
from .priority import Priority
from .rate_limit import RateLimitedLogger
from .store import Batch
from .submission_spans import encode, encode_left, encode_resource, shortened

if TYPE_CHECKING:
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
    from opentelemetry.sdk.resources import Resource

    from ..redaction import Redactor
    from ..settings import Settings

#: Seconds that a submission waits for its response, and for what its client library adds to it, before it is sent.
DELAY = 0.025
_DELAY_NS = int(DELAY * 1e9)
#: Seconds until it is tried again.
_RETRY = 1.0
#: Seconds between two looks for what processes have left that were killed.
LOOK_INTERVAL = 5.0
#: The same, at least, for each of the other processes that run here, and no stack that looks by itself: one of them may
#: die at any moment. Many look in turn, so that each need not look as often.
_WATCH_INTERVAL, _WATCH_EACH = 1.0, 0.1
#: The part of the interval by which a look is early where the thread is awake anyway: two timers would wake an idle
#: process twice.
_TOGETHER = 0.2
_BATCH_ITEMS = 256


def _is_young(entry: Entry, now: int) -> bool:
    """Whether a response may be about to come. A clock that was set back, in nanoseconds, makes none wait longer."""
    return 0 <= now - entry.time < _DELAY_NS


class Submissions:
    """The export thread's side of the journal.

    Args:
        journal: Of this process.
        settings: Those in force: they change when a stack is found.
        resource: Of this process.
        delivery: Sends batches.
        redactor: Removes secrets.
        logger: Logs what a person should know.

    Attributes:
        sent: Spans that were made of submissions.
        due: Reading of `time.monotonic` when the next are to be sent; infinity if none wait.
        look_at: Reading of it from which on `look` looks.
    """

    def __init__(
        self,
        journal: Journal,
        settings: Callable[[], Settings],
        resource: Callable[[], Resource],
        delivery: Delivery,
        redactor: Redactor,
        logger: RateLimitedLogger,
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._resource = resource
        self._delivery = delivery
        self._redactor = redactor
        self._logger = logger
        self._reset()

    def _reset(self) -> None:
        self.sent = 0
        self.due = math.inf
        self._file: JournalFile | None = None
        self._tried_file = False
        self._destination = ""
        self._sequence = 0
        self._encoded_resource: ResourceMessage | None = None
        self._foreign: dict[Path, set[str]] = {}
        self.look_at = 0.0
        self._look_interval = LOOK_INTERVAL

    def start(self, wake: Callable[[], None]) -> None:
        """Have submissions kept from now on; `wake` is called when there are new ones."""
        settings = self._settings()
        custom = bool(settings.redact or settings.redact_keys)
        self._journal.start(wake, self._redacted if custom else None)

    def _redacted(self, attributes: Mapping[str, str]) -> dict[str, str]:
        # By the service's own rules: the process that delivers the file later does not know them.
        return {name: text_of(self._redactor.attribute(name, value)) for name, value in attributes.items()}

    def after_fork(self) -> None:
        """In a forked child: the orders and the file are the parent's."""
        if self._file is not None:
            self._file.forget()
        self._reset()
        self._journal.after_fork()

    def notice(self) -> None:
        """Note that there are new submissions."""
        self.due = min(self.due, time.monotonic() + DELAY)

    def prepare(self) -> None:
        """Make the file, if orders may be sent, and note in it where they may be delivered to."""
        if self._file is None and self._journal.wanted and not self._tried_file:
            self._tried_file = True
            self._open()
        if self._file is not None:
            self._say_destination(self._file)

    def send_due(self, deadline: float | None = None) -> None:
        """Send the submissions that have waited long enough, if it is time."""
        if time.monotonic() < self.due:
            return
        self.due = math.inf
        self.prepare()
        waiting, now = self._journal.unsent(), time.time_ns()
        young = [entry.time for entry, _ in waiting if _is_young(entry, now)]
        if self._send([each for each in waiting if not _is_young(each[0], now)], deadline) and young:
            self.due = time.monotonic() + DELAY - (now - min(young)) / 1e9
            self._journal.looked_at_again()

    def send(self, deadline: float | None = None) -> bool:
        """Send all that wait, whether it is time or not; whether none is left."""
        self.due = math.inf
        self.prepare()
        return self._send(self._journal.unsent(), deadline)

    def _send(self, waiting: list[tuple[Entry, bytes]], deadline: float | None) -> bool:
        for begin in range(0, len(waiting), _BATCH_ITEMS):
            some = waiting[begin : begin + _BATCH_ITEMS]
            found = [submission for _, packed in some if (submission := unpack(packed)) is not None]
            body = encode(self._own_resource(), found, self._redactor)
            if (
                self._delivery.send(Batch("traces", Priority.CRITICAL, body, len(found)), deadline)
                is not None
            ):
                self.due = time.monotonic() + _RETRY
                return False
            self.sent += len(found)
            self._journal.sent(some)
        return True

    def look(self) -> None:
        """Tell of processes that were killed, and deliver their orders, if it is time to look."""
        if time.monotonic() < self.look_at - self._look_interval * _TOGETHER:
            return
        # Before the look: should it fail, the next is no sooner.
        self.look_at = time.monotonic() + LOOK_INTERVAL
        self._look_interval = LOOK_INTERVAL
        if self._delivery.sender is not None and self._delivery.backoff.ready:
            others = -(self._file is not None)
            for directory in directories(self._settings()):
                known = self._foreign.setdefault(directory, set())
                known |= deliver_left(directory, self._deliver_left, known)
                others += processes(directory, known)
            if others > 0 and not destination(self._settings()).startswith(stack_at()):
                watch = max(_WATCH_INTERVAL, _WATCH_EACH * others)
                self._look_interval = min(LOOK_INTERVAL, watch)
                self.look_at = time.monotonic() + self._look_interval

    def close(self) -> None:
        """Let go of the file; what the collector does not have stays in it."""
        if self._file is not None:
            self._file.close(keep=self._journal.holds_unsent)
        self._file = None

    def _open(self) -> None:
        problem = ""
        for directory in directories(self._settings()):
            try:
                self._file = JournalFile(directory)
            except (OSError, ValueError) as error:
                problem = problem or f"{directory} cannot be used: {error}"
                continue
            self._announce(directory)
            break
        if self._file is None:
            self._journal.has_file = False
            self._logger.warning(
                "orders in flight would leave no trace if this process were killed: %s",
                problem or "there is no folder for their journal",
            )
            return
        self._say_destination(self._file)
        self._journal.use(self._file.memory)

    def _announce(self, directory: Path) -> None:
        state_dir = self._settings().state_dir
        if state_dir is not None and directory != state_dir:
            # Where it cannot be left, the stack on this machine does not deliver, but siblings do.
            with suppress(OSError):
                announce(state_dir, directory)

    def _say_destination(self, file: JournalFile) -> None:
        where = destination(self._settings())
        if where == self._destination:
            return
        self._destination = where
        # Another stack was found: files for its collector can be delivered now.
        self._foreign.clear()
        for resource in (self._own_resource(), shortened(self._own_resource())):
            try:
                write_header(file.memory, self._sequence, where, resource.SerializeToString())
            except ValueError:
                continue
            self._sequence += 1
            return

    def _own_resource(self) -> ResourceMessage:
        if self._encoded_resource is None:
            self._encoded_resource = encode_resource(self._resource().attributes, self._redactor)
        return self._encoded_resource

    def _deliver_left(self, left: Left) -> bool | None:
        if left.destination not in accepted(self._settings()):
            return None
        now = time.time_ns()
        host = str(self._resource().attributes.get("host.name", ""))
        death = encode_death(left.resource, left.orders, now, host, self._redactor) if left.died else b""
        if death and self._delivery.send(Batch("metrics", Priority.CRITICAL, death, 0), None) is not None:
            return False
        return not left.orders or self._deliver_orders(left.resource, left.orders)

    def _deliver_orders(self, resource: bytes, found: list[Submission]) -> bool:
        body, service = encode_left(resource, found, self._redactor)
        # The ledger compares what a service has reported with what is stored: another service's do not count here.
        items = len(found) if service == self._settings().service_name else 0
        delivered = self._delivery.send(Batch("traces", Priority.CRITICAL, body, items), None) is None
        self.sent += items * delivered
        if items and delivered:
            for order in found:
                UNSETTLED.doubt(_unsettled(order))
        return delivered


def _unsettled(order: Submission) -> UnsettledOrder:
    """The unsettled order of a submission that a killed process of this service has left."""
    known = order.attributes
    return UnsettledOrder(
        known.get(exchange.NAME, ""),
        client_order_id=known.get(exchange.ORDER_CLIENT_ID, ""),
        symbol=known.get(exchange.SYMBOL, ""),
        side=known.get(exchange.ORDER_SIDE, ""),
        bot=known.get(trading.BOT_ID, ""),
        trace_id=f"{order.trace_id:032x}" if order.trace_id else "",
        span_id=f"{order.span_id:016x}" if order.span_id else "",
        since=order.time / 1e9,
    )


def directories(settings: Settings) -> list[Path]:
    """Where journals are, the first that can be used for that of this process."""
    return list(dict.fromkeys(path for path in (settings.spool_dir, settings.state_dir) if path is not None))
