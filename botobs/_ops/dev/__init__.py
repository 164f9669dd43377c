"""Runs a program with an embedded store in place of a stack: live lines, and a summary at the end."""

from __future__ import annotations

from .session import Session

__all__ = ["Session"]
