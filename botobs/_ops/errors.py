"""What goes wrong in the stack, in words for the person who typed the command."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot be built, started or asked.

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
