"""What one bot costs in Prometheus, the series of rules among them, beside the budget of docs/sizing.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from testbed.stack import LiveStack
from tests.support.waiting import eventually

_FILE = Path(__file__).parents[1] / "snapshots" / "per_bot.toml"
_MOST = tomllib.loads(_FILE.read_text(encoding="utf-8"))["stored_series"]["most"]


def test_a_bot_has_no_more_series_than_its_budget_allows(live: LiveStack) -> None:
    def by_bot() -> Mapping[str, int]:
        # Alerts are series too, while something is wrong; the budget is for a bot that is well.
        found = live.query('count by (botobs_bot_id) ({botobs_bot_id!="",__name__!~"ALERTS.*"})')
        counts = {row["metric"]["botobs_bot_id"]: int(row["value"][1]) for row in found}
        assert len(counts) >= 8
        # A bot that trades: it has more series than one that was only just created.
        assert max(counts.values()) >= 15, counts
        return counts

    over = {bot: count for bot, count in eventually(by_bot).items() if count > _MOST}
    assert not over, f"more than the {_MOST} series of docs/sizing.md: {over}"
