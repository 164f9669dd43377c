"""Finds a stack on this machine that starts after the service, or restarts on other ports."""

from __future__ import annotations

from ..settings import Settings, Stack, follow
from .sender import Sender


class Discovery:
    """Looks for the stack on this machine, on the export thread.

    Attributes:
        settings: The settings, with the address and credentials of the stack that was found last.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._seen: Stack | None = None

    def look(self) -> Sender | None:
        """A sender to the stack that runs now; None if none runs, or it is the one that was found before."""
        found = follow(self.settings)
        if found is None or found[0] == self._seen:
            return None
        try:
            sender = Sender(found[1])
        except Exception:
            # Its files are being written or removed at this moment.
            return None
        self._seen, self.settings = found
        return sender
