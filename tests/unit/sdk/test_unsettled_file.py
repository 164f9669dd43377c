"""Unsettled orders outlive their process: the service's next one on this host goes on with them."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import botobs
from botobs import trading
from botobs._sdk.export.unsettled_file import SUBFOLDER, UnsettledFile
from botobs._sdk.orders import UNSETTLED, Unsettled, UnsettledOrder, order_key
from botobs._sdk.settings import Settings
from botobs._sdk.settings.stack_file import Stack
from botobs.semconv import orders as names
from testbed.otlp_receiver import OtlpReceiver
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files need the locks of POSIX")

PROGRAMS = Path(__file__).parent / "programs"
Init = Callable[..., botobs.Handle]


class Process:
    """The unsettled orders of one process, and its file."""

    def __init__(
        self, folder: Path, service: str = "engine", environment: str = "production", home: Path | None = None
    ) -> None:
        stack = Stack(folder / "stack.json", {"home": str(home)}) if home else None
        self.settings = Settings(service_name=service, environment=environment, state_dir=folder, stack=stack)
        self.orders = Unsettled()
        self.file = UnsettledFile(lambda: self.settings, self.orders)

    def ids(self) -> list[str]:
        return [order.client_order_id for order in self.orders.all()]

    def crash(self) -> None:
        """What the end of a process does: its descriptors are closed, and nothing else."""
        self.file.after_fork()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(*arguments: Any) -> Process:
        made.append(Process(tmp_path, *arguments))
        return made[-1]

    yield make
    for one in made:
        one.file.close()


Make = Callable[..., Process]


def files(folder: Path) -> list[Path]:
    return sorted((folder / SUBFOLDER).rglob("orders.json"))


@pytest.mark.parametrize("end", ["close", "crash"])
def test_the_next_process_of_the_service_takes_over_all_that_is_known(
    end: str, process: Make, tmp_path: Path
) -> None:
    first = process()
    order = UnsettledOrder("binance", "a", "7", "BTC/USDT", "buy", "b1", "1" * 32, "2" * 16, 5.0, "x", 3, 6.0)
    first.orders.doubt(order)
    first.file.turn()
    first.file.close() if end == "close" else first.crash()
    second = process()
    second.file.turn()
    assert second.orders.all() == [order]
    assert len(files(tmp_path)) == 1
    second.orders.settle("binance", "filled", order_id="7")
    second.file.turn()
    second.crash()
    # What it found out is told by the third, should the second not have come to it.
    third = process()
    third.file.turn()
    assert third.ids() == []
    assert [(each.order, each.outcome) for each in third.orders.reported()[1]] == [(order, "filled")]


def test_a_sibling_that_runs_takes_over_what_another_leaves(
    process: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botobs._sdk.export.unsettled_file.LOOK_INTERVAL", 0.0)
    first, sibling = process(), process()
    first.orders.doubt(UnsettledOrder("binance", "a"))
    sibling.orders.doubt(UnsettledOrder("binance", "b"))
    first.file.turn()
    sibling.file.turn()
    assert sibling.ids() == ["b"]
    first.crash()
    sibling.file.turn()
    assert sibling.ids() == ["b", "a"]


@pytest.mark.parametrize("other", [("manager", "production"), ("engine", "staging")])
def test_other_services_leave_it_alone(other: tuple[str, str], process: Make, tmp_path: Path) -> None:
    first = process()
    first.orders.doubt(UnsettledOrder("binance", "a"))
    first.file.turn()
    first.crash()
    stranger = process(*other)
    stranger.file.turn()
    assert stranger.ids() == []
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("first_home", "second_home", "taken"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("gone", "b", True),
        (None, "b", True),
        ("a", None, True),
    ],
)
def test_each_of_two_stacks_keeps_the_orders_of_its_own_services(
    first_home: str | None, second_home: str | None, taken: bool, process: Make, tmp_path: Path
) -> None:
    """A demo's engine, or staging's, must not go on with production's orders; a home that was moved has no stack."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    of = {name: tmp_path / name if name else None for name in (first_home, second_home)}
    first = process("engine", "", of[first_home])
    first.orders.doubt(UnsettledOrder("binance", "order"))
    first.file.turn()
    first.crash()
    second = process("engine", "", of[second_home])
    second.file.turn()
    assert second.ids() == (["order"] if taken else [])


def test_a_process_that_was_settled_elsewhere_hears_of_it(process: Make) -> None:
    """As the command does it: what it leaves says what became of an order that others believe unsettled."""
    owner = process()
    owner.orders.doubt(UnsettledOrder("binance", "a"))
    command = process()
    command.orders.declare("binance", "canceled", "a")
    command.file.turn()
    command.file.close()
    owner.file.turn()
    assert owner.ids() == []
    assert [each.outcome for each in owner.orders.reported()[1]] == ["canceled"]


def test_without_unsettled_orders_nothing_is_written(process: Make, tmp_path: Path) -> None:
    process().file.turn()
    assert not (tmp_path / SUBFOLDER).exists()


def test_it_is_private_and_is_gone_when_all_is_settled_and_told(
    process: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = process()
    first.orders.doubt(UnsettledOrder("binance", "a"))
    first.file.turn()
    for path in (tmp_path / SUBFOLDER).rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    first.orders.settle("binance", "filled", client_order_id="a")
    first.orders.reported()
    monkeypatch.setattr("botobs._sdk.orders.unsettled.REPORTED_FOR", -1.0)
    first.orders.reported()
    first.file.turn()
    assert files(tmp_path) == []
    first.file.close()
    assert list((tmp_path / SUBFOLDER).iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"service": ["engine", "production"]}',
        b'{"service": 1, "orders": [1], "settled": []}',
    ],
)
def test_what_cannot_be_read_is_left_alone(content: bytes, process: Make, tmp_path: Path) -> None:
    first = process()
    first.orders.doubt(UnsettledOrder("binance", "a"))
    first.file.turn()
    first.crash()
    (file,) = files(tmp_path)
    file.write_bytes(content)
    second = process()
    second.file.turn()
    assert second.ids() == []
    assert file.read_bytes() == content


def test_a_write_that_was_cut_off_does_not_stand_in_the_way(process: Make, tmp_path: Path) -> None:
    first = process()
    first.orders.doubt(UnsettledOrder("binance", "a"))
    first.file.turn()
    (file,) = files(tmp_path)
    (file.parent / "orders.json.part").write_bytes(b"{")
    first.orders.doubt(UnsettledOrder("binance", "b"))
    first.file.turn()
    assert first.file.problem == ""
    assert [each["client_order_id"] for each in json.loads(file.read_text())["orders"]] == ["a", "b"]


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    first = Process(tmp_path / "file")
    first.orders.doubt(UnsettledOrder("binance", "a"))
    first.file.turn()
    assert "lost with the process" in first.file.problem


@pytest.mark.parametrize("engine", ["fast", "stock"], indirect=True)
def test_what_a_killed_process_did_not_know_the_next_one_tells_until_it_is_settled(
    start: Callable[..., subprocess.Popen[str]], init: Init, receiver: OtlpReceiver, tmp_path: Path
) -> None:
    died = start(PROGRAMS / "unknown_orders.py")
    assert died.stdout is not None
    assert died.stdout.readline() == "ready\n"
    folder = tmp_path / ".local" / "state" / "botobs"
    eventually(lambda: files(folder) and len(json.loads(files(folder)[0].read_bytes())["orders"]) == 3)
    died.send_signal(signal.SIGKILL)
    died.wait()
    receiver.requests.clear()

    handle = init(span_interval=0.02, environment="development")
    eventually(lambda: len(UNSETTLED.all()) == 3)
    trading.order("o1", exchange="binance").filled(1, complete=True)
    assert handle.flush(60.0)
    reported = {series[names.ORDER_KEY] for _, series, _ in receiver.points(names.UNKNOWN.name)}
    assert reported >= {order_key("binance", "o0"), order_key("binance", "o2")}
    settled = [series for _, series, _ in receiver.points(names.SETTLED.name)]
    assert {series[names.ORDER_KEY] for series in settled} == {order_key("binance", "o1")}
    assert [span.name for span in receiver.spans if span.name.startswith("order ")].count(
        "order settled"
    ) == 1
    handle.shutdown(10.0)
    (left,) = files(folder)
    assert [each["client_order_id"] for each in json.loads(left.read_bytes())["orders"]] == ["o0", "o2"]


@pytest.mark.parametrize("engine", ["fast", "stock"], indirect=True)
def test_a_forked_child_tells_nothing_of_its_parents_orders(
    start: Callable[..., subprocess.Popen[str]], receiver: OtlpReceiver, tmp_path: Path
) -> None:
    process = start(PROGRAMS / "unknown_forked.py")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    reported: dict[str, set[str]] = {}
    for resource, series, _ in receiver.points(names.UNKNOWN.name):
        reported.setdefault(resource["service.instance.id"], set()).add(series[names.ORDER_KEY])
    expected = [{order_key("binance", name)} for name in ("mine", "the child's")]
    assert sorted(reported.values(), key=min) == sorted(expected, key=min)
