"""Secrets planted where a service has some in its libraries are not in the bytes that leave.

Every exchange that ccxt knows is driven by the integration tests; here are the libraries, with both engines.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver
from tests.integration.sdk.programs.canary import MARK, SHORT
from tests.support.postgres import Postgres, postgres_server

Start = Callable[..., "subprocess.Popen[str]"]
pytestmark = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
PATIENCE = 180
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as server:
        yield server


@pytest.mark.parametrize(
    ("program", "proof"),
    [
        ("aiohttp", b"127.0.0.1"),
        ("httpx_and_requests", b"127.0.0.1"),
        ("sqlalchemy", b"INSERT INTO keys"),
        ("postgres", b"SELECT missing"),
        ("logs", b"signed"),
        ("exchanges", b"create_order binance"),
    ],
)
def test_no_secret_leaves(
    start: Start, receiver: OtlpReceiver, postgres: Postgres, program: str, proof: bytes
) -> None:
    process = start(
        PROGRAMS / f"canary_{program}.py",
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_SPAN_INTERVAL="0.1",
        BOTOBS_METRIC_INTERVAL="0.2",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_LOGS="true",
        POSTGRES_URL=replace(postgres, password=SHORT).url,
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    # What was planted was recorded at all.
    assert proof in receiver.raw
    assert len(receiver.spans) >= 4
    places = [span.name for span in receiver.spans if MARK.encode() in span.SerializeToString()]
    assert places == []
    assert [log.body.string_value for log in receiver.logs if MARK.encode() in log.SerializeToString()] == []
    assert MARK.encode() not in receiver.raw
