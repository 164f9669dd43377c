"""Names of one's own that are taken: no program tells of them."""

from __future__ import annotations

import json
from pathlib import Path

from botobs._ops.custom import make, taken

RULES = """
groups:
  - name: services_life_now
    rules:
      - record: service:silent:timestamp_seconds
        expr: vector(1)
      # - alert: ServiceHeartbeatLost
      - {expr: vector(1), "alert": "ServiceCrashLoop"}
      - alert: Mine
        expr: up{alert="DatabaseDown"} == 0
"""


def test_rules_that_are_called_as_ours_are_told(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "rules" / "mine.yml").write_text(RULES)
    found = [(fault.line, fault.text.split()[6]) for fault in taken(tmp_path)]
    assert found == [(5, "service:silent:timestamp_seconds"), (8, "ServiceCrashLoop")]


def test_dashboards_with_the_uid_of_another_are_told(tmp_path: Path) -> None:
    make(tmp_path)
    for name, uid in (("a", "mine"), ("b", "mine"), ("c", "botobs-overview"), ("d", "other")):
        (tmp_path / "dashboards" / f"{name}.json").write_text(json.dumps({"uid": uid}, indent=1))
    assert [(fault.file.name, fault.line, fault.text.split()[0]) for fault in taken(tmp_path)] == [
        ("b.json", 2, "a.json"),
        ("c.json", 2, "botobs-overview.json"),
    ]
