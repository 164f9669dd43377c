"""Feeds of home-made clients."""

from __future__ import annotations

import os

import pytest

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture, FakeClock
from botobs.trading import feeds


def numbers(captured: Capture) -> dict[str, float]:
    """Every metric of the only feed."""
    return {
        name.removeprefix("botobs.feed."): points[0].value
        for name, points in captured.metrics.items()
        if name.startswith("botobs.feed.")
    }


def test_messages_are_counted_and_dated(captured: Capture, clock: FakeClock) -> None:
    feed = trading.feed("my-exchange", channel="trades")
    began = clock()
    assert numbers(captured)["last_message.timestamp"] == began
    clock.advance(10)
    feed.received()
    clock.advance(5)
    assert numbers(captured) == {
        "messages": 1,
        "sequence_gaps": 0,
        "messages.missed": 0,
        "checksum_failures": 0,
        "last_message.timestamp": began + 10,
    }
    assert captured.value(
        names.FEED_MESSAGES.name, {names.EXCHANGE_NAME: "my-exchange", names.FEED_CHANNEL: "trades"}
    )


@pytest.mark.parametrize("unit", [1, 1000])
def test_the_age_of_a_message_is_told_in_seconds(captured: Capture, clock: FakeClock, unit: int) -> None:
    feed = trading.feed("my-exchange", channel="trades")
    feed.received(timestamp=(clock() - 0.25) * unit)
    clock.advance(100)
    assert numbers(captured)["message.age"] == pytest.approx(0.25, abs=1e-5)


@pytest.mark.parametrize(
    ("sequence", "gaps", "missed"),
    [
        ([1, 2, 3], 0, 0),
        ([1, 2, 5, 6], 1, 2),
        ([1, 3, 5], 2, 2),
        ([7, 8, 8, 9], 0, 0),
        ([100, 101, 1, 2], 0, 0),
    ],
)
def test_gaps_are_seen(captured: Capture, sequence: list[int], gaps: int, missed: int) -> None:
    feed = trading.feed("my-exchange", channel="orderbook")
    for number in sequence:
        feed.received(sequence=number)
    assert (numbers(captured)["sequence_gaps"], numbers(captured)["messages.missed"]) == (gaps, missed)


def test_what_was_sent_while_nobody_listened_is_no_gap(captured: Capture) -> None:
    feed = trading.feed("my-exchange", channel="orderbook")
    feed.received(sequence=1)
    feed.reconnected()
    feed.received(sequence=50)
    assert numbers(captured)["sequence_gaps"] == 0


def test_a_closed_feed_says_goodbye_until_it_is_heard_again(captured: Capture, clock: FakeClock) -> None:
    feed = trading.feed("my-exchange", channel="trades")
    feed.received(timestamp=clock())
    feed.close()
    closed = clock()
    clock.advance(60)
    assert numbers(captured) == {
        "messages": 1,
        "sequence_gaps": 0,
        "messages.missed": 0,
        "checksum_failures": 0,
        "goodbye.timestamp": closed,
    }
    feed.received()
    assert "goodbye.timestamp" not in numbers(captured)
    assert numbers(captured)["messages"] == 2


def test_feeds_are_closed_when_the_service_shuts_down(captured: Capture) -> None:
    trading.feed("my-exchange", channel="trades")
    trading.goodbye()
    assert "goodbye.timestamp" in numbers(captured)


def test_the_same_channel_is_the_same_feed(captured: Capture) -> None:
    assert trading.feed("a", channel="trades") is trading.feed("a", channel="trades")
    assert trading.feed("a", channel="trades") is not trading.feed("b", channel="trades")


def test_feeds_beyond_the_limit_are_not_shown(
    captured: Capture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feeds, "FEEDS_LIMIT", 2)
    made = [trading.feed("x", channel=f"c{number}") for number in range(3)]
    for feed in made:
        feed.received()
        feed.received()
    assert len(captured.metrics[names.FEED_MESSAGES.name]) == 2
    assert caplog.text.count("more than 2 feeds") == 1
    made[0].close()
    trading.feed("x", channel="c9").received()
    shown = {point.attributes[names.FEED_CHANNEL] for point in captured.metrics[names.FEED_MESSAGES.name]}
    assert shown == {"c1", "c9"}


def test_nonsense_does_not_raise(captured: Capture, caplog: pytest.LogCaptureFixture) -> None:
    feed = trading.feed("my-exchange", channel="trades")
    feed.received(timestamp="now")  # type: ignore[arg-type]
    feed.received(sequence="first")  # type: ignore[arg-type]
    feed.received(sequence="second")  # type: ignore[arg-type]
    assert numbers(captured)["messages"] == 3
    assert caplog.text.count("a timestamp or a sequence that is no number") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_counts_from_zero(captured: Capture) -> None:
    feed = trading.feed("my-exchange", channel="trades")
    feed.received()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        feed.received()
        os.write(writer, str([observation.value for observation in feed.observe_messages()]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 100) == b"[1]"
    os.close(reader)
    os.close(writer)
    assert numbers(captured)["messages"] == 1
