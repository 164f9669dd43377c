"""Files of a person's own, in `custom/` of a stack's home: laid over the configuration that comes with botobs."""

from __future__ import annotations

from .check import Checker, Fault, check, receivers_of, require, unreadable
from .folders import FOLDERS, files, make, unread
from .names import taken
from .overlay import lay_over

__all__ = [
    "FOLDERS",
    "Checker",
    "Fault",
    "check",
    "files",
    "lay_over",
    "make",
    "receivers_of",
    "require",
    "taken",
    "unread",
    "unreadable",
]
