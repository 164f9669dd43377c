"""What botobs is told, and where each value came from."""

from __future__ import annotations

from ._load import SettingsError, follow, load, program_name
from ._stack import Stack, find_stack
from ._table import TABLE, Problem, Setting, Settings

__all__ = [
    "TABLE",
    "Problem",
    "Setting",
    "Settings",
    "SettingsError",
    "Stack",
    "find_stack",
    "follow",
    "load",
    "program_name",
]
