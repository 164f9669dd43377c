"""What `botobs drill` says of itself."""

from __future__ import annotations

from ._model import Metric, declared_in

DRILL_NAME = "botobs.drill.name"

RUNNING = Metric(
    "botobs.drill.running",
    "gauge",
    "{drill}",
    "1 while `botobs drill` has something broken, and 0 since it was undone: dashboards mark the time.",
    (DRILL_NAME,),
)

METRICS = declared_in(globals())
