"""Odd requests from a seed change nothing of what is stored of the well-behaved senders beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ssl import create_default_context

import httpx
import pytest

from botobs._ops.access.secrets import read_secret
from testbed import odd_otlp
from testbed.otlp_load import Points, Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.ledger import wait_for_all
from tests.support.waiting import eventually

#: In the long form ten times as many as a part has, or a run of it would be too long for one sitting.
_SHORT, _PART, _PARTS = 300, 1_000, 10


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parts = [range(number * _PART, (number + 1) * _PART) for number in range(_PARTS)]
    long = metafunc.config.getoption("--long")
    metafunc.parametrize("seeds", parts if long else [range(_SHORT)], ids=lambda seeds: f"from {seeds.start}")


def test_neighbours_of_odd_senders_lose_nothing(live: LiveStack, seeds: range) -> None:
    refused = "sum(otelcol_exporter_send_failed_metric_points_total)"
    before = live.value(refused)
    neighbour = f"odd-neighbour-{seeds.start}"
    spans, points = Spans(f"{neighbour}-spans", 20), Points(f"{neighbour}-points", 20)
    with Sender(live.stack.addresses["collector"], live.home.secrets, [spans, points], pause=0.2) as sender:
        answers = _send_odd(live, seeds)
    # What is malformed is refused at the door; whatever passed it harms nobody, the collector included.
    assert set(answers) <= {200, 400}
    assert answers[200] > answers[400]

    # As long as it takes: on a busy disk a queue leaves more slowly than it has come.
    delivery = wait_for_all(live, sender, within=900)
    assert delivery.missing == 0, delivery
    # What connectors make of all senders' spans is there as well, and exact.
    sent = len(sender.acknowledged[0]) * spans.items
    calls = f'sum(traces_span_metrics_calls_total{{service_name="{neighbour}-spans"}})'
    assert eventually(lambda: live.value(calls) == sent)
    # Odd senders lose single points as well: no request of theirs is refused whole.
    assert live.value(refused) == before


def _send_odd(live: LiveStack, seeds: Iterable[int]) -> Counter[int]:
    headers = {"authorization": f"Bearer {read_secret(live.home.secrets / 'service.token')}"}
    context = create_default_context(cafile=live.home.secrets / "ca.pem")
    answers: Counter[int] = Counter()
    with httpx.Client(base_url=live.stack.addresses["collector"], verify=context, timeout=60) as http:
        for seed in seeds:
            path, body = odd_otlp.request(seed, f"odd-{seed % 20}")
            # What the intake cannot look into is the collector's alone.
            as_json = path == "/v1/metrics" and seed % 2
            kind = "application/json" if as_json else "application/x-protobuf"
            content = odd_otlp.as_json(body) if as_json else body
            sent = http.post(path, content=content, headers=headers | {"content-type": kind})
            answers[sent.status_code] += 1
    return answers
