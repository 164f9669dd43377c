"""State files as `botobs up` leaves them, for services and commands to find."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from botobs._sdk.process.alive import identity


def state_of(home: Path, endpoint: str = "https://127.0.0.1:4318", **over: Any) -> dict[str, Any]:
    """What a stack in `home` whose supervisor is this process says of itself, with `over` in its place."""
    return {
        "version": 1,
        "pid": os.getpid(),
        "started": identity(os.getpid()),
        "home": str(home),
        "environment": "development",
        "otlp": {"endpoint": endpoint, "certificate": None, "token_file": None},
        "parts": {},
        **over,
    }


def leave(file: Path, content: Any, mode: int = 0o600) -> Path:
    """Write a state file, as JSON unless it is text already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    file.chmod(mode)
    return file
