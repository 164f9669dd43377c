"""The accounts that a process looks at, and their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from opentelemetry.metrics import Observation

from ..._sdk.orders.known import KnownOrders
from ..._sdk.orders.unsettled import Unsettled
from ..._sdk.safe import described, let_pass
from ...semconv import trading as names
from .._recorder import Recorder, logger
from ..positions import PositionBook
from .ccxt_account import CcxtAccount, is_ccxt
from .findings import Kind
from .look import Looker, Rules
from .pace import Pace, Paced
from .worker import Worker

#: Accounts that one process looks at.
MOST_ACCOUNTS = 16


class Reconciliation:
    """One account that is looked at. Made by `botobs.trading.reconcile`.

    Args:
        worker: What looks; None where there is nothing to look at.
    """

    def __init__(self, worker: Worker | None) -> None:
        self._worker = worker

    @property
    def running(self) -> bool:
        """Whether the account is being compared."""
        return self._worker is not None and self._worker.running

    def stop(self) -> None:
        """Look no more, and let the client go; `botobs.shutdown()` does it."""
        if self._worker is not None:
            self._worker.stop()


class ReconciliationRegistry:
    """The accounts that this process looks at, and their numbers."""

    def __init__(
        self,
        recorder: Recorder,
        known: KnownOrders,
        unsettled: Unsettled,
        positions: PositionBook,
    ) -> None:
        self._recorder = recorder
        self._known = known
        self._unsettled = unsettled
        self._positions = positions
        self._workers: list[tuple[Any, Worker]] = []
        recorder.observe(names.ORDERS_ORPHANED, lambda: self._counts("orphaned"))
        recorder.observe(names.ORDERS_GHOST, lambda: self._counts("ghost"))
        recorder.observe(names.POSITION_DRIFT, self._drifts)
        recorder.observe(names.RECONCILE_LAST, self._last)

    def add(self, client: Any, rules: Rules, every: float) -> Reconciliation:
        """Look at the account of a client; it begins once there is somewhere to report to. Never raises.

        Returns:
            What stops it; what goes on already, where the client was handed over before.
        """
        try:
            return Reconciliation(self._add(client, rules, every))
        except BaseException as error:
            let_pass(error)
            logger.warning("nothing is reconciled: %s", described(error))
            return Reconciliation(None)

    def _add(self, client: Any, rules: Rules, every: float) -> Worker | None:
        self._workers = [each for each in self._workers if not each[1].stopped]
        for known, worker in self._workers:
            if known is client:
                return worker
        if len(self._workers) >= MOST_ACCOUNTS:
            self._recorder.misuse("reconcile", f"more than {MOST_ACCOUNTS} accounts in one process")
            return None
        pace = Pace()
        account: CcxtAccount | Paced = CcxtAccount(client, pace) if is_ccxt(client) else Paced(client, pace)
        looker = Looker(
            account,
            rules,
            self._known,
            self._unsettled,
            self._positions,
            self._recorder,
            getattr(account, "key", None),
        )
        made = Worker(account, pace, looker, self._recorder, every)
        self._workers.append((client, made))
        self.start()
        return made

    def start(self) -> None:
        """Start what does not run yet, once there is somewhere to report to."""
        self._recorder.connect()
        if self._recorder.connected:
            for _, worker in list(self._workers):
                worker.start()

    def say_goodbye(self) -> None:
        """Stop all; they do not start again."""
        for _, worker in list(self._workers):
            worker.stop()

    def forget(self) -> None:
        """Start over in a forked child: the threads are the parent's."""
        self._workers = []

    def _running(self) -> list[Worker]:
        return [worker for _, worker in list(self._workers) if not worker.stopped]

    def _counts(self, kind: Kind) -> Iterable[Observation]:
        counts: dict[tuple[str, str], int] = {}
        for each in self._running():
            for bot, found in each.found(kind).items():
                counts[each.exchange, bot] = counts.get((each.exchange, bot), 0) + len(found)
        return [
            Observation(count, {names.EXCHANGE_NAME: exchange, **({names.BOT_ID: bot} if bot else {})})
            for (exchange, bot), count in counts.items()
        ]

    def _drifts(self) -> Iterable[Observation]:
        largest: dict[str, float] = {}
        for each in self._running():
            if each.last_complete is not None and each.compares_positions:
                found = (abs(suspicion.ratio) for suspicion in each.found("drift").get("", []))
                largest[each.exchange] = max((largest.get(each.exchange, 0.0), *found))
        return [Observation(ratio, {names.EXCHANGE_NAME: exchange}) for exchange, ratio in largest.items()]

    def _last(self) -> Iterable[Observation]:
        return [
            Observation(each.last_complete, {names.EXCHANGE_NAME: each.exchange})
            for each in self._running()
            if each.last_complete is not None
        ]
