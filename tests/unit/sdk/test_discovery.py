"""A service finds the stack on its machine also when that starts later, or again on other ports."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import botobs
from botobs._sdk.export import delivery
from botobs._sdk.export.sender import Sender
from testbed.otlp_receiver import OtlpReceiver, receiving
from tests.support.published import leave, state_of
from tests.support.waiting import eventually

PATIENCE = 60.0


def publish(home: Path, receiver: OtlpReceiver) -> None:
    """What `botobs up` leaves for services."""
    leave(home / "stack.json", state_of(home, receiver.endpoint))


@pytest.fixture
def handle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[botobs.Handle]:
    """A service that was started with no stack in sight."""
    monkeypatch.setattr(delivery, "LOOK_INTERVAL", 0.01)
    yield botobs.init(
        "early",
        disabled_instrumentations=["all"],
        span_interval=0.01,
        environ={"HOME": str(tmp_path), "BOTOBS_HOME": str(tmp_path / "home")},
    )
    botobs.shutdown(1.0)


def seen(receiver: OtlpReceiver, name: str) -> None:
    """Record until the receiver has it: what comes before the stack is found is counted as dropped."""

    def recorded() -> bool:
        with botobs.span(name):
            pass
        return name in receiver.span_names

    eventually(recorded, PATIENCE, every=0.01)


def test_a_stack_that_starts_later_is_found(
    handle: botobs.Handle, receiver: OtlpReceiver, tmp_path: Path
) -> None:
    with botobs.span("before"):
        pass
    assert handle.counts.dropped.total() == 1
    publish(tmp_path / "home", receiver)
    seen(receiver, "after")
    assert handle.settings.endpoint == receiver.endpoint
    assert handle.settings.origins["endpoint"] == str(tmp_path / "home" / "stack.json")


def test_one_that_moves_is_followed(handle: botobs.Handle, receiver: OtlpReceiver, tmp_path: Path) -> None:
    with receiving() as first:
        publish(tmp_path / "home", first)
        seen(first, "first")
    publish(tmp_path / "home", receiver)
    seen(receiver, "second")


def test_finding_it_is_one_line(
    handle: botobs.Handle,
    receiver: OtlpReceiver,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The line about the missing collector was the one of this minute.
    handle._logger._next = 0.0
    caplog.clear()
    publish(tmp_path / "home", receiver)
    seen(receiver, "after")
    assert caplog.messages == [f"the stack on this machine has been found at {receiver.endpoint}"]


def test_only_the_export_thread_looks(
    handle: botobs.Handle, receiver: OtlpReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    look = handle._discovery.look

    def seen_looking() -> Sender | None:
        threads.add(threading.current_thread().name)
        return look()

    monkeypatch.setattr(handle._discovery, "look", seen_looking)
    publish(tmp_path / "home", receiver)
    seen(receiver, "after")
    assert threads == {"botobs-export"}


def test_an_endpoint_that_was_given_stays(receiver: OtlpReceiver, tmp_path: Path) -> None:
    with receiving() as other:
        publish(tmp_path / "home", other)
        environ = {"HOME": str(tmp_path), "BOTOBS_HOME": str(tmp_path / "home")}
        handle = botobs.init(
            "reported", endpoint="http://127.0.0.1:1", disabled_instrumentations=["all"], environ=environ
        )
        with botobs.span("nowhere"):
            pass
        assert not handle.flush(2.0)
        assert not handle.flush(2.0)
        assert other.requests == []


def test_a_running_service_stays_with_its_stack(
    receiver: OtlpReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one that takes the first place gets nothing of what was meant for it."""
    monkeypatch.setattr(delivery, "LOOK_INTERVAL", 0.01)
    first, other = tmp_path / "first", tmp_path / "other"
    published = tmp_path / ".local" / "state" / "botobs" / "stack.json"
    with receiving() as before, receiving() as elsewhere:
        leave(published, state_of(first, before.endpoint))
        own = leave(first / "stack.json", state_of(first, before.endpoint))
        handle = botobs.init(
            "loyal", disabled_instrumentations=["all"], span_interval=0.01, environ={"HOME": str(tmp_path)}
        )
        try:
            seen(before, "first")
            own.unlink()
            leave(published, state_of(other, elsewhere.endpoint))
            assert handle._discovery.look() is None
            # It comes back on other ports, and is still not the one that services find by themselves.
            leave(own, state_of(first, receiver.endpoint))
            found = handle._discovery.look()
            assert found is not None
            assert found.endpoint == receiver.endpoint
            assert elsewhere.requests == []
        finally:
            botobs.shutdown(1.0)
