"""Every query of every panel is run against the running backends; what stays empty has a reason."""

from __future__ import annotations

import pytest

from grafana.boards import exporters
from testbed.dashboards import PanelQuery, ask, queries
from testbed.stack import LiveStack
from tests.support.waiting import eventually

_NOT_COMPARED = "a young demo may not have been compared with its exchanges yet, and it reports no positions"
_KNOWN = "the outcome of every order is known"
#: Series that only a fault makes; `test_truth.py` makes the first group's and looks again.
_FAULT = "born by the first failure, and nothing fails here"
EMPTY: dict[tuple[str, str, str], str] = {
    ("botobs-bots", "Bots", "D"): _FAULT,
    ("botobs-bots", "Restarts, by bot", "A"): _FAULT,
    ("botobs-bots", "Failures by error", "A"): _FAULT,
    ("botobs-database", "Rate and errors", "B"): _FAULT,
    ("botobs-database", "Sessions that wait for a lock", "A"): "no session waits",
    ("botobs-database", "Longest wait for a lock", "A"): "no session waits",
    ("botobs-exchanges", "Disconnects by reason", "A"): _FAULT,
    ("botobs-exchanges", "Errors of streams", "A"): _FAULT,
    ("botobs-exchanges", "Errors of streams", "B"): _FAULT,
    ("botobs-exchanges", "Reconnects", "A"): _FAULT,
    ("botobs-exchanges", "Refused for their rate, by answer", "A"): _FAULT,
    ("botobs-exchanges", "Books thrown away", "A"): _FAULT,
    ("botobs-exchanges", "Errors by category", "A"): _FAULT,
    ("botobs-exchanges", "Feeds reported by hand", "A"): "the demo's clients are all known to botobs",
    ("botobs-orders", "Failed orders", "A"): _FAULT,
    ("botobs-orders", "Comparisons", "A"): _NOT_COMPARED,
    ("botobs-orders", "Largest drift of a position", "A"): _NOT_COMPARED,
    ("botobs-orders", "Last comparison", "A"): _NOT_COMPARED,
    ("botobs-orders", "Orders and positions that do not agree with the exchange", "A"): _NOT_COMPARED,
    ("botobs-orders", "Orders of unknown outcome", "A"): _KNOWN,
    ("botobs-orders", "Orders that one side does not know", "A"): _NOT_COMPARED,
    ("botobs-orders", "Orders that one side does not know", "B"): _NOT_COMPARED,
    ("botobs-orders", "Unsettled", "A"): _KNOWN,
    ("botobs-orders", "Slow orders", "A"): "the simulator answers within 100 ms",
    ("botobs-overview", "Alerts over time", "A"): "nothing is wrong",
    ("botobs-overview", "Firing alerts", "A"): "nothing is wrong",
    ("botobs-pipeline", "Drops of services", "A"): "only reasons that occurred are drawn",
    ("botobs-pipeline", "Failed exports of services", "A"): "only reasons that occurred are drawn",
    ("botobs-pipeline", "Certificate ends in", "A"): "only a stack that knows the date says it",
    ("botobs-services", "Failed spans", "A"): _FAULT,
    ("botobs-traces", "Slow requests", "A"): "fast enough",
    ("botobs-traces", "Slow calls to exchanges", "A"): "fast enough",
    ("botobs-traces", "Slow statements", "A"): "fast enough",
    ("botobs-traces", "Held up by the event loop", "A"): "nothing blocks it",
    ("botobs-traces", "Failed requests", "A"): _FAULT,
    ("botobs-traces", "Failed calls to exchanges", "A"): _FAULT,
    ("botobs-traces", "Failed statements", "A"): _FAULT,
    ("botobs-traces", "Everything that failed", "A"): _FAULT,
    ("botobs-trading-engine", "Outcomes", "B"): "services of the demo tell their orders themselves",
    ("botobs-trading-engine", "Rejected of the submitted", "A"): "waits for a window of orders",
}
#: Counters that are made by the first failure of their kind.
BORN_BY_FAILURE = (
    exporters.SEND_FAILED_SPANS,
    exporters.SEND_FAILED_POINTS,
    exporters.ENQUEUE_FAILED_SPANS,
    exporters.ENQUEUE_FAILED_POINTS,
    exporters.EDGE_FAILED,
)
#: Gauges that exist while a session waits: tests/integration/database/test_locks.py.
_WHILE_SOMETHING_WAITS = (exporters.PG_BLOCKING_SESSIONS, exporters.PG_BLOCKING_SECONDS)
_LASTING = [each for each in exporters.EXPORTED if each not in (*BORN_BY_FAILURE, *_WHILE_SOMETHING_WAITS)]


@pytest.mark.parametrize("asked", list(queries()), ids=str)
def test_the_query_is_answered(live: LiveStack, asked: PanelQuery) -> None:
    if asked.key in EMPTY:
        ask(live, asked, 600)
    else:
        assert eventually(lambda: ask(live, asked, 600), within=90, every=1)


def test_no_reason_outlives_its_panel() -> None:
    assert set(EMPTY) <= {asked.key for asked in queries()}


@pytest.mark.parametrize("exported", _LASTING, ids=lambda each: each.prometheus_name)
def test_an_exporters_metric_exists(live: LiveStack, exported: exporters.Exported) -> None:
    name = f"{exported.prometheus_name}{'_bucket' if exported.histogram else ''}"
    assert eventually(lambda: live.query(name), within=60)
