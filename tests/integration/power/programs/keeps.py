"""Changes what botobs keeps, again and again, and says as JSON what is done: `keeps.py KIND FOLDER`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.access import audit, secrets, tokens
from botobs._ops.backup import take
from botobs._ops.embedded.store import Store
from botobs._ops.home.home import Home
from botobs._ops.home.private import write_secret
from botobs._ops.settings import file as settings_file
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.store import Batch
from botobs._sdk.export.unsettled_file import UnsettledFile
from botobs._sdk.orders import Unsettled, UnsettledOrder
from botobs._sdk.settings import Settings

_TIMES = 4


def _carelessly(folder: Path) -> Iterator[object]:
    """As one would without thinking of it, to see that the tests see it."""
    for number in range(_TIMES):
        (folder / "new").write_text(f"content {number}")
        (folder / "new").replace(folder / "file")
        yield number


def _secret(folder: Path) -> Iterator[object]:
    for number in range(_TIMES):
        write_secret(folder / "file", f"content {number}")
        yield number


def _tokens(folder: Path) -> Iterator[object]:
    for number in range(_TIMES):
        yield tokens.create(folder, f"service-{number}").value


def _settings(folder: Path) -> Iterator[object]:
    for number in range(_TIMES):
        settings_file.write(Home(folder), {"BOTOBS_PROMETHEUS_RETENTION": f"{number + 1}d"})
        yield number


def _certificates(folder: Path) -> Iterator[object]:
    for _ in range(2):
        secrets.ensure(folder)
        yield "made"
        # As good as expired: the next start makes another.
        (folder / "server.pem").unlink()


def _spool(folder: Path) -> Iterator[object]:
    spool = Spool(folder, 2**20, 3600)
    for number in range(_TIMES):
        assert not spool.add(Batch("traces", Priority.CRITICAL, f"batch {number}".encode() * 200, 1))
        yield number


def _unsettled(folder: Path) -> Iterator[object]:
    orders = Unsettled()
    file = UnsettledFile(lambda: Settings(service_name="engine", state_dir=folder), orders)
    for number in range(_TIMES):
        orders.doubt(UnsettledOrder("binance", f"order-{number}"))
        file.turn()
        yield f"order-{number}"


def _audit(folder: Path) -> Iterator[object]:
    for number in range(_TIMES):
        audit.record(Home(folder), "try", "ada", number=number)
        yield number


def _store(folder: Path) -> Iterator[object]:
    store = Store(folder / "store.db")
    for number in range(_TIMES):
        request = ExportTraceServiceRequest()
        span = request.resource_spans.add().scope_spans.add().spans.add()
        span.trace_id, span.span_id = bytes([number + 1] * 16), bytes([number + 1] * 8)
        store.add("traces", request)
        yield number


def _backup(folder: Path) -> Iterator[object]:
    """The home is the folder before; its backup is what the power goes at."""
    for number in range(2):
        take(Home(folder.parent / "home"), folder / f"backup-{number}", None)
        yield f"backup-{number}"


KINDS: dict[str, Callable[[Path], Iterator[object]]] = {
    "carelessly": _carelessly,
    "secret": _secret,
    "tokens": _tokens,
    "settings": _settings,
    "certificates": _certificates,
    "spool": _spool,
    "unsettled": _unsettled,
    "audit": _audit,
    "store": _store,
    "backup": _backup,
}

if __name__ == "__main__":
    for done in KINDS[sys.argv[1]](Path(sys.argv[2])):
        print(json.dumps([time.time(), done]), flush=True)
