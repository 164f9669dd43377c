"""Orders without an answer are visible before it, and after the end of their process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import botobs
from botobs import trading
from botobs._sdk.export import spool_folder
from botobs.semconv import sdk as names
from botobs.trading import session
from testbed.otlp_receiver import OtlpReceiver, Reply, attributes, receiving
from tests.support.fake_binance import FakeBinance
from tests.support.waiting import eventually

# Without the file locks of POSIX there is no file.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the journal's file needs the file locks of POSIX"),
    pytest.mark.parametrize("engine", ["fast", "stock"], indirect=True),
]

Init = Callable[..., botobs.Handle]
Start = Callable[..., subprocess.Popen[str]]

PROGRAMS = Path(__file__).parent / "programs"
#: Where journals are below the home.
ORDERS = ".local/state/botobs/botobs-orders"
MINE = sorted(f"mine-{number}" for number in range(10))


@pytest.fixture(autouse=True)
def _unknown_orders() -> None:
    """An order that has been answered in one test is answered for good."""
    session.live().order_registry.forget()


def submitted(receiver: OtlpReceiver) -> list[dict[str, Any]]:
    """The attributes of every submission that has arrived."""
    return [attributes(span) for span in receiver.spans if span.name == "order submitted"]


def ids(receiver: OtlpReceiver) -> list[str]:
    return [one["exchange.order.client_id"] for one in submitted(receiver)]


def left_behind(receiver: OtlpReceiver) -> list[str]:
    """The ids of what was delivered for a process that had ended."""
    left = [one for one in submitted(receiver) if one.get("botobs.order.left_behind") is True]
    return sorted(one["exchange.order.client_id"] for one in left)


def folders(tmp_path: Path, base: str = ".local/state/botobs") -> list[Path]:
    return [folder for folder in (tmp_path / base / "botobs-orders").glob("*") if folder.is_dir()]


def content(folder: Path) -> bytes:
    """The slots of a journal; empty while it is being made."""
    file = folder / "journal"
    return file.read_bytes()[16_384:] if file.exists() else b""


def read(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n"


def kill(process: subprocess.Popen[str], *directories: Path) -> None:
    """Once the ten orders are in its journal: it has sent them in the first milliseconds of its life."""
    eventually(
        lambda: any(content(folder).count(b"mine-") == 10 for one in directories for folder in one.glob("*/"))
    )
    process.kill()
    process.wait()


class TestBeforeTheAnswer:
    """The export thread sends a submission while its answer is waited for."""

    def test_it_is_seen_in_its_trace_while_it_waits(self, init: Init, receiver: OtlpReceiver) -> None:
        init(span_interval=3600.0, metric_interval=3600.0)
        with (
            botobs.span("turn") as turn,
            trading.order(
                "one", exchange="kraken", symbol="ETH/EUR", side="sell", type="market"
            ).submission(),
        ):
            receiver.wait_for(lambda: submitted(receiver))
        (span,) = [span for span in receiver.spans if span.name == "order submitted"]
        assert attributes(span) == {
            "exchange.name": "kraken",
            "exchange.symbol": "ETH/EUR",
            "exchange.order.side": "sell",
            "exchange.order.type": "market",
            "exchange.order.client_id": "one",
        }
        assert span.trace_id == turn.get_span_context().trace_id.to_bytes(16, "big")
        assert span.start_time_unix_nano == span.end_time_unix_nano
        botobs.flush()
        (parent,) = [span for span in receiver.spans if span.name == "order submit"]
        assert span.parent_span_id == parent.span_id

    def test_it_goes_ahead_of_what_waits(self, init: Init, receiver: OtlpReceiver) -> None:
        # All that waits takes 20 s by itself, so that a busy machine does not decide.
        receiver.reply = Reply(delay=0.5)
        init(metric_interval=3600.0)
        for number in range(20_000):
            with botobs.span(f"tick {number}"):
                pass
        receiver.wait_for(lambda: receiver.spans)
        with trading.order("urgent", exchange="binance").submission():
            receiver.wait_for(lambda: ids(receiver))
            assert len(receiver.spans) < 20_000

    def test_one_that_is_answered_at_once_is_not_sent_twice(self, init: Init, receiver: OtlpReceiver) -> None:
        init(span_interval=0.05)
        for number in range(50):
            with trading.order(f"quick-{number}", exchange="binance").submission():
                pass
        botobs.flush()
        assert len([span for span in receiver.spans if span.name == "order submit"]) == 50
        assert len(submitted(receiver)) < 50

    def test_what_is_sent_over_a_socket_waits_for_its_own_answer(
        self, init: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        init(span_interval=0.02)
        order = trading.order("socket", exchange="okx")
        order.submitted()
        receiver.wait_for(lambda: ids(receiver) == ["socket"])
        (folder,) = folders(tmp_path)
        assert b"okx\0\0\0\0\0\0socket" in content(folder)
        order.acknowledged()
        botobs.shutdown()
        assert folders(tmp_path) == []

    def test_a_backtest_writes_nothing_down(self, init: Init, receiver: OtlpReceiver) -> None:
        init(span_interval=0.02)
        with trading.simulated(), trading.order("paper", exchange="binance").submission():
            assert botobs.flush()
        assert submitted(receiver) == []

    def test_it_is_counted_as_started_and_exported(self, init: Init, receiver: OtlpReceiver) -> None:
        init()
        with trading.order("one", exchange="binance").submission():
            receiver.wait_for(lambda: submitted(receiver))
        assert botobs.flush()
        botobs.shutdown()
        stored = len(receiver.spans)
        assert receiver.last_value(names.SPANS_STARTED.name) == stored

    def test_an_unsampled_trace_is_left_out_while_the_process_lives(
        self, init: Init, receiver: OtlpReceiver
    ) -> None:
        init(sampling_ratio=0.0)
        with trading.order("one", exchange="binance").submission():
            assert botobs.flush()
        assert submitted(receiver) == []

    def test_rules_of_the_services_own_hold_for_the_file(
        self, init: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        init(redact=["swordfish"], redact_keys=["exchange.symbol"])
        with trading.order("id-swordfish", exchange="binance", symbol="FISH/USDT").submission():
            receiver.wait_for(lambda: submitted(receiver))
            (folder,) = folders(tmp_path)
            kept = content(folder)
        assert b"binance" in kept
        assert b"swordfish" not in kept
        assert b"FISH" not in kept
        assert b"swordfish" not in receiver.raw

    def test_without_a_folder_it_is_still_sent_and_said(
        self, init: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        (tmp_path / ".local").write_text("a file is in the way")
        init(metric_interval=0.1)
        eventually(lambda: receiver.last_value(names.JOURNAL_REFUSED.name, reason="no_file") == 0)
        with trading.order("one", exchange="binance").submission():
            receiver.wait_for(lambda: ids(receiver) == ["one"])
        eventually(lambda: receiver.last_value(names.JOURNAL_REFUSED.name, reason="no_file") == 1)


@pytest.mark.parametrize(("order_values", "reported"), [(None, False), ("none", False), ("traces", True)])
def test_the_values_of_a_fill_follow_the_setting(
    order_values: str | None, reported: bool, init: Init, receiver: OtlpReceiver
) -> None:
    init(order_values=order_values)
    order = trading.order("one", exchange="binance")
    order.filled(0.125, 64_321.5, complete=True)
    assert botobs.flush()
    events = [attributes(event) for span in receiver.spans for event in span.events if "filled" in event.name]
    values = {"exchange.order.amount": 0.125, "exchange.order.price": 64_321.5}
    assert events == [values if reported else {}]


def test_without_the_file_locks_of_posix_it_is_still_sent(
    init: Init, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As on Windows."""
    monkeypatch.setattr(spool_folder, "fcntl", None)
    init()
    with trading.order("one", exchange="binance").submission():
        receiver.wait_for(lambda: ids(receiver) == ["one"])
    assert "no file locks of POSIX" in caplog.text


class TestAfterAKill:
    """What a process had in flight when it was killed is delivered by another one."""

    def test_a_sibling_delivers_it(
        self, init: Init, start: Start, receiver: OtlpReceiver, environment: dict[str, str], tmp_path: Path
    ) -> None:
        """Also when the collector answered nobody while the orders were sent."""
        receiver.reply = Reply(503)
        process = start(PROGRAMS / "ten_orders.py", BOTOBS_SERVICE_NAME="engine")
        read(process, "sent")
        kill(process, tmp_path / ORDERS)
        (left,) = folders(tmp_path)
        receiver.reply = Reply()
        init("sibling", span_interval=0.02)
        receiver.wait_for(lambda: left_behind(receiver) == MINE)
        senders = [
            attributes(one.resource)
            for one in receiver.traces
            for scope in one.scope_spans
            if any(span.name == "order submitted" for span in scope.spans)
        ]
        assert {(one["service.name"], one["process.pid"]) for one in senders} == {("engine", process.pid)}
        eventually(lambda: not left.exists())
        # It is told once that it has died, in its name.
        ((dead, series, _),) = receiver.points("botobs.service.death.timestamp")
        assert (dead["service.name"], dead["process.pid"], series) == ("engine", process.pid, {})
        assert receiver.last_value("botobs.orders.in_flight", **{"exchange.name": "binance"}) == 10

    def test_what_was_sent_before_is_told_from_what_was_left(
        self, init: Init, start: Start, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        process = start(PROGRAMS / "ten_orders.py")
        read(process, "sent")
        receiver.wait_for(lambda: sorted(ids(receiver)) == MINE)
        assert not [one for one in submitted(receiver) if "botobs.order.left_behind" in one]
        (folder,) = folders(tmp_path)
        kill(process, tmp_path / ORDERS)
        init(span_interval=0.02)
        eventually(lambda: not folder.exists())
        assert botobs.flush()
        assert left_behind(receiver) == MINE
        assert len(submitted(receiver)) == 20

    def test_the_next_start_delivers_it_from_the_spools_folder(
        self, start: Start, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        where = {"BOTOBS_SPOOL_DIR": str(tmp_path / "volume"), "BOTOBS_SPAN_INTERVAL": "20ms"}
        receiver.reply = Reply(503)
        first = start(PROGRAMS / "ten_orders.py", **where)
        read(first, "sent")
        kill(first, tmp_path / "volume" / "botobs-orders")
        assert len(folders(tmp_path, "volume")) == 1
        receiver.reply = Reply()
        again = start(PROGRAMS / "waits.py", **where)
        receiver.wait_for(lambda: left_behind(receiver) == MINE)
        again.kill()

    def test_a_trace_that_is_not_sampled_is_found_too(
        self, init: Init, start: Start, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        process = start(PROGRAMS / "ten_orders.py", BOTOBS_SAMPLING_RATIO="0")
        read(process, "sent")
        kill(process, tmp_path / ORDERS)
        init(span_interval=0.02)
        receiver.wait_for(lambda: left_behind(receiver) == MINE)

    def test_nobody_sends_it_elsewhere(
        self, init: Init, start: Start, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        """Neither to another collector, nor as somebody else."""
        receiver.reply = Reply(503)
        process = start(PROGRAMS / "ten_orders.py", BOTOBS_TOKEN="first")
        read(process, "sent")
        kill(process, tmp_path / ORDERS)
        receiver.reply = Reply()
        with receiving() as other:
            for arguments in ({"endpoint": other.endpoint, "token": "first"}, {"token": "second"}):
                handle = init(span_interval=0.02, metric_interval=0.05, **arguments)
                # Its first looks are over.
                ear = other if "endpoint" in arguments else receiver
                before = len(ear.accepted)
                ear.wait_for(lambda: len(ear.accepted) > before + 2)  # noqa: B023
                handle.shutdown()
            assert left_behind(other) == left_behind(receiver) == []
        init(span_interval=0.02, token="first")
        receiver.wait_for(lambda: left_behind(receiver) == MINE)

    def test_a_forked_child_has_its_own(
        self, start: Start, init: Init, receiver: OtlpReceiver, tmp_path: Path
    ) -> None:
        """And the end of the child, which was inside of its parent's submission, answers nothing of the parent's."""
        process = start(PROGRAMS / "order_forked.py", BOTOBS_SAMPLING_RATIO="0")
        assert process.stdout is not None
        assert {process.stdout.readline() for _ in range(2)} == {"child\n", "parent\n"}
        eventually(lambda: sum(b"binance" in content(folder) for folder in folders(tmp_path)) == 2)
        child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        os.kill(child, 9)
        init(span_interval=0.02)
        receiver.wait_for(lambda: ids(receiver) == ["child"])
        process.kill()
        process.wait()
        receiver.wait_for(lambda: ids(receiver) == ["child", "parent"])


@pytest.fixture
def binance() -> Iterator[FakeBinance]:
    """A fake exchange in a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    fake = FakeBinance()
    asyncio.run_coroutine_threadsafe(fake.start(), loop).result()
    yield fake
    asyncio.run_coroutine_threadsafe(_end(fake), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _end(fake: FakeBinance) -> None:
    await fake.stop()
    # Those that would answer in an hour.
    waiting = asyncio.all_tasks() - {asyncio.current_task()}
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_ids_that_the_client_library_made_are_found(
    start: Start, init: Init, receiver: OtlpReceiver, binance: FakeBinance
) -> None:
    """Ten orders of ccxt's without an id of the caller's, in flight at a `kill -9`."""
    binance.delay = 3600.0
    config = json.dumps(binance.ccxt_config())
    process = start(PROGRAMS / "ccxt_orders.py", config, BOTOBS_DISABLED_INSTRUMENTATIONS="none")
    orders = [lambda: [path for method, path, _ in binance.requests if method == "POST"]]
    eventually(lambda: len(orders[0]()) == 10)
    process.kill()
    process.wait()
    init(span_interval=0.02)
    receiver.wait_for(lambda: len(set(ids(receiver))) >= 10)
    assert all(
        one["exchange.symbol"] == "BTC/USDT"
        and one["exchange.order.side"] == "buy"
        and one["exchange.order.type"] == "limit"
        and one["exchange.client"] == "ccxt.async"
        and one["exchange.operation"] == "create_order"
        and one["exchange.order.client_id"].startswith("x-")
        for one in submitted(receiver)
    )
