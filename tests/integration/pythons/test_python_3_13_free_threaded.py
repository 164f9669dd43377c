"""Python 3.13 without the interpreter's lock: a service in small, which gets the stock engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support import pythons, small_service

ROOT = Path(__file__).parents[3]


def test_everything_arrives(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    debian = pythons.made("3.13 free-threaded")
    program = Path("/botobs") / small_service.PROGRAM.relative_to(ROOT)
    command = debian.command(f"{debian.environment}/bin/python", str(program))
    release = small_service.arrives(
        command, "fast", tmp_path, becomes="stock", spans=small_service.SPANS[:-1]
    )
    record_property(f"{debian.version}, free-threaded", f"OpenTelemetry {release}")
