"""The drills: what each breaks, which alert has to arrive, and what must stay silent meanwhile."""

from __future__ import annotations

from . import on_database, on_exchanges, on_pipeline, on_services
from .drill import Drill

DRILLS: tuple[Drill, ...] = (
    *on_database.DRILLS,
    *on_exchanges.DRILLS,
    *on_services.DRILLS,
    *on_pipeline.DRILLS,
)

BY_NAME: dict[str, Drill] = {drill.name: drill for drill in DRILLS}
