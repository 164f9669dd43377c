"""What the demo shows of the programs that are still to come."""

from __future__ import annotations

from .._ops.programs.binaries import Missing


class Gathering:
    """How far each program is; written by the thread that gets them."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}
        self.notes: list[str] = []

    def plan(self, missing: list[Missing]) -> None:
        """Set the programs that will be built or fetched, in order."""
        self._states |= {item.program: "waits" for item in missing}

    def note(self, text: str) -> None:
        """Keep a message for the person who waits."""
        self.notes.append(text)

    def start(self, item: Missing, verb: str) -> None:
        """Begin to build or fetch `item`."""
        self._states[item.program] = verb

    def advance(self, item: Missing, done: int, total: int) -> None:
        """`done` of `total` parts of `item` are there."""
        verb = self._states[item.program].partition(" ")[0]
        self._states[item.program] = f"{verb} {done / total:.0%}"

    def finish(self, item: Missing) -> None:
        """Note that `item` is ready."""
        self._states[item.program] = "done"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Return each program with its progress, as text."""
        return list(self._states.items())

    @property
    def sentence(self) -> str:
        """Return the progress of all programs in one line."""
        if not self._states:
            return "still to come: the backends"
        open_ones = [f"{program} {state}" for program, state in self._states.items() if state != "done"]
        return f"still to come: {', '.join(open_ones)}" if open_ones else "the backends start"
