"""Bots: what state they are in, that they live, and when they say goodbye."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from opentelemetry import trace
from opentelemetry.metrics import Observation

from .._sdk.safe import class_name, text_of
from ..semconv import trading as names
from ._lifecycle import ACTIVE, STATES, State, is_legal, is_restart
from ._never_raise import never_raise
from ._order_registry import OrderRegistry
from ._recorder import Recorder, logger
from .orders import Order

#: Bots that one process reports on. With seven states each their series stay below 2000, the usual limit of one metric.
BOTS_LIMIT = 250

#: The goodbye of bots whose service shuts down.
SHUTDOWN = "shutdown"

#: Seconds that a service may take to shut down; longer than the SDK's own budget.
SHUTDOWN_TAIL = 10.0

#: Stands for the bots beyond the limit.
OVERFLOW = "overflow"


class Bot:
    """One bot, as far as monitoring is concerned. Made by `botobs.trading.bot`; safe to use from several threads.

    Attributes:
        id: Its name, unique in the platform and stable over restarts.
        registry: The bots that it is one of.
    """

    def __init__(
        self,
        registry: BotRegistry,
        recorder: Recorder,
        id: str,
        attributes: dict[str, str],
        heartbeat_interval: float,
    ) -> None:
        self.id = id
        self.registry = registry
        self._recorder = recorder
        self._lock = threading.Lock()
        self._attributes = attributes
        self._series = {**attributes, names.BOT_ID: registry.bounded(id)}
        self._turn_series = {key: value for key, value in attributes.items() if key != names.BOT_ID}
        self._interval = heartbeat_interval
        self._state: State = "created"
        self._since = self._alive = recorder.now()
        self._goodbye: tuple[float, str] | None = None

    @property
    def attributes(self) -> dict[str, str]:
        """What its spans carry: id, and strategy and exchange where they are given."""
        return dict(self._attributes)

    def state(self, state: State | StrEnum) -> None:
        """Report what the bot is doing now; the state that it is in already is fine, too.

        A change that makes no sense (a stopped bot that pauses) is recorded, and counted and logged once. A word
        that is not a state is counted and logged, but not recorded.
        """
        self._change(state)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run one turn of the bot in a span; it is a sign of life, and a bot that was starting is running."""
        if self._state in ("created", "starting"):
            self.state("running")
        self.heartbeat()
        started = self._recorder.elapsed()
        error_type: str | None = None
        with self._recorder.span("bot turn", self._attributes):
            try:
                yield
            except Exception as error:
                error_type = class_name(type(error))
                raise
            finally:
                # Within the span, so that the duration's exemplar leads to its trace.
                self._turned(started, error_type)

    @never_raise
    def _turned(self, started: float, error_type: str | None) -> None:
        # No heartbeat: a bot that said goodbye during its last turn must not come back at the turn's end.
        self._alive = self._recorder.now()
        series = (
            self._turn_series if error_type is None else {**self._turn_series, names.ERROR_TYPE: error_type}
        )
        self._recorder.record(names.BOT_TURN_DURATION, self._recorder.elapsed() - started, series)

    @never_raise
    def heartbeat(self) -> None:
        """Report that the bot lives, for bots that have no turns or long ones."""
        self.registry.keep(self)
        self._alive = self._recorder.now()
        self._return()

    @never_raise
    def failed(self, error: BaseException | str) -> None:
        """Report that the bot cannot go on; what it does next is a restart, or a stop."""
        # A text may hold anything; only the class of an error is fit for a metric.
        error_type = "_OTHER" if isinstance(error, str) else class_name(type(error))
        self._recorder.add(names.BOT_FAILURES, {**self._series, names.ERROR_TYPE: error_type})
        self._change("failed")
        self._recorder.event(
            trace.get_current_span(),
            "exception",
            {names.BOT_ID: self.id, "exception.type": error_type, "exception.message": text_of(error)},
        )

    @never_raise
    def stop(self) -> None:
        """Report that the bot has stopped on purpose. It says goodbye: its missing heartbeat is no fault then."""
        if self._state != "stopped":
            self._change("stopping")
            self._change("stopped")

    @never_raise
    def hand_over(self) -> None:
        """Report that another process goes on with the bot: this one says goodbye and no more about its state."""
        self.goodbye("handed_over")

    def goodbye(self, reason: str) -> None:
        """End the heartbeat for a reason of one word. A shutdown is none for a bot that failed, and stays so."""
        with self._lock:
            if self._goodbye is None and not (self._state == "failed" and reason == SHUTDOWN):
                self._goodbye = (self._recorder.now(), reason)

    def _return(self) -> None:
        """Take a goodbye back that a turn or a heartbeat contradicts."""
        goodbye = self._goodbye
        if goodbye is None or self._state == "stopped":
            return
        # Turns that were under way when the service began to stop are no return.
        if goodbye[1] != SHUTDOWN or self._recorder.now() - goodbye[0] > SHUTDOWN_TAIL:
            self._goodbye = None

    def renew_lock(self) -> None:
        """Replace the lock that another thread may have held when this process was forked."""
        self._lock = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether the bot has said goodbye, and has had no turn since."""
        return self._goodbye is not None

    @never_raise
    def _change(self, wanted: State | StrEnum) -> None:
        if wanted not in STATES:
            said = text_of(wanted)[:100]
            self._recorder.misuse("bot", f"{said!r} is no state of a bot; states are {', '.join(STATES)}")
            return
        state = STATES[STATES.index(wanted)]
        self.heartbeat()
        with self._lock:
            previous = self._state
            if state == previous:
                return
            self._state, self._since = state, self._recorder.now()
            if state not in ("stopping", "stopped"):
                self._goodbye = None
        if not is_legal(previous, state):
            self._recorder.misuse("bot", f"one that is {previous} became {state}")
        if is_restart(previous, state):
            self._recorder.add(names.BOT_RESTARTS, self._series)
        self._recorder.add(names.BOT_TRANSITIONS, {**self._series, names.BOT_STATE: state})
        self._recorder.event(
            trace.get_current_span(), "botobs.bot.state", {names.BOT_ID: self.id, names.BOT_STATE: state}
        )
        if state == "stopped":
            self.goodbye("stopped")

    def observe_states(self) -> Iterable[Observation]:
        """Its series of `botobs.bot.state`."""
        if self._goodbye is not None and self._goodbye[1] == "handed_over":
            return
        for state in STATES:
            yield Observation(int(state == self._state), {**self._attributes, names.BOT_STATE: state})

    def observe_since(self) -> Iterable[Observation]:
        """Its series of `botobs.bot.state.since.timestamp`."""
        yield Observation(self._since, self._attributes)

    def observe_heartbeat(self) -> Iterable[Observation]:
        """Its series of `botobs.bot.heartbeat.timestamp`."""
        if self._goodbye is None:
            alive = self._alive if self._state in ACTIVE else self._recorder.now()
            yield Observation(alive, self._attributes)

    def observe_interval(self) -> Iterable[Observation]:
        """Its series of `botobs.bot.heartbeat.interval`."""
        if self._goodbye is None:
            yield Observation(self._interval, self._attributes)

    def observe_goodbye(self) -> Iterable[Observation]:
        """Its series of `botobs.bot.goodbye.timestamp`."""
        if (goodbye := self._goodbye) is not None:
            yield Observation(goodbye[0], {**self._attributes, names.GOODBYE_REASON: goodbye[1]})


class BotRegistry:
    """The bots of this process, at most `BOTS_LIMIT`; those that said goodbye make room first.

    Attributes:
        order_registry: Where the bots' orders are.
    """

    def __init__(self, recorder: Recorder, order_registry: OrderRegistry[Order]) -> None:
        self._recorder = recorder
        self.order_registry = order_registry
        self._lock = threading.Lock()
        self._bots: dict[str, Bot] = {}
        self._mentioned: set[str] = set()
        self._full = False
        for metric, observe in (
            (names.BOT_STATES, Bot.observe_states),
            (names.BOT_STATE_SINCE, Bot.observe_since),
            (names.BOT_HEARTBEAT, Bot.observe_heartbeat),
            (names.BOT_HEARTBEAT_INTERVAL, Bot.observe_interval),
            (names.BOT_GOODBYE, Bot.observe_goodbye),
        ):
            recorder.observe(metric, self._for_all(observe))

    def get(self, id: str, attributes: dict[str, str], heartbeat_interval: float) -> Bot:
        """The bot with the id `id`; a new one where it is not known."""
        known = self._bots.get(id)
        if known is not None:
            return known
        bot = Bot(self, self._recorder, id, attributes, heartbeat_interval)
        self.keep(bot)
        return bot

    def keep(self, bot: Bot) -> None:
        """Report on `bot`, which is new, or used in a process that was forked from the one that made it."""
        self._recorder.connect()
        if self._bots.get(bot.id) is bot:
            return
        with self._lock:
            if len(self._bots) >= BOTS_LIMIT:
                self._make_room()
            if len(self._bots) < BOTS_LIMIT:
                self._bots[bot.id] = bot
            elif not self._full:
                self._full = True
                logger.warning(
                    "more than %d bots in one process: the others are not shown one by one", BOTS_LIMIT
                )

    def bounded(self, id: str) -> str:
        """`id`, or `OVERFLOW` when too many different ones have been used in counters, whose series never end."""
        if id in self._mentioned:
            return id
        with self._lock:
            if len(self._mentioned) >= BOTS_LIMIT:
                return OVERFLOW
            self._mentioned.add(id)
        return id

    def say_goodbye(self, reason: str) -> None:
        """Let every bot say goodbye."""
        for bot in list(self._bots.values()):
            bot.goodbye(reason)

    def forget(self) -> None:
        """Forget every bot; one that is used again comes back."""
        self._lock = threading.Lock()
        for bot in self._bots.values():
            bot.renew_lock()
        self._bots = {}
        self._mentioned = set()

    def _make_room(self) -> None:
        ended = next((id for id, bot in self._bots.items() if bot.ended), None)
        if ended is not None:
            del self._bots[ended]

    def _for_all(
        self, observe: Callable[[Bot], Iterable[Observation]]
    ) -> Callable[[], Iterable[Observation]]:
        def observe_all() -> Iterable[Observation]:
            return [observation for bot in list(self._bots.values()) for observation in observe(bot)]

        return observe_all
