"""The embedded store: requests of OTLP as they came, and an index of their spans, in one SQLite file of bounded size.

Several processes use it at once: sessions write, commands read, and a stack takes over what has not been handed over.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...semconv import exchange
from ..errors import StackError
from ..home.home import Home
from ..home.private import make_folder
from . import otlp

#: Bytes that the store holds at most, by default.
LIMIT = 256 * 2**20
#: Share of the limit that is freed at once when it is reached, and requests that are deleted in one step.
_FREED, _STEP = 0.05, 20
#: Seconds that a writer waits for another process.
_PATIENCE = 30.0
_VERSION = 1
_SCHEMA = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signal TEXT NOT NULL,
    received REAL NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting'
);
CREATE INDEX requests_by_state ON requests (state, id);
CREATE TABLE spans (
    trace_id BLOB NOT NULL,
    span_id BLOB NOT NULL,
    parent_id BLOB NOT NULL,
    request INTEGER NOT NULL,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns INTEGER NOT NULL,
    error INTEGER NOT NULL,
    client_order_id TEXT,
    order_id TEXT,
    PRIMARY KEY (trace_id, span_id)
) WITHOUT ROWID;
CREATE INDEX spans_by_request ON spans (request);
CREATE INDEX spans_by_start ON spans (start_ns);
CREATE INDEX spans_by_name ON spans (name, start_ns);
CREATE INDEX spans_by_client_order_id ON spans (client_order_id) WHERE client_order_id IS NOT NULL;
CREATE INDEX spans_by_order_id ON spans (order_id) WHERE order_id IS NOT NULL;
CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


def path_in(home: Home) -> Path:
    """Where the store of a home is."""
    return home.data / "embedded" / "store.sqlite3"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that has not been handed over yet.

    Attributes:
        received: Seconds since the epoch.
        body: The export request in protobuf.
    """

    id: int
    signal: str
    received: float
    body: bytes


class Store:
    """The embedded store.

    Args:
        path: The file; it and its folder are made where they are not there.
        limit: Bytes that it holds at most. Beyond them the oldest requests are dropped, first of those that have been
            handed over.

    Raises:
        StackError: The file cannot be used.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self.path = path
        self.limit = limit
        self._lock = threading.Lock()
        try:
            make_folder(path.parent)
            # SQLite gives its other files the mode of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            self._database = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StackError(
                f"the store {path} cannot be used: {error}", "Move it elsewhere; a new one is made then."
            ) from None

    def _prepare(self) -> None:
        # What has been written stays when this process is killed; a loss of power may cost the last requests.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self._change():
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _SCHEMA.strip().split(";\n"):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise sqlite3.Error(f"it was written by another version of botobs (format {version})")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def add(self, signal: str, request: Any) -> bool:
        """Keep an export request; False where it is there already: senders repeat a request without a response.

        Raises:
            sqlite3.Error: It cannot be kept.
        """
        body = request.SerializeToString()
        row = (signal, time.time(), hashlib.sha256(body).digest(), gzip.compress(body, compresslevel=1))
        with self._change():
            added = self._database.execute(
                "INSERT OR IGNORE INTO requests (signal, received, digest, body) VALUES (?, ?, ?, ?)", row
            )
            if added.rowcount == 0:
                return False
            if signal == "traces":
                self._index(added.lastrowid, request)
            self._make_room()
        return True

    def _index(self, number: int | None, request: Any) -> None:
        rows = []
        for resource, span in otlp.spans(request):
            ids = {item.key: otlp.plain(item.value) for item in span.attributes if item.key in _ORDER_IDS}
            rows.append(
                (
                    span.trace_id, span.span_id, span.parent_span_id, number,
                    str(resource.get("service.name", "unknown")), span.name,
                    _signed(span.start_time_unix_nano), _signed(span.end_time_unix_nano),
                    span.status.code == span.status.STATUS_CODE_ERROR,
                    *(ids.get(name) for name in _ORDER_IDS),
                )
            )  # fmt: skip
        marks = ", ".join("?" * 11)
        self._database.executemany(f"INSERT OR IGNORE INTO spans VALUES ({marks})", rows)

    def _make_room(self) -> None:
        if self._bytes() <= self.limit:
            return
        while self._bytes() > self.limit * (1 - _FREED):
            oldest = self._database.execute(
                "SELECT id, state FROM requests ORDER BY state = 'waiting', id LIMIT ?", (_STEP,)
            ).fetchall()
            if not oldest:
                return
            numbers = [(number,) for number, _ in oldest]
            self._count("dropped", sum(state == "waiting" for _, state in oldest))
            self._database.executemany("DELETE FROM spans WHERE request = ?", numbers)
            self._database.executemany("DELETE FROM requests WHERE id = ?", numbers)

    def _count(self, name: str, more: int) -> None:
        self._database.execute(
            "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value",
            (name, more),
        )

    @property
    def bytes(self) -> int:
        """Size of the content in bytes."""
        with self._lock:
            return self._bytes()

    def _bytes(self) -> int:
        figures = (self._database.execute(f"PRAGMA {name}").fetchone()[0] for name in _PAGES)
        pages, free, size = figures
        return int((pages - free) * size)

    @property
    def dropped(self) -> int:
        """Requests that were dropped for lack of room before they had been handed over."""
        found = self.rows("SELECT value FROM counts WHERE name = 'dropped'")
        return int(found[0][0]) if found else 0

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """The rows of an SQL query."""
        with self._lock:
            return self._database.execute(query, parameters).fetchall()

    def requests(self, numbers: Sequence[int]) -> Iterator[Any]:
        """Export requests of traces, by their numbers."""
        for number in numbers:
            for (body,) in self.rows("SELECT body FROM requests WHERE id = ?", (number,)):
                yield otlp.parse("traces", gzip.decompress(body))

    @property
    def waiting(self) -> int:
        """Requests that have not been handed over."""
        return int(self.rows("SELECT count(*) FROM requests WHERE state = 'waiting'")[0][0])

    def next_waiting(self) -> Waiting | None:
        """The oldest request that has not been handed over."""
        found = self.rows(
            "SELECT id, signal, received, body FROM requests WHERE state = 'waiting' ORDER BY id LIMIT 1"
        )
        if not found:
            return None
        number, signal, received, body = found[0]
        return Waiting(number, signal, received, gzip.decompress(body))

    def settle(self, waiting: Waiting, state: str) -> None:
        """Note what became of a request: `delivered`, `rejected` or `too old`."""
        with self._change():
            self._database.execute("UPDATE requests SET state = ? WHERE id = ?", (state, waiting.id))

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")


#: Called with what has just been kept.
Watcher = Callable[[str, Any], None]

_ORDER_IDS = (exchange.ORDER_CLIENT_ID, exchange.ORDER_ID)
_PAGES = ("page_count", "freelist_count", "page_size")


def _signed(nanoseconds: int) -> int:
    """SQLite's integers are signed; what is beyond them is no time."""
    return min(nanoseconds, 2**63 - 1)
