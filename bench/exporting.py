"""Creation to bytes on the socket: CPU of the whole process, and how late the event loop is meanwhile."""

from __future__ import annotations

from ._harness import Figure, Worker

CONTENDERS = ("nothing", "stock", "botobs", "botobs stock")


def cpu(running: dict[str, Worker], spans: int, rounds: int, unique: bool) -> dict[str, Figure]:
    """Seconds of CPU for a million spans, by contender; `unique`: each with an id of its own."""
    found: dict[str, list[float]] = {name: [] for name in running if name != "nothing"}
    for number in range(rounds + 1):
        for name, values in found.items():
            seconds = running[name].ask(do="cpu", spans=spans, unique=unique) * 1_000_000 / spans
            if number:
                values.append(seconds)
    return {name: Figure(tuple(values)) for name, values in found.items()}


def lag(running: dict[str, Worker], rate: int, seconds: float, rounds: int) -> dict[str, dict[str, Figure]]:
    """Delay in ms of a 1 ms timer while `rate` spans a second are recorded and exported: contender, percentile."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in running}
    for _ in range(rounds):
        for name, values in found.items():
            for percentile, value in running[name].ask(do="lag", rate=rate, seconds=seconds).items():
                values.setdefault(percentile, []).append(value * 1000)
    return {
        name: {percentile: Figure(tuple(values)) for percentile, values in by_percentile.items()}
        for name, by_percentile in found.items()
    }
