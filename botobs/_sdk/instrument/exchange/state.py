"""What is known about exchanges, connections and streams: plain numbers, written by hooks and read at collection.

A hook on the path of every message may not call an instrument, which costs more than the message itself. It adds to
integers here; observable instruments read them. Each connection belongs to one event loop, so nothing is locked.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

from opentelemetry.trace import SpanContext

from .answers import Answers
from .clock import ClockOffset
from .integrity import SequenceCheck
from .ratelimit import RateLimits
from .standing import Standing, says_listen_key_expired

#: Seconds between two closer looks at a stream.
SAMPLE_INTERVAL = 0.1
#: A stream is silent after this multiple of the longest pause that it has made lately, but not before the minimum.
SILENCE_FACTOR = 5.0
SILENCE_MINIMUM = 30.0
#: Seconds of silence that are too many for a stream whose rhythm is not known yet.
SILENCE_UNLEARNED = 300.0
#: Closer looks after which a rhythm counts as learned.
LEARNED = 10
#: Seconds in which a pause is forgotten.
RHYTHM_MEMORY = 3600.0
#: Seconds that a timestamp may stand still in a book that is updated.
FROZEN_AFTER = 30.0
#: Seconds after which a crossed book is exported at once; the default of the alert on it.
CROSSED_REPORTED_AFTER = 5.0
#: Streams of one connection; further ones are not distinguished.
MAXIMUM_STREAMS = 8192

#: All messages of a connection together, where the client library does not distinguish streams.
RAW = "raw"
MARKET_CHANNELS = frozenset({"orderbook", "ticker", "trades", "ohlcv"})

#: Exchanges whose private streams are opened with a key that is to be renewed, and that say when it has expired.
_WITH_LISTEN_KEYS = ("aster", "binance")

ConnectionKey = tuple[str, str, str]
_SIZED = (str, bytes, bytearray, memoryview)


class Exchange:
    """What all clients of one exchange share."""

    __slots__ = ("_owners", "balances", "clock", "limits", "name", "standing")

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock = ClockOffset()
        self.limits = RateLimits()
        self.standing = Standing()
        #: Monotonic time of the last balance by (client, source, account).
        self.balances: dict[tuple[str, str, int], float] = {}
        self._owners: dict[tuple[str, str, int], weakref.ref[Any]] = {}

    def balance_received(self, client: str, source: str, owner: Any, now: float) -> None:
        """The exchange sent a balance of the account that `owner`, an object of the client library, trades for."""
        key = (client, source, id(owner))
        if key not in self._owners and owner is not None:
            self._owners[key] = weakref.ref(owner, lambda _: self._forget(key))
        self.balances[key] = now

    def _forget(self, key: tuple[str, str, int]) -> None:
        self.balances.pop(key, None)
        self._owners.pop(key, None)


class Stream:
    """One subscription's updates.

    Attributes:
        channel: What kind of data.
        symbol: The market, only if the settings ask for it.
        last: Monotonic time of the last update.
        sample_at: Monotonic time from which the next update is looked at closely.
        samples: Closer looks so far.
        longest_pause: Longest time between two updates; fades.
        timestamp: The exchange's time in the last sample, in seconds.
        timestamp_since: Monotonic time since when `timestamp` has been the same.
        crossed_since: Monotonic time since when the book is crossed, or 0.
        empty: Whether the book lacks a side.
        reported: Whether an early export was requested because the book is wrong.
        candle_end: End of the newest candle in seconds since the epoch, or 0 while it is not known.
    """

    __slots__ = (
        "candle_end",
        "channel",
        "crossed_since",
        "empty",
        "last",
        "longest_pause",
        "reported",
        "sample_at",
        "samples",
        "symbol",
        "timestamp",
        "timestamp_since",
    )

    def __init__(self, channel: str, now: float) -> None:
        self.channel = channel
        self.symbol = ""
        self.last = now
        self.sample_at = now
        self.samples = 0
        self.longest_pause = 0.0
        self.timestamp = 0.0
        self.timestamp_since = now
        self.crossed_since = 0.0
        self.empty = False
        self.reported = False
        self.candle_end = 0.0

    def touch(self, now: float) -> None:
        """Take an update into account that is looked at closely."""
        pause = now - self.last
        fading = max(0.0, 1.0 - pause / RHYTHM_MEMORY)
        self.longest_pause = max(pause, self.longest_pause * fading)
        self.last = now
        self.samples += 1
        self.sample_at = now + SAMPLE_INTERVAL

    def is_silent(self, now: float) -> bool:
        """Whether the stream has been quiet for longer than its own rhythm explains."""
        if self.channel not in MARKET_CHANNELS and self.channel != RAW:
            return False
        if self.samples < LEARNED:
            # What comes over a connection of which nothing else is known may be as rare as fills.
            return self.channel != RAW and now - self.last > SILENCE_UNLEARNED
        return now - self.last > max(SILENCE_MINIMUM, SILENCE_FACTOR * self.longest_pause)

    def is_frozen(self, now: float) -> bool:
        """Whether updates arrive with a timestamp that does not move."""
        standing = self.last - self.timestamp_since
        return self.timestamp > 0 and standing > FROZEN_AFTER and now - self.last < FROZEN_AFTER

    def is_crossed_long(self, now: float) -> bool:
        """Whether the book has been crossed for longer than updates of its two sides lie apart."""
        return bool(self.crossed_since) and now - self.crossed_since > CROSSED_REPORTED_AFTER


class Connection:
    """One WebSocket endpoint of one client, across reconnects.

    Attributes:
        exchange: The exchange that it leads to.
        key: Values of `exchange.name`, `exchange.client` and `server.address`.
        state: `idle`, `connecting`, `open`, or `closed` once it is lost.
        last: Monotonic time of the last frame; 0 before the first.
        sample_at: Monotonic time from which the next frame is looked at closely.
        looked_at: Monotonic time of the last closer look.
        ping_sent: Monotonic time of a ping without a pong so far, or 0.
        pong_mark: What the client knew about the last pong when the ping was sent.
        broadcasting: An error is being handed to all streams, one by one.
        caller: The span that asked for the connection.
        check: Compares the sequence numbers of a decoded message; None if the dialect is unknown.
        client: The client library's object of the moment.
        owner: The object whose end is the connection's end.
        gone: Says how the connection has ended, if that was not seen; None while it is open.
        backlog: Counts the frames that wait.
        streams_known: Another instrumentation, which knows the client library, distinguishes its streams.
        answers: Its requests that wait for a response; None where it has none.
        early_end: Reason and code of an end that was told before the attempt to connect had returned.
        changing: Held while `state` changes: threads report ends of the same connection, and of the one before it.
    """

    __slots__ = (
        "__weakref__",
        "_has_listen_keys",
        "_numbers",
        "answers",
        "awaited",
        "backlog",
        "broadcasting",
        "bytes",
        "caller",
        "changing",
        "check",
        "checks",
        "client",
        "early_end",
        "endpoint",
        "exchange",
        "gaps",
        "gone",
        "key",
        "last",
        "looked_at",
        "lost",
        "messages",
        "opened_at",
        "owner",
        "ping_sent",
        "pong_mark",
        "sample_at",
        "sent",
        "started_at",
        "state",
        "streams",
        "streams_known",
    )

    def __init__(self, exchange: Exchange, key: ConnectionKey, endpoint: str = "") -> None:
        self.exchange = exchange
        self.key = key
        self.endpoint = endpoint
        self.state = "idle"
        self.lost = False
        self.messages = 0
        self.bytes = 0
        self.sent = 0
        self.checks = 0
        self.gaps = 0
        self.last = 0.0
        self.sample_at = 0.0
        self.looked_at = 0.0
        self.ping_sent = 0.0
        self.pong_mark: Any = None
        self.broadcasting = False
        self.caller: SpanContext | None = None
        self.started_at = 0.0
        self.opened_at = 0.0
        self.streams: dict[Any, Stream] = {}
        self.check: SequenceCheck | None = None
        self.client: weakref.ref[Any] | None = None
        self.owner: weakref.ref[Any] | None = None
        self.backlog: Callable[[], int] | None = None
        self.gone: Callable[[], str | None] | None = None
        self.streams_known = False
        self.early_end: tuple[str, object] | None = None
        # A signal handler may close what the interrupted code is about to report.
        self.changing = threading.RLock()
        self.answers: Answers | None = None
        self._numbers: dict[Any, int] = {}
        self._has_listen_keys = key[0].startswith(_WITH_LISTEN_KEYS)
        self.awaited: dict[Any, tuple[weakref.ref[Any], float]] = {}

    def check_sequence(self, message: Any) -> None:
        """Compare the message's sequence number, if it has one, with the one before."""
        if self.check is None:
            return
        self.check.trim()
        missing = self.check(message)
        if missing is not None:
            self.checks += 1
            self.gaps += missing

    def count_missing(self, key: Any, first: int, last: int) -> None:
        """Compare the numbers of a message's first and last update with the last one before, of the same stream."""
        self.checks += 1
        before = self._numbers.get(key)
        if before is not None and first > before + 1:
            self.gaps += first - before - 1
        if before is None or last > before or first <= 1:
            self._numbers[key] = last
        if len(self._numbers) > MAXIMUM_STREAMS:
            self._numbers.clear()

    def restart_check(self) -> None:
        """Note that the next message need not continue the last one."""
        self._numbers.clear()
        if self.check is not None:
            self.check.restart()

    def received(self, now: float, data: Any) -> None:
        """A message of a client library that does not distinguish streams; pings and pongs do not count.

        Args:
            now: Monotonic time.
            data: The message. Of anything but text and bytes the size is not known.
        """
        self.messages += 1
        self.last = now
        if isinstance(data, _SIZED):
            self.bytes += len(data)
            if self.answers is not None:
                self.answers.look(data)
            self.look_for_listen_key(data)
        if self.streams_known:
            return
        stream = self.streams.get(RAW) or self.stream(RAW, RAW, now)
        if now < stream.sample_at:
            stream.last = now
        else:
            stream.touch(now)

    def look_for_listen_key(self, data: Any) -> None:
        """Search a text that is not decoded: it may say that the stream's listen key has expired."""
        if self._has_listen_keys and says_listen_key_expired(data):
            self.exchange.standing.lost_listen_key("event")

    def stream(self, key: Any, channel: str, now: float) -> Stream:
        """The stream `key`, new if need be."""
        found = self.streams.get(key)
        if found is None:
            found = Stream(channel, now)
            if len(self.streams) >= MAXIMUM_STREAMS:
                self._forget_single_updates()
            if len(self.streams) < MAXIMUM_STREAMS:
                self.streams[key] = found
        return found

    def live_streams(self) -> list[Stream]:
        """Streams that have delivered more than once; responses to single requests do not count."""
        return [stream for stream in list(self.streams.values()) if stream.samples > 1]

    def _forget_single_updates(self) -> None:
        self.streams = {key: stream for key, stream in self.streams.items() if stream.samples > 1}
