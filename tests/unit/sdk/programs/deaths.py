"""Dies of an exception that nobody catches, in the way that its argument names; in a console it lives on."""

from __future__ import annotations

import asyncio
import code
import runpy
import sys
from pathlib import Path

import botobs


def raises() -> None:
    raise ValueError("mine")


def in_asyncio() -> None:
    async def main() -> None:
        raise ValueError("mine")

    asyncio.run(main())


def in_runpy() -> None:
    Path("raising.py").write_text("raise ValueError('mine')\n", encoding="utf-8")
    runpy.run_path("raising.py")


def unseen() -> None:
    sys.excepthook = lambda *_: None
    raise ValueError("mine")


def in_a_console() -> None:
    code.InteractiveInterpreter().runsource("1/0")
    assert type(sys.last_value) is ZeroDivisionError and not hasattr(sys, "ps1")


if __name__ == "__main__":
    botobs.init()
    globals()[sys.argv[1]]()
