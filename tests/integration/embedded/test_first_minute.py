"""`botobs demo` where nothing is cached trades on the embedded store, then on the backends, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.access import clients
from botobs._ops.embedded.store import Store, path_in
from botobs._ops.home.home import Home
from tests.support.waiting import eventually

SLOW_GO = Path(__file__).with_name("slow_go.py")


class Demo:
    """A demo whose programs are built as soon as the test lets them."""

    def __init__(self, folder: Path, binaries: Mapping[str, Path]) -> None:
        folder.chmod(0o711)
        tools = folder / "tools"
        tools.mkdir()
        (tools / "go").write_text(f'#!/bin/sh\nexec {sys.executable} {SLOW_GO} "$@"\n')
        (tools / "go").chmod(0o755)
        self.home = Home(folder / "home")
        self._gate = folder / "gate"
        self._environ = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
            "SLOW_GO_GATE": str(self._gate),
            "SLOW_GO_BUILT": json.dumps({name: str(path) for name, path in binaries.items()}),
            "BOTOBS_SCRAPE_INTERVAL": "1s",
            "BOTOBS_SCRAPE_TIMEOUT": "1s",
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
            "NO_COLOR": "1",
        }
        self.began = time.monotonic()
        self.process = self._botobs("demo", "--ports", "auto", "--bots", "6", "--rate", "4")

    def _botobs(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "botobs", *words, "--home", str(self.home.path)],
            env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        """What a command says for machines."""
        process = self._botobs(*words, "--json")
        out, _ = process.communicate(timeout=300)
        return json.loads(out)

    def let_build(self) -> None:
        """Open the gate."""
        self._gate.touch()

    @property
    def parts(self) -> dict[str, str]:
        """What runs, and where."""
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            content = json.loads(self.home.state.read_text())
        except FileNotFoundError:
            return {}
        return {name: part["url"] for name, part in content["parts"].items()}

    def close(self) -> str:
        """End it as Ctrl-C does; returns what it has said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=300)[0]


@pytest.fixture
def demo(tmp_path: Path, binaries: Mapping[str, Path]) -> Iterator[Demo]:
    made = Demo(tmp_path, binaries)
    try:
        yield made
    finally:
        made.close()


def orders(store: Store) -> int:
    return int(store.rows("SELECT count(*) FROM spans WHERE name GLOB 'create_order *'")[0][0])


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
