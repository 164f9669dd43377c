"""Says what a session has to say, on standard error: standard output and the rest of the terminal are the program's."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from ..shown import name
from .notes import Note

#: Lines in one second at most; what is beyond is counted.
_PER_SECOND = 10
_COLOURS = {
    "rejected": "red",
    "failed": "red",
    "error": "red",
    "unknown": "bold red",
    "waiting": "yellow",
    "settled": "green",
}


class Voice:
    """Lines for people, or JSON objects, one a line, for machines.

    Args:
        console: Standard error.
        machines: JSON.
        clock: `time.monotonic`.
    """

    def __init__(self, console: Console, machines: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._machines = machines
        self._clock = clock
        self._lock = threading.Lock()
        self._second = 0
        self._said = 0
        self._left_out = 0

    def note(self, note: Note) -> None:
        """A line about something that happened, unless there are too many."""
        with self._lock:
            if not self._room():
                self._left_out += 1
                return
            left_out, self._left_out = self._left_out, 0
            if self._machines:
                self._object({**note.as_json(), **({"left_out": left_out} if left_out else {})})
                return
            if left_out:
                self._line(Text(f"… {left_out} more orders, errors and warnings", style="dim"))
            self._line(_text(note))

    def say(self, event: str, sentence: str, **values: Any) -> None:
        """Print a sentence, or `values` as a JSON object."""
        with self._lock:
            if self._machines:
                self._object({"event": event, "text": sentence, **values})
            else:
                self._line(Text(sentence))

    def _room(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._said = second, 0
        self._said += 1
        return self._said <= _PER_SECOND

    def _object(self, value: dict[str, Any]) -> None:
        self._write(json.dumps(value, default=str) + "\n")

    def _line(self, text: Text) -> None:
        # Not printed by the console itself, which ends the process where nobody reads.
        with self._console.capture() as captured:
            self._console.print(Text.assemble(("botobs ", "dim"), text))
        self._write(captured.get())

    def _write(self, text: str) -> None:
        # The program runs on where nobody reads any more, as after `2>&1 | head`, and where a log's disk is full.
        file = self._console.file
        try:
            file.write(text)
            file.flush()
        except OSError:
            _discard(file)


def _discard(file: IO[str]) -> None:
    """Empty a file's buffer: what stays in it fails anew at our own end, and makes another exit code of it."""
    kept, nowhere = os.dup(file.fileno()), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, file.fileno())
        file.flush()
        os.dup2(kept, file.fileno())
    finally:
        os.close(kept)
        os.close(nowhere)


def _text(note: Note) -> Text:
    moment = time.strftime("%H:%M:%S", time.localtime(note.time))
    text = Text.assemble((f"{moment} ", "dim"), f"{name(note.service)} ")
    if note.kind == "order":
        text.append(f"order {note.outcome} ", _COLOURS.get(note.outcome, "green"))
    else:
        text.append(f"{note.kind} ", "red" if note.kind == "error" else "yellow")
    text.append(name(note.text))
    if note.duration is not None:
        text.append(f"  {note.duration * 1000:.0f} ms")
    if note.trace_id and note.outcome != "waiting":
        text.append(f"  {note.trace_id}", "dim")
    return text
