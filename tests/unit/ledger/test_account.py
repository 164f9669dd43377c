"""What follows from the figures of a service."""

from __future__ import annotations

import pytest

from botobs._ops.ledger import Account, Exports, Ledger, Spans


@pytest.mark.parametrize(
    ("values", "before", "acknowledged", "missing"),
    [
        pytest.param([1, 2, 3], None, 3, 0, id="complete"),
        pytest.param([2, 3], None, 3, 1, id="first-missing"),
        pytest.param([1, 4], None, 4, 2, id="hole"),
        pytest.param([1, 2, 2, 3], None, 3, 0, id="used-again"),
        pytest.param([8, 9], 7, 2, 0, id="older-process"),
        pytest.param([9, 10], 7, 3, 1, id="older-process-with-a-hole"),
        pytest.param([7, 8], 7, 1, 0, id="used-again-across-the-edge"),
        pytest.param([99, 100, 1, 3], 98, 5, 1, id="a-hole-after-a-restart"),
        pytest.param([1, 3], 98, 3, 1, id="a-hole-after-a-restart-across-the-edge"),
    ],
)
def test_gaps(values: list[float], before: float | None, acknowledged: int, missing: int) -> None:
    assert Exports.of(values, before) == Exports(acknowledged, missing)


@pytest.mark.parametrize(
    ("spans", "missing", "duplicate"),
    [
        pytest.param(Spans(produced=10, stored=10), 0, 0, id="complete"),
        pytest.param(Spans(produced=10, stored=7), 3, 0, id="missing"),
        pytest.param(Spans(produced=10, dropped={"queue_full": 2}, stored=7), 1, 0, id="dropped"),
        pytest.param(Spans(produced=10, sampled_out=3, stored=7), 0, 0, id="sampled"),
        pytest.param(Spans(produced=10, stored=8, unsettled=2), 0, 0, id="under-way"),
        pytest.param(Spans(produced=10, stored=5, unsettled=2, blurred=1), 2, 0, id="more-than-the-error"),
        pytest.param(Spans(produced=10, stored=13, unsettled=9, blurred=1), 0, 2, id="twice"),
    ],
)
def test_spans(spans: Spans, missing: int, duplicate: int) -> None:
    assert (spans.missing, spans.duplicate) == (missing, duplicate)
    assert Account("engine", spans).complete == (missing == 0)


def test_a_loss_of_nobody_in_particular_is_a_loss() -> None:
    assert Ledger([Account("engine")]).complete
    assert not Ledger(
        [Account("engine")], {"otelcol_exporter_send_failed_spans_total otlp_grpc/tempo": 500}
    ).complete


def test_what_is_stored_twice_is_told_and_no_loss() -> None:
    twice = Account("engine", Spans(produced=10, stored=14))
    silent = Account("other", Spans(stored=5), tells=False)
    found = Ledger([twice, silent, Account("whole", Spans(produced=3, stored=3))])
    assert found.twice == {"engine": 4}
    assert found.complete


def test_who_tells_nothing_is_named() -> None:
    assert Ledger([Account("engine"), Account("other", tells=False)]).silent == ["other"]


def test_a_missing_export_is_a_loss_too() -> None:
    assert not Account("engine", exports=Exports(5, 1)).complete
