"""Keeps the unsettled orders of this process in a file, and takes over those of the service's ended processes.

The files are below `botobs-unsettled`, in `spool_dir` or, without it, in the user's state folder, one folder for each
process that has unsettled orders. The rules for what may be touched there are those of the spool (`spool_folder`).
Of two stacks of a user on one machine each keeps its orders: a process takes over those of the stack that it sends to.
Used by the export thread alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import Descriptor
from ..orders.unsettled import UNSETTLED, Settlement, Unsettled, UnsettledOrder
from ..safe import number_of, text_of
from .spool_folder import Folder, open_base

if TYPE_CHECKING:
    from ..settings import Settings

SUBFOLDER = "botobs-unsettled"
#: Seconds between two looks for files of processes that have ended meanwhile.
LOOK_INTERVAL = 30.0
_NAME = "orders.json"
_PARTIAL = _NAME + ".part"
_NUMBERS = frozenset({"since", "unknown_since"})
_LONGEST = 256


class UnsettledFile:
    """The file of this process.

    Args:
        settings: Those in force: they change when a stack is found.
        unsettled: What it holds.

    Attributes:
        problem: Why nothing can be written, for a person; empty while it can.
    """

    def __init__(self, settings: Callable[[], Settings], unsettled: Unsettled = UNSETTLED) -> None:
        self._settings = settings
        self._unsettled = unsettled
        self._wake: Callable[[], None] = lambda: None
        self._reset()

    def _reset(self) -> None:
        self._folder: Folder | None = None
        self._base: Descriptor | None = None
        self._written = 0
        self._look_at = 0.0
        self._foreign: set[str] = set()
        self.problem = ""

    @property
    def settled(self) -> bool:
        """Whether no order is unsettled, and nothing is to be written."""
        return not self._unsettled.waiting and self._unsettled.changes == self._written

    def start(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, on any thread, when an order becomes unsettled."""
        self._wake = wake
        if self._doubted not in self._unsettled.on_doubt:
            self._unsettled.on_doubt.append(self._doubted)

    def _doubted(self, _order: UnsettledOrder) -> None:
        self._wake()

    def turn(self) -> None:
        """Take over what ended processes have left, if it is time to look, and write what has changed."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_INTERVAL
            for directory in self._directories():
                self._take_over(directory)
        if self._unsettled.changes != self._written:
            self._written = self._unsettled.changes
            self._save()

    def close(self) -> None:
        """Let go of the file, which the service's next process takes over."""
        if self._doubted in self._unsettled.on_doubt:
            self._unsettled.on_doubt.remove(self._doubted)
        if self._folder is not None and self._base is not None:
            self._folder.release()
            self._base.close()
        self._reset()

    def after_fork(self) -> None:
        """In a forked child: the file is the parent's."""
        if self._folder is not None and self._base is not None:
            self._folder.forget()
            self._base.close()
        self._reset()

    def _directories(self) -> list[Path]:
        settings = self._settings()
        return [path for path in (settings.spool_dir, settings.state_dir) if path is not None]

    def _save(self) -> None:
        orders, settled = self._unsettled.contents()
        if not orders and not settled:
            if self._folder is not None:
                self._folder.remove(_NAME)
            return
        content = json.dumps(
            {
                "service": self._service(),
                "stack": self._stack(),
                "orders": [asdict(order) for order in orders],
                "settled": [asdict(each) for each in settled],
            }
        ).encode()
        if self._folder is None:
            self._open()
        if self._folder is None:
            return
        try:
            # Of a write that was cut off.
            self._folder.remove(_PARTIAL)
            self._folder.write(_NAME, content)
            self.problem = ""
        except OSError as error:
            self.problem = f"unsettled orders are lost with the process: {error}"
            # Tried again at the next turn.
            self._written = -1

    def _open(self) -> None:
        for directory in self._directories():
            try:
                self._base = open_base(directory, SUBFOLDER)
                try:
                    self._folder = Folder.create(self._base)
                    return
                except OSError:
                    self._base.close()
                    raise
            except OSError as error:
                self.problem = (
                    f"unsettled orders are lost with the process: {directory} cannot be used: {error}"
                )

    def _take_over(self, directory: Path) -> None:
        """Add to ours what the service's ended processes have left in a directory."""
        try:
            base = open_base(directory, SUBFOLDER, create=False)
        except OSError:
            # Nothing was ever left here, or it cannot be used.
            return
        try:
            with suppress(OSError):
                for folder in Folder.abandoned(base, self._foreign):
                    try:
                        self._take(folder)
                    finally:
                        folder.release()
        finally:
            base.close()

    def _take(self, folder: Folder) -> None:
        try:
            content = folder.read(_NAME)
        except OSError:
            # It has settled all of them.
            folder.remove(_PARTIAL)
            return
        found = _read(content)
        if found is None or found.service != self._service() or self._has_stack_of_its_own(found):
            self._foreign.add(folder.name)
            return
        self._unsettled.take_over(found.orders, found.settled)
        # Written to our own file first: a crash between the two leaves them twice, which is once.
        self._written = self._unsettled.changes
        self._save()
        if self._folder is not None and not self.problem:
            folder.remove(_PARTIAL)
            folder.remove(_NAME)

    def _service(self) -> list[str]:
        settings = self._settings()
        return [settings.service_name, settings.environment or ""]

    def _stack(self) -> str:
        stack = self._settings().stack
        return "" if stack is None else str(stack.home)

    def _has_stack_of_its_own(self, left: _Left) -> bool:
        """Whether these orders belong to another stack, whose services will go on with them."""
        own = self._stack()
        return bool(own and left.stack) and left.stack != own and Path(left.stack).is_dir()


@dataclass(frozen=True)
class _Left:
    """What a process has left: who it was, the home of the stack that it sent to, if it was one, and its orders."""

    service: list[str]
    stack: str
    orders: list[UnsettledOrder]
    settled: list[Settlement]


def _read(content: bytes) -> _Left | None:
    """The content of a file; None for what is none of ours."""
    try:
        read = json.loads(content)
        service = [text_of(part) for part in read["service"]]
        settled = [
            Settlement(_order(each["order"]), text_of(each["outcome"])[:_LONGEST], float(each["at"]))
            for each in read["settled"]
        ]
        orders = [_order(each) for each in read["orders"]]
        return _Left(service, text_of(read.get("stack", "")), orders, settled)
    except (AttributeError, ValueError, KeyError, TypeError):
        return None


def _order(raw: dict[str, Any]) -> UnsettledOrder:
    known: dict[str, Any] = {}
    for name in (each.name for each in fields(UnsettledOrder)):
        if name in raw:
            value = raw[name]
            if name in _NUMBERS:
                known[name] = number_of(value) or 0.0
            else:
                known[name] = int(value) if name == "number" else text_of(value)[:_LONGEST]
    return UnsettledOrder(**known)
