"""What has not been sent is handed over once, whatever the collector, the other process and the program do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import botobs
from botobs._sdk.export import handover
from botobs._sdk.export.handover import TakenOver, hand_over, pack, unpack
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.store import Batch
from botobs._sdk.process import unsent
from testbed.otlp_receiver import OtlpReceiver, Received, Reply
from tests.support.waiting import eventually

Init = Callable[..., botobs.Handle]
#: Seconds that an answer may take on a busy machine.
PATIENCE = 60.0

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "SO_PEERCRED"), reason="workers are asked by abstract sockets, which Linux has"
)


@pytest.fixture(params=["fast", "stock"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Giving = Callable[..., unsent.Giver]


@pytest.fixture
def giving() -> Iterator[Giving]:
    """Starts to answer in this process, and ends that with the test."""
    givers = []

    def call(answer: Callable[[unsent.Send], None], seconds: float = PATIENCE) -> unsent.Giver:
        giver = unsent.Giver(answer, lambda: seconds)
        givers.append(giver)
        giver.start()
        return giver

    yield call
    for giver in givers:
        giver.close(PATIENCE)


def take(seconds: float = PATIENCE) -> tuple[list[bytes], bool]:
    return unsent.take(os.getpid(), seconds)


def record(times: int) -> None:
    for _ in range(times):
        with botobs.span("work"):
            pass


# -- the socket ------------------------------------------------------------------------------------------------------


def test_pieces_arrive_in_order_and_whole(giving: Giving) -> None:
    pieces = [b"1", bytes(3 * 2**20), b"last"]

    def answer(send: unsent.Send) -> None:
        for piece in pieces:
            send(piece)

    giving(answer)
    assert take() == (pieces, True)
    assert take() == (pieces, True)


def test_nobody_is_waited_for_who_does_not_answer_such_questions(giving: Giving) -> None:
    assert take() == ([], True)
    giver = giving(lambda send: send(b"a"), seconds=0.0)
    assert take() == ([], True)
    giver.close(0.0)
    assert unsent.take(2**22 + 1, PATIENCE) == ([], True)


def test_an_answer_that_does_not_come_is_waited_for_no_longer(giving: Giving) -> None:
    goes_on = threading.Event()

    def answer(send: unsent.Send) -> None:
        send(b"first")
        goes_on.wait(PATIENCE)

    giving(answer)
    assert take(0.2) == ([b"first"], False)
    goes_on.set()


def test_an_answer_that_breaks_off_is_not_complete(giving: Giving) -> None:
    def answer(send: unsent.Send) -> None:
        send(b"first")
        raise OSError

    giving(answer)
    assert take() == ([b"first"], False)


def test_another_process_that_has_the_name_is_not_asked(
    giving: Giving, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unsent._name(os.getpid())
    giving(lambda send: send(b"a"))
    monkeypatch.setattr(unsent, "_name", lambda _: name)
    assert unsent.take(os.getppid(), PATIENCE) == ([], True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_gets_nothing(giving: Giving) -> None:
    giving(lambda send: send(b"secret"))
    name = unsent._name(os.getpid())
    reads, writes = os.pipe()
    middle = os.fork()
    if middle == 0:
        # A grandchild's parent is not the one that answers.
        with socket.socket(socket.AF_UNIX) as asking:
            os.setuid(65534)
            asking.connect(name or "")
            os.write(writes, asking.recv(100) or b"nothing")
        os._exit(0)
    os.close(writes)
    os.waitpid(middle, 0)
    assert os.read(reads, 100) == b"nothing"
    os.close(reads)


def test_the_end_waits_for_an_answer_that_has_begun(giving: Giving) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def answer(send: unsent.Send) -> None:
        begun.set()
        goes_on.wait(PATIENCE)
        send(b"late")

    giver = giving(answer)
    taken: list[tuple[list[bytes], bool]] = []
    asking = threading.Thread(target=lambda: taken.append(take()))
    asking.start()
    assert begun.wait(PATIENCE)
    ending = threading.Thread(target=giver.close, args=(PATIENCE,))
    ending.start()
    goes_on.set()
    ending.join()
    asking.join()
    assert taken == [([b"late"], True)]
    assert take() == ([], True)


def test_a_descriptor_that_the_program_has_closed_and_used_again_is_left_alone(giving: Giving) -> None:
    giver = giving(lambda send: send(b"a"))
    assert giver._listening is not None
    number = giver._listening.fileno()
    os.close(number)
    reads, writes = os.pipe()
    try:
        assert number in (reads, writes)
        giver.close(0.0)
        os.write(writes, b"theirs")
        assert os.read(reads, 6) == b"theirs"
    finally:
        os.close(reads)
        os.close(writes)


def test_sockets_of_gevent_are_not_used(giving: Giving, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(socket.socket):
        pass

    monkeypatch.setattr(socket, "socket", Other)
    giving(lambda send: send(b"a"))
    assert take() == ([], True)


# -- batches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signal_name", ["traces", "metrics", "logs"])
@pytest.mark.parametrize("priority", Priority)
def test_a_batch_is_the_same_after_it(signal_name: str, priority: Priority) -> None:
    batch = Batch(signal_name, priority, b"body", 7)
    assert unpack(pack(batch)) == batch


@pytest.mark.parametrize("piece", [b"", b"\x00", struct.pack("!BBI", 9, 0, 1), struct.pack("!BBI", 0, 9, 1)])
def test_anything_else_is_no_batch(piece: bytes) -> None:
    assert unpack(piece) is None


def test_what_is_not_taken_is_kept() -> None:
    batches = [Batch("traces", Priority.NORMAL, bytes([number]), 1) for number in range(3)]
    sent: list[bytes] = []
    kept: list[Batch] = []

    def send(piece: bytes) -> None:
        if sent:
            raise BrokenPipeError
        sent.append(piece)

    hand_over(batches, send, kept.extend)
    assert sent == [pack(batches[0])]
    assert kept == batches[1:]


def test_what_is_beyond_the_bound_is_counted(init: Init) -> None:
    counts = init().counts
    waiting = TakenOver(10, counts)
    waiting.add(
        [Batch("traces", Priority.NORMAL, bytes(6), 4), Batch("traces", Priority.NORMAL, bytes(6), 5)]
    )
    assert [batch.items for batch in waiting.all()] == [4]
    assert counts.dropped["traces", "normal", "queue_full"] == 5


# -- the export --------------------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that is under way is cut off soon."""
    monkeypatch.setattr(handover, "_UNDER_WAY", 0.002)


def test_what_was_given_another_process_sends_once(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=3600, metric_interval=3600)
    record(3)
    given = handle._pipeline.give_unsent(PATIENCE)
    assert [(batch.signal, batch.items) for batch in given] == [("traces", 3), ("metrics", 1)]
    assert handle.flush(PATIENCE)
    assert receiver.span_names == []
    handle._pipeline.take_over(given)
    receiver.wait_for(lambda: receiver.span_names)
    assert handle.flush(PATIENCE)
    assert receiver.span_names == ["work"] * 3


def test_what_was_taken_over_waits_for_the_collector(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=3600, metric_interval=3600)
    record(3)
    given = handle._pipeline.give_unsent(PATIENCE)
    receiver.reply = Reply(503)
    handle._pipeline.take_over(given)
    assert not handle.flush(PATIENCE)
    assert not handle.flush(PATIENCE)
    receiver.reply = Reply()
    before = len(metric_exports_taken(receiver))
    assert handle.flush(PATIENCE)
    assert receiver.span_names == ["work"] * 3
    # Its own, and those that were taken over.
    assert len(metric_exports_taken(receiver)) == before + 2
    assert handle.counts.dropped.total() == 0


def metric_exports_taken(receiver: OtlpReceiver) -> list[Received]:
    return [each for each in receiver.requests if each.path.endswith("metrics") and each.status == 200]


@pytest.mark.usefixtures("impatient")
def test_a_collector_that_hangs_keeps_nobody_from_what_it_was_sent(
    init: Init, receiver: OtlpReceiver
) -> None:
    handle = init(span_interval=0.02, metric_interval=3600, export_timeout=3600)
    receiver.hold = threading.Event()
    record(3)
    eventually(lambda: receiver.holding)
    record(2)
    given = handle._pipeline.give_unsent(PATIENCE)
    assert sum(batch.items for batch in given if batch.signal == "traces") == 5
    # It was no failure of the collector's, and goes on.
    assert handle.counts.failures.total() == 0
    receiver.hold.set()
    receiver.hold = None
    record(1)
    receiver.wait_for(lambda: receiver.span_names)
    assert receiver.span_names == ["work"]


def test_a_collector_that_is_gone_delays_nothing(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=0.02, metric_interval=3600)
    receiver.reply = Reply(503)
    record(3)
    assert not handle.flush(PATIENCE)
    assert (
        sum(batch.items for batch in handle._pipeline.give_unsent(PATIENCE) if batch.signal == "traces") == 3
    )


@pytest.mark.usefixtures("impatient")
def test_what_the_end_cannot_send_is_given(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=3600, metric_interval=3600, export_timeout=3600)
    receiver.hold = threading.Event()
    record(3)
    ending = threading.Thread(target=handle.shutdown, args=(PATIENCE,))
    ending.start()
    eventually(lambda: receiver.holding)
    given = handle._pipeline.give_unsent(PATIENCE)
    ending.join()
    receiver.hold.set()
    assert sum(batch.items for batch in given if batch.signal == "traces") == 3
    assert handle.counts.dropped.total() == 0
    assert handle._pipeline.give_unsent(PATIENCE) == []


def test_what_comes_too_late_for_who_asked_is_sent_from_here(
    init: Init, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = init(span_interval=3600, metric_interval=3600)
    blocked = threading.Event()
    encode = handle._pipeline._batches.encode

    def late(*arguments: Any) -> list[Batch]:
        blocked.wait(PATIENCE)
        return encode(*arguments)

    monkeypatch.setattr(handle._pipeline._batches, "encode", late)
    record(3)
    assert handle._pipeline.give_unsent(0.2) == []
    blocked.set()
    assert handle.flush(PATIENCE)
    assert receiver.span_names == ["work"] * 3


# -- the parent ------------------------------------------------------------------------------------------------------


def wait_to_be_ended(ready: object) -> None:
    record(3)
    ready.set()  # type: ignore[attr-defined]
    time.sleep(PATIENCE)


@pytest.mark.parametrize("name", ["multiprocessing", "all"])
def test_it_is_left_alone_by_its_name(init: Init, receiver: OtlpReceiver, name: str) -> None:
    handle = init(span_interval=3600, metric_interval=3600, disabled_instrumentations=[name])
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=wait_to_be_ended, args=(ready,))
    process.start()
    assert ready.wait(PATIENCE)
    process.terminate()
    process.join()
    assert process.exitcode == -signal.SIGTERM
    assert handle.flush(PATIENCE)
    assert receiver.span_names == []
