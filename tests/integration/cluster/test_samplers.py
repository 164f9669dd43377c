"""A cluster with samplers: polls are thinned out behind the agent, orders are kept, strangers are refused."""

from __future__ import annotations

import pytest

from botobs._ops.components.cluster import members
from testbed.stack import LiveStack
from tests.support.otlp_traces import Span, send, stored
from tests.support.port_probes import keys, opens, right_key
from tests.support.waiting import eventually

_PORTS = [port for member in members.SAMPLERS for port in member.ports.values()]
_POLL = Span("fetch_ticker binance", attributes={"exchange.operation": "fetch_ticker"})
_ORDER = Span("create_order binance")
#: With one in two kept, nobody sees all of them or none.
_MANY = 60


def test_polls_are_sampled_and_orders_are_not(tmp_path_factory: pytest.TempPathFactory) -> None:
    variables = {
        "BOTOBS_SAMPLING": "gateway",
        "BOTOBS_SAMPLING_PERCENT": "50",
        "BOTOBS_SAMPLING_WAIT": "2s",
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": "1s",
    }
    with LiveStack(variables, cluster=True) as live:
        orders = send(live, "traded", *((_ORDER, _POLL) for _ in range(_MANY)))
        polls = send(live, "polled", *((_POLL,) for _ in range(_MANY)))
        whole = sorted([_ORDER.name, _POLL.name])
        assert eventually(lambda: all(stored(live, order) == whole for order in orders))
        kept = eventually(lambda: sum(bool(stored(live, poll)) for poll in polls))
        assert 0 < kept < _MANY
        offered = "sum(botobs_collector_sampling_offered_spans_total)"
        assert eventually(lambda: live.value(offered) == 2 * _MANY)
        for port in _PORTS:
            assert opens(live, port, right_key(live, port)), port.variable
            wrong = keys(live, port, tmp_path_factory.mktemp(port.variable))
            assert [name for name, key in wrong.items() if opens(live, port, key)] == []
