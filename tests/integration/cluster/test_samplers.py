"""A cluster with samplers: polls are thinned out, orders are kept, and the ledger knows the difference."""

from __future__ import annotations

import pytest

from botobs.stack.cluster import members
from demo import checks
from demo.observe import Backends
from demo.services import Load
from tests.support.doors import keys, opens, right_key
from tests.support.stack import LiveStack, eventually

_PORTS = [port for member in members.SAMPLERS for port in member.ports.values()]


def test_polls_are_sampled_and_orders_are_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    variables = {
        "BOTOBS_SAMPLING": "gateway",
        "BOTOBS_SAMPLING_WAIT": "2s",
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": "1s",
    }
    with LiveStack(variables, demo=Load(bots=8, rate=4), cluster=True) as live:
        assert eventually(
            lambda: (live.value("sum(botobs_collector_sampling_offered_spans_total)") or 0) > 100, within=120
        )
        for name in ("bot-manager", "trading-engine"):
            live.call(live.supervisor.hold(name))
        backends = Backends(live.stack)
        seen = eventually(lambda: _orders(live, backends), within=90)
        live.call(backends.close())
        assert seen
        polls = "{ span.botobs.sampling = `poll` }"
        offered = live.value("sum(botobs_collector_sampling_offered_spans_total)") or 0
        kept = sum(
            int(found["matched"])
            for trace in live.search(polls, limit=5000)
            for found in trace.get("spanSets", [])
        )
        assert 0 < kept < offered
        for port in _PORTS:
            assert opens(live, port, right_key(live, port)), port.variable
            wrong = keys(live, port, tmp_path_factory.mktemp(port.variable))
            assert [name for name, key in wrong.items() if opens(live, port, key)] == []


def _orders(live: LiveStack, backends: Backends) -> str:
    try:
        return live.call(checks.orders_agree(backends))
    except checks.NotSeen:
        return ""
