"""A home in a folder: everything that a stack would miss, checked when it is taken and when it is put back."""

from __future__ import annotations

from ._places import restore_from, take_to
from ._restore import restore
from ._take import Taken, take

__all__ = ["Taken", "restore", "restore_from", "take", "take_to"]
