"""What a part of the stack counts of itself, read from its own page, where no store stands between."""

from __future__ import annotations

import httpx


def own_series(http: httpx.Client, name: str, **labels: str) -> list[float]:
    """The values of a metric's series that have these labels.

    Args:
        http: A client for the part.
        name: The metric.
        labels: Of the series that are wanted; others may have more.
    """
    lines = http.get("/metrics").text.splitlines()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return [
        float(line.rpartition(" ")[2])
        for line in lines
        if line.startswith((f"{name}{{", f"{name} ")) and all(each in line for each in wanted)
    ]
