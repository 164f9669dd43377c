"""What will be in the way in some months: a disk that fills."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx

from ..prometheus import PrometheusClient, PrometheusError
from .checks import AHEAD
from .findings import Finding

#: Days before the end at which it is an error.
URGENT = 7.0
#: Of each disk of a host. Several collectors may report one.
_BYTES = 'max by (mountpoint) (system_filesystem_usage_bytes{{host_name={host},state="{state}"}}{when})'


def queries(host: str) -> tuple[str, str, str]:
    """What of each disk of a host is free, how many bytes a day it grew in the last week, and what was used a day ago.

    Of less than a day nothing can be said.
    """
    name = json.dumps(host)
    used = _BYTES.format(host=name, state="used", when="")
    return (
        _BYTES.format(host=name, state="free", when=""),
        f"deriv({used}[7d:1h]) * 86400",
        _BYTES.format(host=name, state="used", when=" offset 1d"),
    )


def disk(prometheus: httpx.Client, data: Path, host: str) -> Iterator[Finding]:
    """How long the disk of a stack's data will do, as it grew in the last week.

    Args:
        prometheus: A client with its address.
        data: The folder of the data.
        host: The name of this machine, as its collector reports it: others may report to the same stack.
    """
    data = data.resolve()
    asked = PrometheusClient(prometheus)
    try:
        free, growth, history = (
            {each.labels["mountpoint"]: each.value for each in asked.samples(query)}
            for query in queries(host)
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
