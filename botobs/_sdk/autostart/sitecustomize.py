"""`botobs run` puts the directory of this file first on the path, so that Python runs it before the program.

It starts botobs, then runs the sitecustomize that would have run otherwise. A failure is printed in one line, and the
program runs all the same. Further interpreters of the process run this file too, and nothing is started there: the
first has the process's telemetry, and theirs may have no daemon threads.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

_HERE = str(Path(__file__).resolve().parent)


def _chain() -> None:
    """Run the sitecustomize that this one hides, under its own name."""
    elsewhere = [entry for entry in sys.path if not _is_here(entry)]
    spec = PathFinder.find_spec("sitecustomize", elsewhere)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _is_here(entry: str) -> bool:
    return str(Path(entry or ".").resolve()) == _HERE


def _is_first_interpreter() -> bool:
    for name in ("_interpreters", "_xxsubinterpreters"):
        # Python 3.13 gave it another name.
        with suppress(ImportError):
            interpreters = import_module(name)
            return bool(interpreters.get_current() == interpreters.get_main())
    return True


def _start() -> None:
    try:
        import botobs

        botobs.init()
    except Exception as error:
        sys.stderr.write(f"botobs: this program runs without monitoring: {type(error).__name__}: {error}\n")


if _is_first_interpreter():
    _start()
_chain()
