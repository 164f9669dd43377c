"""The embedded store: what it keeps, for whom, how much of it, and what it answers."""

from __future__ import annotations

import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.embedded.store import Store
from botobs._ops.errors import StackError, UserError
from botobs._ops.orders import read_embedded
from botobs._ops.traces import EmbeddedTraces, NoSuchTrace, Wanted, lay_out
from botobs._sdk.orders import order_key
from testbed.otlp_requests import Span, traces

ORDER = {"exchange.name": "binance", "exchange.order.client_id": "o-1", "botobs.bot.id": "b1"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "deep" / "store.sqlite3")
    yield made
    made.close()


def found(store: Store, wanted: Wanted, last: float = 60.0) -> list[str]:
    return [each.root_name for each in EmbeddedTraces(store).find(wanted, last, 20)]


def test_nobody_else_can_read_it(store: Store) -> None:
    store.add("traces", traces(Span("x")))
    files = list(store.path.parent.iterdir())
    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_what_a_sender_repeats_is_kept_once(store: Store) -> None:
    request = traces(Span("x"))
    assert store.add("traces", request)
    assert not store.add("traces", request)
    assert store.waiting == 1


def test_what_is_written_is_there_for_another_process(store: Store) -> None:
    store.add("traces", traces(Span("x")))
    other = Store(store.path)
    assert found(other, Wanted()) == ["x"]
    other.close()


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("something else" * 100)
    with pytest.raises(StackError, match="cannot be used"):
        Store(tmp_path / "store")


@pytest.mark.parametrize("damage", ["cut", "zeros", "random", "first pages", "folder"])
def test_a_store_that_is_damaged_is_said_to_be_so(tmp_path: Path, damage: str) -> None:
    path, noise = tmp_path / "store", random.Random(7).randbytes
    made = Store(path)
    for number in range(100):
        made.add("traces", traces(Span(f"span {number}")))
    made.close()
    content = path.read_bytes()
    path.unlink()
    match damage:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "zeros":
            path.write_bytes(bytes(len(content)))
        case "random":
            path.write_bytes(noise(len(content)))
        case "first pages":
            path.write_bytes(content[:100] + noise(len(content) - 100))
        case "folder":
            path.mkdir()
    with pytest.raises(StackError, match="cannot be used") as found:
        Store(path)
    assert found.value.way_out == "Move it elsewhere; a new one is made then."


def test_it_stays_below_its_limit_and_keeps_the_newest(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", limit=2 * 2**20)
    for number in range(120):
        text = os.urandom(20_000).hex()
        store.add("traces", traces(Span(f"s{number}", attributes={"text": text})))
        assert store.bytes <= store.limit
    kept = [name for (name,) in store.rows("SELECT name FROM spans")]
    assert "s119" in kept
    assert "s0" not in kept
    assert store.dropped + store.waiting == 120
    assert store.path.stat().st_size < 2 * store.limit
    store.close()


def test_what_was_handed_over_makes_room_first(tmp_path: Path) -> None:
    store = Store(tmp_path / "store", limit=2 * 2**20)
    for number in range(140):
        store.add("traces", traces(Span(f"s{number}", attributes={"text": os.urandom(20_000).hex()})))
        if number >= 20:
            # All but the first, which nobody has taken yet.
            (newest,) = store.rows("SELECT max(id) FROM requests")[0]
            store.rows("UPDATE requests SET state = 'delivered' WHERE id = ?", (newest,))
    assert store.dropped == 0
    assert store.waiting == 20
    store.close()


def test_traces_are_found_by_what_is_wanted_of_them(store: Store) -> None:
    long = Span("long", seconds=3.0)
    order = Span("decision", ago=5.0)
    store.add("traces", traces(long, Span("quick", failed=True, ago=3.0), order))
    store.add("traces", traces(order.below("create_order", **ORDER), service="client"))
    store.add("traces", traces(Span("old", ago=500.0)))
    assert found(store, Wanted()) == ["long", "quick", "decision"]
    assert found(store, Wanted(min_duration=2.0)) == ["long"]
    assert found(store, Wanted(error=True)) == ["quick"]
    assert found(store, Wanted(order="o-1")) == ["decision"]
    assert found(store, Wanted(service="client")) == ["decision"]
    assert found(store, Wanted(service="client", error=True)) == []
    assert found(store, Wanted(), last=1000.0) == ["long", "quick", "decision", "old"]
    with pytest.raises(UserError, match="--query"):
        found(store, Wanted(query="{}"))


def test_a_trace_of_several_requests_is_drawn_whole_and_alone(store: Store) -> None:
    root = Span("decision")
    store.add("traces", traces(root, Span("another")))
    store.add("traces", traces(root.below("create_order", **ORDER), service="client"))
    trace = EmbeddedTraces(store).trace(root.trace_id.hex())
    rows = lay_out(trace)
    assert [(row.depth, row.span.name, row.span.service) for row in rows] == [
        (0, "decision", "engine"),
        (1, "create_order", "client"),
    ]
    assert rows[1].details == "order o-1"
    with pytest.raises(NoSuchTrace):
        EmbeddedTraces(store).trace("ab" * 16)


def reported(name: str, ago: float, **more: str) -> Span:
    key = order_key("binance", more["exchange.order.client_id"])
    return Span(name, ago=ago, attributes={**more, "botobs.order.key": key})


def test_orders_of_unknown_outcome_are_listed_until_they_are_settled(store: Store) -> None:
    store.add("traces", traces(reported("order unknown", 10.0, **ORDER)))
    listing = read_embedded(EmbeddedTraces(store), 3600.0)
    assert [(each.state, each.client_order_id, each.service) for each in listing.orders or ()] == [
        ("unknown", "o-1", "engine")
    ]
    assert listing.exit_code == 1
    assert [each.orders for each in listing.counted or ()] == [1]
    store.add("traces", traces(reported("order settled", 5.0, **ORDER)))
    assert read_embedded(EmbeddedTraces(store), 3600.0).exit_code == 0


def test_an_order_waits_until_the_span_above_it_has_ended(store: Store) -> None:
    call = Span("create_order BTC/USDT", ago=5.0)
    store.add("traces", traces(call.below("order submitted", **ORDER)))
    assert [each.state for each in read_embedded(EmbeddedTraces(store), 3600.0).orders or ()] == ["open"]
    store.add("traces", traces(call))
    assert list(read_embedded(EmbeddedTraces(store), 3600.0).orders or ()) == []
