"""`botobs demo` where nothing is cached trades on the embedded store, then on the backends, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.access import clients
from botobs._ops.embedded.store import Store, path_in
from tests.integration.embedded.demo import Demo, orders
from tests.support.waiting import eventually


@pytest.fixture
def demo(tmp_path: Path, binaries: Mapping[str, Path]) -> Iterator[Demo]:
    made = Demo(tmp_path, binaries)
    try:
        yield made
    finally:
        made.close()


def test_from_nothing_to_the_backends(demo: Demo, record_property: Any) -> None:
    eventually(lambda: path_in(demo.home).exists(), within=240)
    store = Store(path_in(demo.home))
    eventually(lambda: orders(store) > 0, within=240)
    record_property("seconds_to_the_first_order", round(time.monotonic() - demo.began, 1))
    eventually(lambda: orders(store) > 20, within=240)
    assert "tempo" not in demo.parts
    found = demo.json("traces", "--service", "trading-engine")
    drawn = demo.json("traces", found[0]["trace_id"])
    assert drawn["spans"]

    demo.let_build()
    eventually(lambda: "tempo" in demo.parts, within=240)
    eventually(lambda: store.waiting == 0, within=240)
    assert store.rows("SELECT DISTINCT state FROM requests") == [("delivered",)]
    handed = {(trace.hex(), span.hex()) for trace, span in store.rows("SELECT trace_id, span_id FROM spans")}
    # The collector has all of it on its disk; Tempo has it a moment later.
    assert eventually(lambda: stored(demo, {trace for trace, _ in handed}) >= handed, within=120, every=2.0)

    # What was made while the collector took the place has not been lost either.
    def engine() -> dict[str, Any]:
        accounts = demo.json("ledger")
        # An object says why it cannot tell yet.
        assert isinstance(accounts, list), accounts
        (found,) = [each for each in accounts if each["service"] == "trading-engine"]
        assert found["spans"]["stored"] > len(handed) // 2
        return dict(found["spans"])

    spans = eventually(engine, within=300, every=5.0)
    assert (spans["missing"], sum(spans["dropped"].values())) == (0, 0)
    said = demo.close()
    assert demo.process.returncode == 0
    assert "still to come: " in said
    assert "Stored in Tempo: " in said
    store.close()


def stored(demo: Demo, traces: set[str]) -> set[tuple[str, str]]:
    """The spans of traces that Tempo has; each is there once, but those that the SDK itself repeats by intention."""
    from botobs._ops.traces import NoSuchTrace, TempoClient

    found: list[tuple[str, str]] = []
    repeated: set[tuple[str, str]] = set()
    with clients.client(demo.home.secrets, demo.parts["tempo"]) as http:
        tempo = TempoClient(http)
        for trace in traces:
            try:
                spans = tempo.trace(trace).spans
            except NoSuchTrace:
                continue
            repeated |= {(trace, span.span_id) for span in spans if span.name == "order submitted"}
            found += [(trace, span.span_id) for span in spans]
    once = [each for each in found if each not in repeated]
    assert len(once) == len(set(once))
    return set(found)


def test_it_ends_while_it_builds(demo: Demo) -> None:
    eventually(lambda: "trading-engine" in demo.parts, within=240)
    eventually(lambda: list(demo.home.path.parent.glob("cache/botobs/*/*/.building-*")), within=240)
    said = demo.close()
    assert demo.process.returncode in (0, 130)
    assert "Traceback" not in said
    assert not list(demo.home.path.parent.glob("cache/botobs/*/*/.building-*"))
