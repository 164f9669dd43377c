"""One session of `botobs dev`: the receiver, the program, what is said of it, and the summary."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from ..._sdk.export.destination import address
from ..._sdk.export.journal_file import Left, announced, deliver_left
from ..._sdk.export.submission_spans import encode_left
from ..._sdk.redaction import Redactor
from ..._sdk.settings import state_folder
from ..embedded import otlp
from ..embedded.receiver import Receiver
from ..embedded.store import LIMIT, Store, path_in
from ..errors import StackError
from ..home import state
from ..home.home import Home
from .address import listen
from .child import Child, still_running
from .notes import Notes
from .tally import Tally
from .voice import Voice

#: Seconds between two looks at the store's limits and for a stack.
_LOOK = 1.0
#: Share of the limit at which a session says that it is outgrown, and of the time that may be spent on receiving.
_FULL, _BUSY = 0.8, 0.5
#: Seconds over which that time is measured.
_SPAN = 10.0
#: Seconds that a stack has at the end to take what it has not taken yet.
_HANDING_OVER = 10.0
#: Seconds that processes of the program have to end after it.
_ENDING = 2.0
#: Addresses of single signals and credentials that are for another collector.
_OTHERS = ("BOTOBS_TOKEN", "BOTOBS_TOKEN_FILE", "BOTOBS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS",
           "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
           "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")  # fmt: skip


class Session:
    """A program and the store that takes its telemetry.

    Args:
        home: Where the store is, and the stack that takes over one day.
        command: The program and its arguments; `command[0]` is its path.
        environ: The program's environment, without the address.
        voice: Says what there is to say.
        limit: Bytes that the store holds at most.
    """

    def __init__(
        self, home: Home, command: Sequence[str], environ: Mapping[str, str], voice: Voice, limit: int = LIMIT
    ) -> None:
        self._home = home
        self._voice = voice
        self._tally = Tally()
        self._notes = Notes()
        #: How many requests could not be kept, by the reason.
        self._unkept: Counter[str] = Counter()
        kept = {name: value for name, value in environ.items() if name not in _OTHERS}
        self._environ = environ
        self._child = Child(command[0], command, kept)
        self._ended = threading.Event()
        home.create()
        self._store = Store(path_in(home), limit)
        self._receiver = listen(
            path_in(home).with_name("address"),
            lambda port, path: Receiver(self._store, port, path, watch=self._watch, unkept=self._say_unkept),
        )
        self._looker = threading.Thread(target=self._look, name="limits", daemon=True)

    def __enter__(self) -> Self:
        self._child.hold_signals()
        self._receiver.start()
        self._looker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._looker.join()
        self._receiver.stop()
        self._store.close()
        self._child.release_signals()

    def run(self) -> int:
        """Run the program and sum up; returns its wait status.

        Raises:
            StackError: The program cannot be started.
        """
        began = time.monotonic()
        endpoint = self._receiver.endpoint
        self._child.start(
            {
                "BOTOBS_ENDPOINT": endpoint,
                # For programs that use OpenTelemetry's SDK without botobs.
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            }
        )
        status = self._child.wait()
        seconds = time.monotonic() - began
        try:
            self._take_left()
            self._sum_up(status, seconds)
        except (OSError, sqlite3.Error, StackError) as error:
            # The program's end is not ours to change.
            self._voice.say("problem", f"There is no summary: {error}", reason=str(error))
        return status

    def _take_left(self) -> None:
        """Take the orders that the program had in flight when it was killed, and has not reported."""
        state_dir = state_folder(self._environ)
        for directory in (state_dir, *announced(state_dir)):
            deliver_left(directory, self._take_submissions)

    def _take_submissions(self, left: Left) -> bool | None:
        if left.destination != address(self._receiver.endpoint, "", {}):
            return None
        if left.orders:
            body, _ = encode_left(left.resource, left.orders, Redactor())
            try:
                self._receiver.take("traces", otlp.parse("traces", body))
            except sqlite3.Error as error:
                self._say_unkept(str(error))
                return False
        return True

    def _watch(self, signal: str, request: Any) -> None:
        notes = list(self._notes.of(signal, request))
        self._tally.take(signal, request, notes)
        for note in notes:
            self._voice.note(note)

    def _say_unkept(self, reason: str) -> None:
        self._unkept[reason] += 1
        if self._unkept[reason] == 1:
            self._voice.say(
                "unkept",
                f"What is received cannot be kept: {reason}. The program holds some of it back, and sends it again.",
                reason=reason,
            )

    def _look(self) -> None:
        """Say once that the store is outgrown, and once that a stack takes over."""
        said: set[str] = set()
        busy, since = 0.0, time.monotonic()
        while not self._ended.wait(_LOOK):
            if "stack" not in said and self._stack() is not None:
                said.add("stack")
                waiting = self._store.waiting
                self._voice.say(
                    "stack",
                    f"The stack in {self._home.path} takes over: {waiting} requests wait.",
                    waiting=waiting,
                )
            if "full" not in said and self._store.bytes > self._store.limit * _FULL:
                said.add("full")
                self._outgrown(f"it holds {_FULL:.0%} of at most {self._store.limit / 2**20:.0f} MiB, after which "
                               "the oldest is dropped")  # fmt: skip
            if time.monotonic() - since >= _SPAN:
                share = (self._receiver.busy - busy) / (time.monotonic() - since)
                busy, since = self._receiver.busy, time.monotonic()
                if "busy" not in said and share > _BUSY:
                    said.add("busy")
                    self._outgrown(
                        f"it spends {share:.0%} of the time on receiving, and {_BUSY:.0%} is its limit"
                    )

    def _outgrown(self, limit: str) -> None:
        self._voice.say(
            "outgrown",
            f"The embedded store is outgrown: {limit}. botobs up takes over what it has.",
            limit=limit,
        )

    def _stack(self) -> state.Running | None:
        return state.find(self._home)

    def _sum_up(self, status: int, seconds: float) -> None:
        if self._stack() is not None:
            deadline = time.monotonic() + _HANDING_OVER
            while self._store.waiting and time.monotonic() < deadline:
                time.sleep(0.1)
        waiting, dropped, unkept = self._store.waiting, self._store.dropped, self._unkept.total()
        running = self._still_running()
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        self._voice.say(
            "summary",
            "\n".join(self._summary(seconds, how, waiting, dropped, running)),
            seconds=round(seconds, 3), ended=how, waiting=waiting, dropped=dropped, unkept=unkept,
            still_running=running, **self._tally.as_json(),
        )  # fmt: skip

    def _still_running(self) -> int:
        """How many processes of the program go on; helpers such as those of multiprocessing end a moment later."""
        deadline = time.monotonic() + _ENDING
        while found := still_running("BOTOBS_ENDPOINT", self._receiver.endpoint):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        return found

    def _summary(self, seconds: float, how: object, waiting: int, dropped: int, running: int) -> list[str]:
        lines = [f"ended with {how} after {seconds:.1f} s"]
        if running:
            lines.append(
                f"  {running} processes that it has started go on, and nothing of them is received any more"
            )
        if self._unkept:
            reasons = "; ".join(self._unkept)
            lines.append(f"  {self._unkept.total()} times what was received could not be kept: {reasons}")
        elif self._tally.empty:
            lines.append("  nothing was received: the program does not use botobs, or names another endpoint")
        if self._tally.empty:
            return lines
        lines.append(f"  {self._tally.sentence()}")
        if (slowest := self._tally.slowest) is not None:
            milliseconds = (slowest.duration or 0.0) * 1000
            lines.append(f"  slowest order {milliseconds:.0f} ms: {slowest.text}  {slowest.trace_id}")
        if dropped:
            lines.append(f"  {dropped} requests were dropped: the store was full")
        if self._stack() is not None:
            lines.append(
                "  the stack has all of it" if not waiting else f"  {waiting} requests wait for the stack"
            )
        home = "" if self._home == Home.from_environ() else f" --home {self._home.path}"
        lines.append(
            f"  look closer: botobs traces{home}, botobs orders{home}; botobs up{home} takes it over"
        )
        return lines
