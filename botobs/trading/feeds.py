"""Market-data feeds of home-made clients: whether messages come, how old they are, and whether some are missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from opentelemetry.metrics import Observation

from .._sdk.safe import number_of
from ..semconv import trading as names
from ._never_raise import never_raise
from ._recorder import Recorder, logger
from .sequences import Numbers

#: Feeds that one process reports on.
FEEDS_LIMIT = 500

#: Streams of one feed whose sequence numbers are checked.
_STREAMS_LIMIT = 10_000

#: No timestamp in seconds is as large before the year 5138; one that is, is in milliseconds.
_MILLISECONDS = 1e11


class Feed:
    """One stream of messages. Made by `botobs.trading.feed`; one thread or event loop at a time may report to it.

    Receiving a message costs a clock reading and a few additions; the numbers are read when metrics are collected.
    """

    __slots__ = (
        "_age",
        "_attributes",
        "_checksum_failures",
        "_closed",
        "_expected",
        "_followed",
        "_gaps",
        "_kept",
        "_key",
        "_last",
        "_messages",
        "_missed",
        "_recorder",
        "_registry",
    )

    def __init__(self, registry: FeedRegistry, recorder: Recorder, key: tuple[str, str]) -> None:
        self._registry = registry
        self._recorder = recorder
        self._key = key
        self._attributes = {names.EXCHANGE_NAME: key[0], names.FEED_CHANNEL: key[1]}
        self._kept = False
        self._begin()

    def _begin(self) -> None:
        self._messages = self._gaps = self._missed = self._checksum_failures = 0
        self._followed: dict[str, int] = {}
        self._last = self._recorder.now()
        self._age: float | None = None
        self._expected: int | None = None
        self._closed: float | None = None

    @never_raise
    def received(
        self, timestamp: float | None = None, sequence: int | None = None, numbers: Numbers | None = None
    ) -> None:
        """Report one message.

        Args:
            timestamp: The exchange's time of it, in seconds since the epoch; milliseconds, as ccxt has them, are
                recognised.
            sequence: Its number, where the exchange counts by one. A number that jumps ahead is a gap; one that
                goes back is a new beginning, as after a reconnect.
            numbers: How the exchange numbers it, as the functions of `botobs.trading.sequences` read them.
        """
        if not self._kept:
            self._registry.keep(self)
        self._recorder.connect()
        self._last = now = self._recorder.now()
        self._messages += 1
        self._closed = None
        sent, number = number_of(timestamp), number_of(sequence)
        if (timestamp is not None and sent is None) or (sequence is not None and number is None):
            self._recorder.misuse("feed", "a message has a timestamp or a sequence that is no number")
        if sent is not None:
            self._age = now - (sent / 1000 if sent > _MILLISECONDS else sent)
        if number is not None:
            sequence = int(number)
            if self._expected is not None and sequence > self._expected:
                self._gaps += 1
                self._missed += sequence - self._expected
            self._expected = sequence + 1
        if numbers is not None:
            self._follow(numbers)

    def _follow(self, numbers: Numbers) -> None:
        missing = numbers.missing_after(self._followed.get(numbers.stream))
        if missing:
            self._gaps += 1
            self._missed += missing
        if len(self._followed) >= _STREAMS_LIMIT and numbers.stream not in self._followed:
            self._followed.clear()
        self._followed[numbers.stream] = numbers.last

    def checksum(self, told: int, computed: int) -> bool:
        """Compare the exchange's checksum of a book with that of the book as it is here.

        Args:
            told: What the exchange sent.
            computed: What `botobs.trading.sequences` or the caller's own code makes of the book.

        Returns:
            Whether they agree; where they do not, the book is wrong and must be fetched again.
        """
        agree = told == computed
        self._compared(agree)
        return agree

    @never_raise
    def _compared(self, agree: bool) -> None:
        if not self._kept:
            self._registry.keep(self)
        self._recorder.connect()
        self._checksum_failures += not agree

    @never_raise
    def reconnected(self) -> None:
        """Forget the sequence: messages that were sent between two connections are no gap."""
        self._expected = None
        self._followed.clear()

    @never_raise
    def close(self) -> None:
        """Report that the feed ends on purpose: it says goodbye, and its silence is no fault."""
        if self._closed is None:
            self._closed = self._recorder.now()

    def kept(self) -> None:
        """Know that the registry has been asked to report on this feed."""
        self._kept = True

    def forgotten(self) -> None:
        """Start over in a forked child: what was counted is the parent's."""
        self._kept = False
        self._begin()

    @property
    def key(self) -> tuple[str, str]:
        """Exchange and channel."""
        return self._key

    @property
    def closed(self) -> bool:
        """Whether it has been closed, and nothing was received since."""
        return self._closed is not None

    def observe_messages(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.messages`."""
        yield Observation(self._messages, self._attributes)

    def observe_gaps(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.sequence_gaps`."""
        yield Observation(self._gaps, self._attributes)

    def observe_missed(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.messages.missed`."""
        yield Observation(self._missed, self._attributes)

    def observe_checksum_failures(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.checksum_failures`."""
        yield Observation(self._checksum_failures, self._attributes)

    def observe_last(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.last_message.timestamp`."""
        if self._closed is None:
            yield Observation(self._last, self._attributes)

    def observe_age(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.message.age`."""
        if self._closed is None and self._age is not None:
            yield Observation(self._age, self._attributes)

    def observe_goodbye(self) -> Iterable[Observation]:
        """Its series of `botobs.feed.goodbye.timestamp`."""
        if self._closed is not None:
            yield Observation(self._closed, self._attributes)


class FeedRegistry:
    """The feeds of this process, at most `FEEDS_LIMIT`; closed ones make room first."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lock = threading.Lock()
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._full = False
        for metric, observe in (
            (names.FEED_MESSAGES, Feed.observe_messages),
            (names.FEED_GAPS, Feed.observe_gaps),
            (names.FEED_MISSED, Feed.observe_missed),
            (names.FEED_CHECKSUM_FAILURES, Feed.observe_checksum_failures),
            (names.FEED_LAST_MESSAGE, Feed.observe_last),
            (names.FEED_MESSAGE_AGE, Feed.observe_age),
            (names.FEED_GOODBYE, Feed.observe_goodbye),
        ):
            recorder.observe(metric, self._for_all(observe))

    def get(self, exchange: str, channel: str) -> Feed:
        """The feed of `channel`, as it is known or new."""
        known = self._feeds.get((exchange, channel))
        if known is not None:
            return known
        feed = Feed(self, self._recorder, (exchange, channel))
        self.keep(feed)
        return feed

    def keep(self, feed: Feed) -> None:
        """Report on `feed`."""
        self._recorder.connect()
        with self._lock:
            feed.kept()
            if len(self._feeds) >= FEEDS_LIMIT and feed.key not in self._feeds:
                self._make_room()
            if len(self._feeds) < FEEDS_LIMIT:
                self._feeds[feed.key] = feed
            elif not self._full:
                self._full = True
                logger.warning("more than %d feeds in one process: the others are not shown", FEEDS_LIMIT)

    def say_goodbye(self) -> None:
        """Close every feed."""
        for feed in list(self._feeds.values()):
            feed.close()

    def forget(self) -> None:
        """Forget every feed: they are the parent process's."""
        self._lock = threading.Lock()
        for feed in self._feeds.values():
            feed.forgotten()
        self._feeds = {}

    def _make_room(self) -> None:
        closed = next((key for key, feed in self._feeds.items() if feed.closed), None)
        if closed is not None:
            del self._feeds[closed]

    def _for_all(
        self, observe: Callable[[Feed], Iterable[Observation]]
    ) -> Callable[[], Iterable[Observation]]:
        def observe_all() -> Iterable[Observation]:
            return [observation for feed in list(self._feeds.values()) for observation in observe(feed)]

        return observe_all
