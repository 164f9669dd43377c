"""Messages that have reached their readers."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

#: How `alertmanager/templates` and the dead-man's switch write subjects: what, how many, where, since when.
_SUBJECT = re.compile(
    r"\A\[(?P<severity>\w+)\] (?P<alert>\w+)(?: \((?P<count>\d+(?: of \d+)?)\))?: (?P<where>.*), since (?P<since>.*)"
)


@dataclass(frozen=True)
class Message:
    """A message that has reached its reader.

    Attributes:
        channel: `email` or `slack`.
        subject: Subject line, or title.
        text: Body, as plain text.
        at: When it came, in seconds since the epoch.
    """

    channel: str
    subject: str
    text: str
    at: float

    @property
    def alert(self) -> str:
        """Name of the alert, or an empty string when the subject is not one of ours."""
        match = _SUBJECT.fullmatch(self.subject)
        return match["alert"] if match else ""

    @property
    def since(self) -> float | None:
        """When the first of its alerts began to fire, in seconds since the epoch; None if it does not say."""
        match = _SUBJECT.fullmatch(self.subject)
        try:
            return (
                datetime.strptime(f"{match['since']}+0000", "%Y-%m-%d %H:%M:%S UTC%z").timestamp()
                if match
                else None
            )
        except ValueError:
            return None

    @property
    def resolved(self) -> bool:
        """Whether it says that the alert is over."""
        return self.subject.startswith("[RESOLVED]")

    def describe(self) -> dict[str, Any]:
        """The message as JSON."""
        return asdict(self)


class Inbox:
    """Messages of all channels, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: list[Message] = []

    def add(self, channel: str, subject: str, text: str) -> None:
        """Add a received message."""
        message = Message(channel, subject, text, time.time())
        with self._lock:
            self._messages.append(message)

    def since(self, at: float = 0.0) -> list[Message]:
        """The messages that were received at `at` or later, in seconds since the epoch."""
        with self._lock:
            return [message for message in self._messages if message.at >= at]
