"""Builds a program with the Go, from the source and into the place that its arguments name."""

from __future__ import annotations

import sys
from pathlib import Path

from botobs._ops.programs import _go
from botobs._ops.programs.versions import Pin

go, source, target = map(Path, sys.argv[1:])
pin = Pin("small", "1.2.3", source, "m", "v1", {"small": "."}, "i:1", 0.1)
_go.build(go, pin, ".", target, lambda *_: None)
