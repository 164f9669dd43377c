"""Asks in another interpreter of its process whether botobs is imported there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

interpreters: Any
try:
    interpreters = import_module("_interpreters")
except ImportError:
    interpreters = import_module("_xxsubinterpreters")
further = interpreters.create()
run = getattr(interpreters, "exec", None) or interpreters.run_string
run(further, "import sys; print('botobs' in sys.modules, flush=True)")
interpreters.destroy(further)
