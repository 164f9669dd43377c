"""Bots: states, signs of life, goodbyes."""

from __future__ import annotations

import os
import signal
import threading
from enum import StrEnum

import pytest

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture, FakeClock
from botobs.trading import bots
from botobs.trading._lifecycle import STATES
from botobs.trading.session import live


def state_of(captured: Capture, bot: str) -> list[str]:
    """The states that are reported as the present one."""
    points = captured.metrics.get(names.BOT_STATES.name, [])
    return [
        point.attributes[names.BOT_STATE]
        for point in points
        if point.attributes[names.BOT_ID] == bot and point.value
    ]


def of(bot: str, **more: str) -> dict[str, str]:
    return {names.BOT_ID: bot, **{f"botobs.bot.{key}": value for key, value in more.items()}}


def has(captured: Capture, metric: str, bot: str) -> bool:
    return any(point.attributes.get(names.BOT_ID) == bot for point in captured.metrics.get(metric, []))


def heartbeat(captured: Capture, bot: str) -> float:
    return captured.value(names.BOT_HEARTBEAT.name, of(bot))


def test_a_new_bot_is_created_and_shows_every_state(captured: Capture) -> None:
    trading.bot("b1", exchange="kraken", strategy="grid")
    assert state_of(captured, "b1") == ["created"]
    points = captured.metrics[names.BOT_STATES.name]
    assert [point.attributes[names.BOT_STATE] for point in points] == list(STATES)
    assert all(point.attributes[names.EXCHANGE_NAME] == "kraken" for point in points)
    assert all(point.attributes[names.BOT_STRATEGY] == "grid" for point in points)


def test_the_same_id_is_the_same_bot(captured: Capture) -> None:
    assert trading.bot("b1") is trading.bot("b1")
    assert trading.bot("b1") is not trading.bot("b2")


def test_a_change_of_state_is_counted_dated_and_shown(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1")
    clock.advance(5)
    bot.state("running")
    bot.state("running")
    clock.advance(7)
    assert state_of(captured, "b1") == ["running"]
    assert captured.value(names.BOT_TRANSITIONS.name, of("b1", state="running")) == 1
    assert captured.value(names.BOT_STATE_SINCE.name, of("b1")) == clock() - 7


def test_states_may_come_from_an_enumeration(captured: Capture) -> None:
    class Phase(StrEnum):
        RUNNING = "running"
        ASLEEP = "asleep"

    bot = trading.bot("b1")
    bot.state(Phase.RUNNING)
    bot.state(Phase.ASLEEP)
    assert state_of(captured, "b1") == ["running"]
    assert captured.value(names.MISUSES.name) == 1


def test_only_a_start_after_a_failure_is_a_restart(captured: Capture) -> None:
    bot = trading.bot("b1")
    for state in ("starting", "running", "stopping", "stopped", "starting", "running"):
        bot.state(state)
    assert not has(captured, names.BOT_RESTARTS.name, "b1")
    bot.failed(RuntimeError("no"))
    bot.state("starting")
    bot.state("running")
    bot.failed(RuntimeError("no"))
    bot.state("running")
    assert captured.value(names.BOT_RESTARTS.name, of("b1")) == 2


def test_a_failure_is_counted_by_the_class_of_the_error(captured: Capture) -> None:
    bot = trading.bot("b1")
    bot.failed(TimeoutError("after 3 s"))
    bot.state("starting")
    bot.failed("the account 4711 is locked")
    assert state_of(captured, "b1") == ["failed"]
    assert captured.value(names.BOT_FAILURES.name, {names.ERROR_TYPE: "TimeoutError"}) == 1
    assert captured.value(names.BOT_FAILURES.name, {names.ERROR_TYPE: "_OTHER"}) == 1
    assert "4711" not in str(captured.metrics)


def test_an_illegal_change_is_followed_counted_and_logged_once(
    captured: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        bot = trading.bot(f"b{number}")
        bot.stop()
        bot.state("paused")
        assert state_of(captured, bot.id) == ["paused"]
    assert captured.value(names.MISUSES.name, {names.SUBJECT: "bot"}) == 3
    assert [record.message for record in caplog.records].count("bot: one that is stopped became paused") == 1


def test_a_word_that_is_no_state_is_counted_and_not_followed(
    captured: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    bot = trading.bot("b1")
    bot.state("runing")  # type: ignore[arg-type]
    assert state_of(captured, "b1") == ["created"]
    assert captured.value(names.MISUSES.name) == 1
    assert "'runing' is no state of a bot; states are created, starting" in caplog.text


def test_a_turn_is_a_span_and_a_sign_of_life(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1", strategy="grid")
    with bot.turn():
        clock.advance(2)
    clock.advance(30)
    assert state_of(captured, "b1") == ["running"]
    assert heartbeat(captured, "b1") == clock() - 30
    span = captured.span("bot turn")
    assert span.attributes == {names.BOT_ID: "b1", names.BOT_STRATEGY: "grid"}
    assert span.duration == pytest.approx(2, abs=1e-3)
    assert captured.total(names.BOT_TURN_DURATION.name, {names.BOT_STRATEGY: "grid"}) == 2


def test_a_turn_that_raises_says_so_and_raises_on(captured: Capture) -> None:
    bot = trading.bot("b1")
    with pytest.raises(ValueError, match="too thin"), bot.turn():
        raise ValueError("the book is too thin")
    span = captured.span("bot turn")
    assert (span.status, span.status_message) == ("error", "ValueError: the book is too thin")
    assert captured.value(names.BOT_TURN_DURATION.name, {names.ERROR_TYPE: "ValueError"}) == 1
    assert state_of(captured, "b1") == ["running"]


def test_a_bot_that_hangs_in_its_turn_grows_old(captured: Capture, clock: FakeClock) -> None:
    with trading.bot("b1", heartbeat_interval=20).turn():
        began = clock()
        clock.advance(500)
        assert heartbeat(captured, "b1") == began
    assert captured.value(names.BOT_HEARTBEAT_INTERVAL.name, of("b1")) == 20


def test_a_bot_without_turns_reports_its_life_itself(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1")
    bot.state("running")
    clock.advance(40)
    bot.heartbeat()
    clock.advance(2)
    assert heartbeat(captured, "b1") == clock() - 2


@pytest.mark.parametrize("state", ["created", "paused", "failed"])
def test_a_bot_that_takes_no_turns_lives_as_long_as_its_process(
    captured: Capture, clock: FakeClock, state: trading.State
) -> None:
    trading.bot("b1").state(state)
    clock.advance(1000)
    assert heartbeat(captured, "b1") == clock()


def test_a_stopped_bot_says_goodbye_and_its_heartbeat_ends(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1")
    with bot.turn():
        clock.advance(1)
    last = heartbeat(captured, "b1")
    clock.advance(1)
    bot.stop()
    clock.advance(100)
    assert state_of(captured, "b1") == ["stopped"]
    assert not has(captured, names.BOT_HEARTBEAT.name, "b1")
    goodbye = captured.value(names.BOT_GOODBYE.name, {names.GOODBYE_REASON: "stopped"})
    assert last <= goodbye == clock() - 100
    assert captured.value(names.BOT_TRANSITIONS.name, of("b1")) == 3


def test_a_bot_that_stops_during_its_turn_stays_stopped(captured: Capture) -> None:
    bot = trading.bot("b1")
    with bot.turn():
        bot.stop()
    bot.heartbeat()
    assert has(captured, names.BOT_GOODBYE.name, "b1")
    assert not has(captured, names.BOT_HEARTBEAT.name, "b1")


def test_a_bot_that_starts_again_is_expected_again(captured: Capture) -> None:
    bot = trading.bot("b1")
    bot.stop()
    bot.state("starting")
    assert has(captured, names.BOT_HEARTBEAT.name, "b1")
    assert not has(captured, names.BOT_GOODBYE.name, "b1")


def test_a_bot_that_was_handed_over_has_no_state_here(captured: Capture) -> None:
    bot = trading.bot("b1")
    bot.state("running")
    bot.hand_over()
    assert state_of(captured, "b1") == []
    assert captured.value(names.BOT_GOODBYE.name, {names.GOODBYE_REASON: "handed_over"}) > 0
    assert not has(captured, names.BOT_HEARTBEAT.name, "b1")
    with bot.turn():
        assert state_of(captured, "b1") == ["running"]


def test_a_failed_bot_can_be_handed_over(captured: Capture) -> None:
    bot = trading.bot("b1")
    bot.failed("x")
    bot.hand_over()
    assert has(captured, names.BOT_GOODBYE.name, "b1")
    assert state_of(captured, "b1") == []


def test_a_service_that_shuts_down_says_goodbye_for_all_but_the_failed(captured: Capture) -> None:
    trading.bot("well").state("running")
    trading.bot("ill").failed("x")
    trading.goodbye()
    assert has(captured, names.BOT_GOODBYE.name, "well")
    assert not has(captured, names.BOT_GOODBYE.name, "ill")
    assert has(captured, names.BOT_HEARTBEAT.name, "ill")


def test_a_turn_under_way_at_the_shutdown_is_no_return(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1")
    bot.state("running")
    trading.goodbye()
    with bot.turn():
        pass
    bot.state("stopping")
    assert has(captured, names.BOT_GOODBYE.name, "b1")
    assert not has(captured, names.BOT_HEARTBEAT.name, "b1")


def test_a_turn_long_after_a_shutdown_is_a_return(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1")
    bot.state("running")
    trading.goodbye()
    clock.advance(bots.SHUTDOWN_TAIL + 1)
    with bot.turn():
        assert has(captured, names.BOT_HEARTBEAT.name, "b1")


def test_bots_beyond_the_limit_are_not_shown_one_by_one(
    captured: Capture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bots, "BOTS_LIMIT", 2)
    for number in range(5):
        with trading.bot(f"b{number}").turn():
            pass
    shown = {point.attributes[names.BOT_ID] for point in captured.metrics[names.BOT_STATES.name]}
    assert shown == {"b0", "b1"}
    counted = {p.attributes[names.BOT_ID]: p.value for p in captured.metrics[names.BOT_TRANSITIONS.name]}
    assert counted == {"b0": 1, "b1": 1, bots.OVERFLOW: 3}
    assert caplog.text.count("more than 2 bots") == 1


def test_bots_that_said_goodbye_make_room(captured: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bots, "BOTS_LIMIT", 2)
    trading.bot("b0").stop()
    trading.bot("b1").state("running")
    trading.bot("b2").state("running")
    shown = {point.attributes[names.BOT_ID] for point in captured.metrics[names.BOT_STATES.name]}
    assert shown == {"b1", "b2"}


def test_reports_never_raise(captured: Capture, caplog: pytest.LogCaptureFixture) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    bot = trading.bot("b1")
    bot.failed(Unspeakable())
    bot.failed(Unspeakable())
    assert state_of(captured, "b1") == ["failed"]
    bot.state(["running"])  # type: ignore[arg-type]
    # The failure is told with all that can be told of it.
    assert "could not report" not in caplog.text


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_reports_on_the_bots_that_it_uses_only(captured: Capture) -> None:
    mine, shared = trading.bot("mine"), trading.bot("shared")
    mine.state("running")
    shared.state("running")
    reader, writer = os.pipe()
    # Another thread of the parent is just reporting; in the child there is no such thread.
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with shared._lock:
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        shared.state("paused")
        os.write(writer, ",".join(live().bots._bots).encode())
        os._exit(0)
    done.set()
    holder.join()
    assert os.waitpid(child, 0)[1] == 0
    assert os.read(reader, 100) == b"shared"
    os.close(reader)
    os.close(writer)
    assert state_of(captured, "mine") == ["running"]


def test_lifecycle_changes_are_events_on_the_span_under_way(captured: Capture) -> None:
    bot = trading.bot("b1")
    with bot.turn():
        bot.failed(OSError("the disk is full"))
    events = captured.span("bot turn").events
    assert [event.name for event in events] == ["botobs.bot.state", "exception"]
    assert events[0].attributes[names.BOT_STATE] == "failed"
    assert events[1].attributes["exception.message"] == "the disk is full"
