"""Sends batches to the collector, which may be found only later, on this machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from .backoff import Backoff
from .counts import Counts
from .rate_limit import RateLimitedLogger
from .sender import Outcome, Sender
from .split import halves, joined
from .store import Batch

#: Seconds between two looks for a stack on this machine while no collector is known.
LOOK_INTERVAL = 30.0


class Delivery:
    """Sends each batch once, and decides when the next attempt may be made and where to.

    Used by the export thread alone, but for this: other threads read `sender`, one that shuts botobs down calls
    `abort`, and one that waits for what is unsent calls `interrupt`.

    Args:
        sender: None while there is nowhere to send to.
        export_timeout: Seconds that one request may take.
        counts: Where deliveries and failures are counted.
        logger: Logs failures.
        find_stack: A sender to the stack on this machine, if one runs that was not found before.

    Attributes:
        sender: The connection to the collector, if one is known.
        backoff: When the next attempt may be made.
        last_failure: Why the last failed request failed, for a person; empty if none has.
    """

    def __init__(
        self,
        sender: Sender | None,
        export_timeout: float,
        counts: Counts,
        logger: RateLimitedLogger,
        find_stack: Callable[[], Sender | None],
    ) -> None:
        self.sender = sender
        self.backoff = Backoff()
        self._export_timeout = export_timeout
        self._counts = counts
        self._logger = logger
        self._find_stack = find_stack
        self._reset()

    def _reset(self) -> None:
        self.last_failure = ""
        self.backoff.reset()
        self._look_at = 0.0 if self.sender is None else math.inf
        self._unlogged_endpoint = ""
        # Written by a thread that shuts down, read by the export thread; so is the next.
        self._cutoff = math.inf
        self._interrupted = False

    def look_for_stack(self) -> None:
        """Switch to the stack on this machine, if it is time to look and one runs that is new or has moved."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_INTERVAL if self.sender is None else math.inf
            found = self._find_stack()
            if found is not None:
                self._switch(found)
        if self._unlogged_endpoint and self._logger.warning(
            "the stack on this machine has been found at %s", self._unlogged_endpoint
        ):
            self._unlogged_endpoint = ""

    def _switch(self, found: Sender) -> None:
        before, self.sender = self.sender, found
        self._look_at = math.inf
        self.backoff.reset()
        if before is not None:
            before.close()
        if before is None or before.endpoint != found.endpoint:
            self._unlogged_endpoint = found.endpoint

    def send(self, batch: Batch, deadline: float | None, log_failure: bool = True) -> Batch | None:
        """Send a batch, unless there is nowhere to send to or it is too early.

        One that is too large for the collector is sent in halves, and these in halves, as far as it has to be.

        Args:
            batch: What to send.
            deadline: Reading of `time.monotonic` at which the request ends at the latest.
            log_failure: Whether a failure is logged.

        Returns:
            What of the batch is still to be delivered; None if it is done with: delivered, or given up for good.
        """
        if self.sender is None or not self.backoff.ready:
            return batch
        until = min(self._cutoff, math.inf if deadline is None else deadline)
        response = self.sender.send(
            batch.signal, batch.body, min(self._export_timeout, until - time.monotonic())
        )
        if response.outcome is Outcome.DELIVERED:
            self.backoff.reset()
            rejected = min(response.rejected, batch.items)
            self._counts.exported[batch.signal] += batch.items - rejected
            if rejected:
                self._counts.drop(batch.signal, batch.priority, "rejected", rejected)
            return None
        if self._interrupted:
            self.backoff.failed(None)
            return batch
        self._counts.failures[batch.signal, response.reason] += 1
        if response.outcome is Outcome.TOO_LARGE and (parts := halves(batch)) is not None:
            left = [self.send(part, deadline, log_failure) for part in parts]
            if left == list(parts):
                return batch
            rest = [part for part in left if part is not None]
            return joined(rest) if rest else None
        self.last_failure = f"the collector at {self.sender.endpoint}: {response.detail}"
        if log_failure:
            self._logger.warning("%s", self.last_failure)
        if response.outcome in (Outcome.REJECTED, Outcome.TOO_LARGE):
            self._counts.drop(batch.signal, batch.priority, response.reason, batch.items)
            return None
        # A stack that was restarted may listen elsewhere, or have other certificates.
        self._look_at = time.monotonic()
        self.backoff.failed(response.retry_after)
        return batch

    def abort(self, until: float) -> None:
        """Cut the request that is under way off; it and every later one end by `until`, on `time.monotonic`."""
        self._cutoff = until
        if self.sender is not None:
            self.sender.abort(until)

    def interrupt(self) -> None:
        """Cut the request that is under way off, which is no failure of the collector's; nothing follows it at once."""
        self._interrupted = True
        if self.sender is not None:
            self.sender.abort(time.monotonic())

    def go_on(self) -> None:
        """The interruption is over."""
        self._interrupted = False

    def close(self) -> None:
        """Close the connection."""
        if self.sender is not None:
            self.sender.close()

    def after_fork(self) -> None:
        """Start over in a forked child, with a new connection."""
        self._reset()
        if self.sender is not None:
            self.sender.after_fork()
