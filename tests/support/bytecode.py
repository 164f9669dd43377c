"""Where the suite's interpreters keep compiled modules."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parents[2] / ".botobs" / "suite" / "bytecode"


def environ() -> dict[str, str]:
    """The environment for pytest: compiled modules are kept, in a folder of the checkout.

    The suite starts thousands of interpreters. Where PYTHONDONTWRITEBYTECODE is set, as in many container images, each
    would compile all that it imports: 6 s of CPU for ccxt alone, and half of what `import botobs` takes.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(_FOLDER)}
