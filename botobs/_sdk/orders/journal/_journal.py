"""The journal of this process, as the threads that trade see it, and the export thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from opentelemetry.trace import SpanContext

from ....semconv import exchange
from ...safe import Log, class_name, never_raise
from ._layout import (
    FREE,
    PLACES,
    Memory,
    pack,
    store,
)

logger = Log("botobs")

Attributes = Mapping[str, str]
Redact = Callable[[Attributes], Attributes]


class Entry:
    """A submission in the journal. `Journal` alone changes it.

    Attributes:
        span: The span that it belongs to.
        attributes: What is known of the order, by the names of `botobs.semconv`.
        time: Nanoseconds since the epoch.
        place: Where its slot in the file begins.
        packed: What stands there.
        sent: The collector has it.
    """

    __slots__ = ("attributes", "packed", "place", "sent", "span", "time")
    place: int

    def __init__(self, span: SpanContext, attributes: Attributes) -> None:
        self.span = span
        self.attributes = attributes
        self.time = now = time.time_ns()
        self.packed = pack(span, now, attributes)
        self.sent = False

    @property
    def client_order_id(self) -> str:
        """The client order id; empty while it is not known."""
        return self.attributes.get(exchange.ORDER_CLIENT_ID, "")


class Journal:
    """Keeps the submissions of this process until their responses come. Any thread may use it.

    It does nothing until `start`. Its lock is held for some stores to memory only, and may be taken again by its own
    thread: a signal handler or a finalizer may send an order, too.

    Attributes:
        active: Whether submissions are kept.
        wanted: Something that sends orders has been imported.
        refused: Submissions that a kill would leave without a trace, by reason: `full` or `no_file`.
    """

    def __init__(self) -> None:
        self.active = False
        self.wanted = False
        self._wake: Callable[[], None] = _do_nothing
        self._redact: Redact | None = None
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._open: dict[Entry, None] = {}
        # The last one is used again first, so that few pages of the file are touched.
        self._free = list(reversed(PLACES))
        self._memory: Memory | None = None
        self._noticed = False
        self.refused = Counter({"full": 0, "no_file": 0})
        self.has_file = True

    def start(self, wake: Callable[[], None], redact: Redact | None = None) -> None:
        """Keep submissions from now on.

        Args:
            wake: Wakes the export thread, because there are new ones.
            redact: Removes what must not be written even to the user's own files; by default only the export redacts.
        """
        self._reset()
        self._wake, self._redact = wake, redact
        self.active = True

    def stop(self) -> None:
        """Keep nothing any more; what is open is left as it stands in the file."""
        self.active = False
        self._reset()

    def after_fork(self) -> None:
        """Start empty in a forked child: the orders, and the file, are the parent's."""
        self._reset()

    def want(self) -> None:
        """Have the file ready before the first order."""
        self.wanted = True
        self._wake()

    def submitted(self, span: SpanContext, attributes: Attributes) -> Entry | None:
        """Write down that an order is about to be sent.

        Args:
            span: The span of the submission, which ends with its response.
            attributes: What is known of the order, by the names of `botobs.semconv`; every value is text.

        Returns:
            For `answered`; None if nothing is kept.
        """
        if not self.active:
            return None
        try:
            entry = Entry(span, attributes if self._redact is None else self._redact(attributes))
        except Exception as error:
            # As `never_raise`, which would cost a tenth of all this.
            logger.debug("an order is not written down: %s", class_name(type(error)))
            return None
        with self._lock:
            if not self._free and not self._drop_sent():
                self.refused["full"] += 1
                return None
            entry.place = place = self._free.pop()
            self._open[entry] = None
            if self._memory is not None:
                store(self._memory, place, entry.packed)
            elif not self.has_file:
                self.refused["no_file"] += 1
        if not self._noticed:
            self._notice()
        return entry

    @never_raise
    def identified(self, entry: Entry, attributes: Attributes) -> None:
        """Write down what has become known of an order, such as the id that its client library has made."""
        if self._redact is not None:
            attributes = self._redact(attributes)
        known = {**attributes, **entry.attributes}
        if known == entry.attributes:
            return
        packed = pack(entry.span, entry.time, known)
        with self._lock:
            if entry not in self._open:
                return
            entry.attributes, entry.packed, entry.sent = known, packed, False
            if self._memory is not None:
                self._memory[entry.place] = FREE
                store(self._memory, entry.place, packed)
        if not self._noticed:
            self._notice()

    def answered(self, entry: Entry) -> None:
        """Forget a submission: its outcome is known, or is recorded as unknown."""
        with self._lock:
            self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        # One of before a fork, or of before a restart of botobs, is not among them.
        if self._open.pop(entry, entry) is entry:
            return
        if self._memory is not None:
            self._memory[entry.place] = FREE
        self._free.append(entry.place)

    def _drop_sent(self) -> bool:
        """Make room by the oldest one that the collector has; whether there is one."""
        oldest = next((entry for entry in self._open if entry.sent), None)
        if oldest is not None:
            self._forget(oldest)
        return oldest is not None

    def _notice(self) -> None:
        # Without the lock: at worst the export thread is woken once more.
        self._noticed = True
        self._wake()

    # Everything below is called by the export thread.

    def use(self, memory: Memory) -> None:
        """Store submissions to a file from now on, also those that are open."""
        with self._lock:
            for entry in self._open:
                store(memory, entry.place, entry.packed)
            self._memory = memory

    def unsent(self) -> list[tuple[Entry, bytes]]:
        """The submissions of exported traces that the collector does not have, the oldest first, with their content."""
        self._noticed = False
        with self._lock:
            return [(e, e.packed) for e in self._open if not e.sent and e.span.trace_flags & 1]

    def looked_at_again(self) -> None:
        """Note that the export thread will look by itself: what is new until then need not wake it."""
        self._noticed = True

    def sent(self, entries: list[tuple[Entry, bytes]]) -> None:
        """Note that the collector has acknowledged these entries."""
        with self._lock:
            for entry, packed in entries:
                if entry in self._open and entry.packed is packed:
                    entry.sent = True

    @property
    def holds_unsent(self) -> bool:
        """Whether a submission without a response is not with the collector yet."""
        with self._lock:
            return any(not entry.sent for entry in self._open)


def _do_nothing() -> None:
    return


#: The journal of this process; one file holds what all of its clients send.
JOURNAL = Journal()
