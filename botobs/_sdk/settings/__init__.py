"""The settings of botobs, and where each value came from."""

from __future__ import annotations

from ._credentials import read_token
from ._load import SettingsError, follow, load, program_name
from ._shown import address as shown_address
from ._shown import text as shown_text
from ._table import TABLE, Problem, Setting, Settings
from .stack_file import NoStack, Stack, find_stack, stack_files, state_folder

__all__ = [
    "TABLE",
    "NoStack",
    "Problem",
    "Setting",
    "Settings",
    "SettingsError",
    "Stack",
    "find_stack",
    "follow",
    "load",
    "program_name",
    "read_token",
    "shown_address",
    "shown_text",
    "stack_files",
    "state_folder",
]
