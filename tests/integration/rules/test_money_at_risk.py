"""What the boards say of orders: as services report them, as clients see them, and nothing where nobody reports."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from testbed.dashboards import dashboards, fill, query

RISK = ("botobs-overview", "Orders of unknown outcome")
OLDEST = ("botobs-overview", "Oldest order without an answer")
ENGINE = "botobs-trading-engine"
SECONDS = 600

_TWENTY = "0+1x20 20x20"
SEEN = {
    'exchange_orders_total{service_name="one-line",exchange_name="okx",exchange_order_outcome="unknown"}': _TWENTY,
    'exchange_orders_total{service_name="one-line",exchange_name="okx",exchange_order_outcome="accepted"}': "0+5x40",
    'exchange_orders_oldest_in_flight_age_seconds{service_name="one-line",exchange_name="okx"}': "0x40",
    'exchange_orders_in_flight{service_name="one-line",exchange_name="okx"}': "1x40",
}
TOLD = {
    'botobs_orders_submitted_total{service_name="engine",exchange_name="binance"}': "0+1x40",
    'botobs_orders_total{service_name="engine",exchange_name="binance",botobs_order_outcome="filled"}': "0+1x40",
    'botobs_order_stages_total{service_name="engine",botobs_bot_id="b1",botobs_order_stage="submitted"}': "0+1x40",
    'botobs_orders_oldest_in_flight_age_seconds{service_name="engine",exchange_name="binance"}': "0x40",
    'botobs_orders_in_flight{service_name="engine",exchange_name="binance"}': "2x40",
}
#: The same service's client counts the same orders.
TOLD_AND_SEEN = {
    **TOLD,
    'exchange_orders_total{service_name="engine",exchange_name="binance",exchange_order_outcome="accepted"}': "0+1x40",
    'exchange_orders_in_flight{service_name="engine",exchange_name="binance"}': "2x40",
}
_ONE_LINE = 'service_name="one-line",exchange_name="okx"'
UNSETTLED = {
    f'botobs_order_unknown_timestamp_seconds{{{_ONE_LINE},botobs_order_key="k{number}"}}': "60x40"
    for number in range(20)
}
OTHER = {'botobs_service_heartbeat_timestamp_seconds{service_name="website"}': "0+15x40"}

CASES: list[tuple[str, tuple[str, str], Mapping[str, str], float | None]] = [
    ("nobody reports", RISK, OTHER, None),
    ("nobody reports", OLDEST, OTHER, None),
    ("nobody reports", (ENGINE, "Unknown"), OTHER, None),
    ("nobody reports", (ENGINE, "Submitted"), OTHER, None),
    ("nobody reports", (ENGINE, "In flight"), OTHER, None),
    ("a service of one line, all known", RISK, SEEN, 0),
    ("a service of one line", OLDEST, SEEN, 0),
    ("a service of one line loses 20", RISK, {**SEEN, **UNSETTLED}, 20),
    ("a service of one line loses 20", (ENGINE, "Unknown"), {**SEEN, **UNSETTLED}, 20),
    ("a service of one line", (ENGINE, "Submitted"), SEEN, 220),
    ("a service of one line", (ENGINE, "In flight"), SEEN, 1),
    ("a service of one line has none", (ENGINE, "Rejected"), SEEN, 0),
    ("a service tells, and is seen", (ENGINE, "Submitted"), TOLD_AND_SEEN, 40),
    ("a service tells, and is seen", (ENGINE, "Filled"), TOLD_AND_SEEN, 40),
    ("a service tells, and is seen", (ENGINE, "In flight"), TOLD_AND_SEEN, 2),
    ("a service tells, and is seen", RISK, TOLD_AND_SEEN, 0),
    ("one of each", (ENGINE, "Submitted"), {**SEEN, **TOLD_AND_SEEN}, 260),
    ("one of each", (ENGINE, "In flight"), {**SEEN, **TOLD_AND_SEEN}, 3),
]


@pytest.mark.parametrize(
    ("panel", "series", "expected"),
    [case[1:] for case in CASES],
    ids=[f"{case[0]}: {case[1][1]}" for case in CASES],
)
def test_a_number_is_what_is_known_and_not_zero_for_what_is_not(
    promtool: Path,
    rendered: Path,
    tmp_path: Path,
    panel: tuple[str, str],
    series: Mapping[str, str],
    expected: float | None,
) -> None:
    expression = fill(query(*panel).target["expr"], SECONDS)
    samples = [] if expected is None else [{"labels": "{}", "value": expected}]
    test = {
        "rule_files": [
            str(rendered / "rules" / "thresholds.yml"),
            str(rendered / "rules" / "orders.records.yml"),
            str(rendered / "rules" / "orders.yml"),
        ],
        "evaluation_interval": "15s",
        "group_eval_order": [
            "thresholds_services",
            "thresholds_orders",
            "order_memory",
            "order_records",
            "orders_now",
            "orders",
        ],
        "tests": [
            {
                "interval": "15s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [{"expr": expression, "eval_time": "10m", "exp_samples": samples}],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps(test), encoding="utf-8")
    done = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "panel", [RISK, OLDEST, (ENGINE, "Unknown"), (ENGINE, "Submitted"), (ENGINE, "In flight")]
)
def test_what_nobody_reports_is_said_to_be_so(panel: tuple[str, str]) -> None:
    (found,) = [each for each in dashboards()[panel[0]]["panels"] if each["title"] == panel[1]]
    assert found["fieldConfig"]["defaults"]["noValue"] == "not reported"
