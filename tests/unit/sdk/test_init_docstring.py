"""The docstring of `init` says about each setting what the table of settings says."""

from __future__ import annotations

import inspect
import textwrap

import botobs
from botobs._sdk.settings import TABLE


def test_the_docstring_of_init_repeats_the_table_of_settings() -> None:
    wanted = "\n".join(
        textwrap.fill(f"{name}: {setting.doc}", 112, initial_indent=" " * 4, subsequent_indent=" " * 8)
        for name, setting in TABLE.items()
    )
    arguments, _, rest = (
        (inspect.getdoc(botobs.init) or "").partition("Args:\n")[2].partition("    environ: ")
    )
    assert rest, "no argument `environ` is described"
    assert arguments.rstrip() == wanted, f"copy this into the docstring, eight spaces deep:\n{wanted}"
