"""Errors that a command prints as a sentence, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """The text says, in its first line, what is wrong, and in further lines what to do next."""


class StackError(UserError):
    """The stack cannot be built, started or queried.

    Args:
        problem: One sentence that says what is wrong.
        way_out: What to do next; may have several lines.
    """

    def __init__(self, problem: str, way_out: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.problem}\n{self.way_out}" if self.way_out else self.problem
