"""Grafana, where one is installed: it cannot be built from a registry."""

from __future__ import annotations

import shutil
from pathlib import Path

from .context import Context


def find() -> str | None:
    """The path of Grafana's program on PATH, or None."""
    return shutil.which("grafana")


def arguments(context: Context) -> list[str]:
    """Grafana's command line."""
    program = Path(find() or "grafana").resolve()
    home = next((folder for folder in program.parents if (folder / "conf" / "defaults.ini").exists()), None)
    return [
        "server",
        "--homepath",
        str(home or "/usr/share/grafana"),
        "--config",
        context.config("grafana", "grafana.ini"),
    ]
