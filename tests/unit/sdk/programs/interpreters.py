"""Runs a program in another interpreter of its process, which its argument names."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import botobs

interpreters: Any
try:
    interpreters = import_module("_interpreters")
except ImportError:
    interpreters = import_module("_xxsubinterpreters")
botobs.init()
further = interpreters.create()
run = getattr(interpreters, "exec", None) or interpreters.run_string
print(run(further, Path(sys.argv[1]).read_text(encoding="utf-8")))
interpreters.destroy(further)
