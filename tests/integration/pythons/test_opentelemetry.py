"""Every OpenTelemetry of more than a year: installed in its matching pair of core and instrumentations, and run."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

import pytest

from tests.support import small_service
from tests.support.environments import environment

#: Core and instrumentations, as they were released together: the last of each minor release. 1.45.2 came without the
#: instrumentation of aiohttp.
RELEASES = [
    ("1.38.0", "0.59b0"),
    ("1.39.1", "0.60b1"),
    ("1.40.0", "0.61b0"),
    ("1.41.1", "0.62b1"),
    ("1.42.1", "0.63b1"),
    ("1.43.0", "0.64b0"),
    ("1.44.0", "0.65b0"),
    ("1.45.1", "0.66b1"),
]
_CORE = ("api", "sdk", "exporter-otlp-proto-http")
_INSTRUMENTATIONS = ("aiohttp-client", "aiohttp-server", "asyncpg", "sqlalchemy", "sqlite3")


@functools.cache
def python_of(core: str, instrumentations: str) -> Path:
    """The Python of an environment with one release, and the oldest libraries that it is tried with."""
    return environment(
        f"opentelemetry-{core}",
        [
            *(f"opentelemetry-{name}=={core}" for name in _CORE),
            *(f"opentelemetry-instrumentation-{name}=={instrumentations}" for name in _INSTRUMENTATIONS),
            "aiohttp>=3.10",
            "psutil>=6",
            "pytest>=8",
            "sqlalchemy>=2,<2.1",
            "wrapt>=1.16",
        ],
    )


@pytest.mark.parametrize("engine", ["fast", "stock"])
@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release[0])
def test_everything_arrives(release: tuple[str, str], engine: str, tmp_path: Path) -> None:
    command = [python_of(*release), small_service.PROGRAM]
    assert small_service.arrives(command, engine, tmp_path) == release[0]


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release[0])
def test_the_plugin_of_pytest(release: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "test_capture.py").write_text(
        "import botobs, logging\n"
        "def test_it(botobs_capture):\n"
        "    with botobs.span('seen'):\n"
        "        logging.error('said')\n"
        "    assert [span.name for span in botobs_capture.spans] == ['seen']\n"
    )
    done = subprocess.run(
        [python_of(*release), "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=small_service.PATIENCE,
    )
    assert done.returncode == 0, done.stdout
