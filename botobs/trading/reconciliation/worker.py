"""The thread that looks at an account: when it looks, when it pauses, and how it ends."""

from __future__ import annotations

import threading
import time

from opentelemetry.trace import Status, StatusCode, get_current_span

from ..._sdk.instrument.exchange import reconciling
from ..._sdk.instrument.exchange.headroom import headroom
from ..._sdk.process import own_threads
from ..._sdk.safe import described
from ...clients import Reconcilable
from ...semconv import trading as names
from .._recorder import Recorder, logger
from .ccxt_account import CcxtAccount
from .findings import Kind, Suspicion
from .look import Looker
from .pace import Limited, Pace, Stopped

#: Seconds in which more orders than are put in order at once are not reported.
_CATCH_UP = 1.0
#: Bots whose ghosts are distinguished.
_MOST_BOTS = 250
#: Seconds that the end of a service waits for a request that is under way.
_LONGEST_GOODBYE = 0.5
#: Seconds of the pauses after the exchange has limited requests: the first, and the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0
#: Times the time between two looks that is waited at most after one that failed in another way.
_LONGEST_FAILURE = 10
#: Used by all clients together, of what an exchange allows, from which on the rest is the bot's; and how many looks in
#: a row are left out for it, for what an exchange said may be old.
_BUSY, _MOST_SKIPPED = 0.8, 3


class Worker:
    """The thread that looks at one account.

    Attributes:
        exchange: The exchange's name.
        last_complete: Seconds since the epoch of the end of the last look; None before the first.
    """

    def __init__(
        self, account: Reconcilable, pace: Pace, looker: Looker, recorder: Recorder, every: float
    ) -> None:
        self.exchange = looker.exchange
        self._account = account
        self._pace = pace
        self._looker = looker
        self._recorder = recorder
        self._every = every
        self._thread: threading.Thread | None = None
        self._pause = self._wait = 0.0
        self._skipped = 0
        self._bots: set[str] = set()
        self.last_complete: float | None = None

    def stop(self) -> None:
        """Stop looking, and release the client."""
        self._pace.stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_LONGEST_GOODBYE)

    @property
    def stopped(self) -> bool:
        """Whether it has been stopped, or could not begin."""
        return self._pace.stopped.is_set()

    @property
    def running(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Look from here on, in a thread that keeps no program from ending."""
        if self._thread is None and not self._pace.stopped.is_set():
            self._thread = threading.Thread(target=self._run, name="botobs-reconcile", daemon=True)
            own_threads.start(self._thread.start)

    @property
    def compares_positions(self) -> bool:
        """Whether positions of the account are reported."""
        return self._looker.compares_positions

    def found(self, kind: Kind) -> dict[str, list[Suspicion]]:
        """The findings that last, by bot id (empty where unknown); nothing before the first look."""
        if self.last_complete is None:
            return {}
        # Only ghosts have a bot: an unknown order belongs to none.
        bots = self._bots if kind == "ghost" else set()
        by_bot: dict[str, list[Suspicion]] = {"": [], **{bot: [] for bot in bots}}
        for _, suspicion in self._looker.findings.reported(kind):
            if suspicion.bot and len(self._bots) < _MOST_BOTS:
                # Its series goes on at zero: one that breaks off keeps its last value for minutes.
                self._bots.add(suspicion.bot)
                by_bot.setdefault(suspicion.bot, [])
            by_bot[suspicion.bot if suspicion.bot in by_bot else ""].append(suspicion)
        return by_bot

    def _run(self) -> None:
        reconciling.begin()
        prepared = False
        try:
            if isinstance(self._account, CcxtAccount):
                self._account.prepare()
            prepared = True
            while self._waited():
                self._turn()
        except Stopped:
            pass
        except BaseException as error:
            logger.warning("%s is not reconciled: %s", self.exchange, described(error))
        finally:
            self._pace.stopped.set()
            if prepared and isinstance(self._account, CcxtAccount):
                self._let_go(self._account)
            reconciling.end()

    def _waited(self) -> bool:
        """Wait for the next look; whether there is to be one."""
        until = time.monotonic() + self._wait
        while not self._pace.stopped.wait(max(0.0, min(until - time.monotonic(), _CATCH_UP))):
            self._looker.catch_up()
            if time.monotonic() >= until:
                return True
        return False

    def _let_go(self, account: CcxtAccount) -> None:
        try:
            account.close()
        except Exception as error:
            logger.debug("the client of %s is not closed: %s", self.exchange, described(error))

    def _turn(self) -> None:
        """Look once, or skip the look."""
        room = headroom(self.exchange)
        if room.banned_for > 0:
            self._paused("banned", room.banned_for)
            return
        if room.used >= _BUSY and self._skipped < _MOST_SKIPPED:
            self._skipped += 1
            self._wait = self._every
            self._count("skipped")
            return
        self._skipped = 0
        with self._recorder.span(f"reconcile {self.exchange}", {names.EXCHANGE_NAME: self.exchange}):
            try:
                outcome = self._look()
            except PermissionError as error:
                _mark_failed(error)
                self._paused("limited", error.seconds if isinstance(error, Limited) else 0.0)
                return
            except Stopped:
                raise
            except Exception as error:
                _mark_failed(error)
                self._failed(error)
                return
            get_current_span().set_attribute(names.RECONCILE_OUTCOME, outcome)
        self._count(outcome)
        if outcome == "maintenance":
            self._wait = self._every
            return
        if self._pause:
            logger.warning("%s is reconciled again", self.exchange)
        self._pause = 0.0
        self.last_complete = time.time()
        # What is suspected is looked at again once the grace time is over.
        self._wait = min(self._every, self._looker.grace) if self._looker.findings.pending() else self._every

    def _look(self) -> str:
        account = self._account
        if isinstance(account, CcxtAccount) and not account.is_trading():
            # What is missing in its lists now proves nothing.
            return "maintenance"
        return "complete" if self._looker.look() else "incomplete"

    def _paused(self, outcome: str, seconds: float) -> None:
        self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
        self._wait = max(seconds, self._pause, self._every)
        self._count(outcome)
        logger.warning("%s limits requests: it is not reconciled for %d s", self.exchange, int(self._wait))

    def _failed(self, error: Exception) -> None:
        if not self._pause:
            logger.warning("%s is not reconciled: %s", self.exchange, type(error).__name__)
        self._pause = min(_LONGEST_FAILURE * self._every, max(self._every, 2 * self._pause))
        self._wait = self._pause
        self._count("failed")

    def _count(self, outcome: str) -> None:
        self._recorder.add(
            names.RECONCILE_LOOKS, {names.EXCHANGE_NAME: self.exchange, names.RECONCILE_OUTCOME: outcome}
        )


def _mark_failed(error: Exception) -> None:
    # The message of a client's exception may hold the signed URL; its class says what went wrong.
    span = get_current_span()
    span.set_attribute(names.ERROR_TYPE, type(error).__name__)
    span.set_status(Status(StatusCode.ERROR, type(error).__name__))
