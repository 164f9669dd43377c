"""A log record: what its export adds to a call of the standard library's logger, on the thread that logs."""

from __future__ import annotations

from ._harness import Figure, Results, ratio

PLAN = {"log_record": 200}
CONTENDERS = ("nothing", "stock", "botobs")


def added(results: Results) -> dict[str, Figure]:
    """Microseconds by contender, without what the logger itself costs."""
    plain = results.figure("nothing", "log_record")
    assert plain is not None
    found = {name: results.figure(name, "log_record") for name in CONTENDERS[1:]}
    return {
        name: Figure(tuple(value - least for value, least in zip(figure.values, plain.values, strict=True)))
        for name, figure in found.items()
        if figure is not None
    }


def cheaper(figures: dict[str, Figure]) -> Figure:
    """By how much botobs is cheaper than the SDK's handler, round by round."""
    return ratio(figures["botobs"], figures["stock"])
