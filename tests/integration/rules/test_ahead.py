"""What `botobs doctor` asks about disks, by a real PromQL engine."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from botobs._ops.doctor.ahead import queries

#: An hour a value, for ten days: 1 GB a day more is used. Two collectors report it, and another host has such a disk.
_USED = "100000000000+41666666.6667x240"
_SERIES = {
    '{host_name="here",mountpoint="/",state="used",service_instance_id="a"}': _USED,
    '{host_name="here",mountpoint="/",state="used",service_instance_id="b"}': _USED,
    '{host_name="here",mountpoint="/",state="free",service_instance_id="a"}': "80000000000x240",
    '{host_name="here",mountpoint="/",state="free",service_instance_id="b"}': "80000000000x240",
    '{host_name="other",mountpoint="/",state="used",service_instance_id="c"}': "0+1000000000x240",
    '{host_name="other",mountpoint="/",state="free",service_instance_id="c"}': "1x240",
}
_EXPECTED = (80e9, 1e9, 100e9 + 216 * 41666666.6667)


def test_free_growth_and_history_of_each_disk_of_one_host(promtool: Path, tmp_path: Path) -> None:
    asked = [
        # Growth is a fit of floating point.
        {"expr": f"round({query}, 1e6)", "eval_time": "240h", "exp_samples": [
            {"labels": '{mountpoint="/"}', "value": round(value / 1e6) * 1e6}
        ]}
        for query, value in zip(queries("here"), _EXPECTED, strict=True)
    ]  # fmt: skip
    series = [
        {"series": f"system_filesystem_usage_bytes{labels}", "values": values}
        for labels, values in _SERIES.items()
    ]
    test = {
        "evaluation_interval": "1h",
        "tests": [{"interval": "1h", "input_series": series, "promql_expr_test": asked}],
    }
    (tmp_path / "test.yml").write_text(json.dumps(test))
    done = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
