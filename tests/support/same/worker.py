"""`python -m tests.support.same.worker MODE`: runs programs, one a line, and answers with what it saw.

`without` never imports botobs. The other modes say the engine. `late` starts it after the libraries are imported, and
leaves programs outside of any span; elsewhere each runs within one, as a service's request does.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

PROGRAMS = Path(__file__).parents[2] / "unit" / "same" / "programs"
LIBRARIES = ("aiohttp", "asyncpg", "httpx", "loguru", "requests", "sqlalchemy", "structlog", "websockets")


def _start(mode: str) -> Callable[[], AbstractContextManager[Any]]:
    """Start botobs if `mode` says so; what every program runs within."""
    if mode in ("late", "without"):
        _import_libraries()
    if mode == "without":
        return nullcontext
    import botobs

    handle = botobs.init("tested", engine="stock" if mode == "stock" else "fast")
    assert handle.running
    _import_libraries()
    return nullcontext if mode == "late" else lambda: botobs.span("request")


def _import_libraries() -> None:
    """Libraries leave things in the interpreter when they are imported: filters of warnings, functions for its end."""
    for name in LIBRARIES:
        importlib.import_module(name)


def _program(name: str) -> Callable[..., Any]:
    """The program `area.function`."""
    area, _, function = name.partition(".")
    module = sys.modules.get(f"programs_{area}") or _load(area)
    found: Callable[..., Any] = getattr(module, function)
    return found


def _load(area: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"programs_{area}", PROGRAMS / f"{area}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main(mode: str) -> None:
    """Run the programs that the input names, one a line, until it ends."""
    # What a program prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.argv = sys.argv[:1]
    within = _start(mode)
    from . import generated
    from .scene import Scene, run

    for line in sys.stdin:
        order = json.loads(line)
        # What is ended by force leaves it: pytest's own folder is cleared in time.
        folder = Path(tempfile.mkdtemp(prefix="program-", dir=Path.home()))
        os.chdir(folder)
        scene = Scene(folder, order.get("postgres", ""))
        tree = order.get("generated")
        program = _program(order["program"]) if tree is None else generated.program(tree, mode != "without")
        random.seed(5)
        with within():
            seen = run(program, scene)
        os.chdir("/")
        shutil.rmtree(folder)
        answers.write(json.dumps(seen).replace(str(folder), "FOLDER") + "\n")
        answers.flush()
    answers.close()


if __name__ == "__main__":
    main(sys.argv[1])
