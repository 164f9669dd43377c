"""What will be in the way in some months: a disk that fills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx

from ..prometheus import PrometheusClient, PrometheusError
from .checks import AHEAD
from .findings import Finding

#: Days before the end at which it is an error.
URGENT = 7.0
#: Growth is that of a week; of less than a day nothing can be said.
_GROWTH = 'deriv(sum by (mountpoint) (system_filesystem_usage_bytes{state="used"})[7d:1h]) * 86400'
_HISTORY = 'sum by (mountpoint) (system_filesystem_usage_bytes{state="used"} offset 1d)'
_FREE = 'sum by (mountpoint) (system_filesystem_usage_bytes{state="free"})'


def disk(prometheus: httpx.Client, data: Path) -> Iterator[Finding]:
    """How long the disk of a stack's data will do, as it grew in the last week.

    Args:
        prometheus: A client with its address.
        data: The folder of the data.
    """
    asked = PrometheusClient(prometheus)
    try:
        free, growth, history = (
            {each.labels["mountpoint"]: each.value for each in asked.samples(query)}
            for query in (_FREE, _GROWTH, _HISTORY)
        )
    except PrometheusError as error:
        yield Finding("disk", "warning", f"how fast the disk fills is not known: {error.problem}")
        return
    mount = max((each for each in free if data.is_relative_to(each)), key=len, default=None)
    if mount is None:
        yield Finding("disk", "note", f"the collector does not report the disk that holds {data}")
        return
    gigabytes = f"{free[mount] / 1e9:.1f} GB are free on {mount}"
    if mount not in history:
        yield Finding("disk", "ok", f"{gigabytes}; how fast it fills is known after a day")
        return
    daily = growth.get(mount, 0.0)
    left = free[mount] / daily if daily > 0 else float("inf")
    if left > AHEAD:
        yield Finding(
            "disk", "ok", f"{gigabytes}, enough for more than {AHEAD:.0f} days at last week's growth"
        )
        return
    yield Finding(
        "disk",
        "error" if left < URGENT else "warning",
        f"{gigabytes}; at last week's growth of {daily / 1e9:.2f} GB a day it is full in {left:.0f} days",
        "botobs size says what retention needs; shorten it (botobs settings retention) or move the home.",
    )
