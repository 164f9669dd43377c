"""Finds the configuration folders: in the checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

from ..errors import StackError

_PACKAGE = Path(__file__).resolve().parents[2]


def root() -> Path:
    """The folder that holds `versions.toml`, `collector/`, `prometheus/` and the others.

    A wheel carries them as `botobs/_assets`; in a checkout they stand beside the package.

    Raises:
        StackError: Neither is there.
    """
    for candidate in (_PACKAGE / "_assets", _PACKAGE.parent):
        if (candidate / "versions.toml").is_file():
            return candidate
    raise StackError(
        f"the configuration files of the stack are missing: no versions.toml in {_PACKAGE / '_assets'} "
        f"or {_PACKAGE.parent}",
        "Install botobs from a wheel, or run it from a complete checkout.",
    )
