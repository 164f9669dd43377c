"""Other Pythons than the tests' own: the unit tests of what runs in a service, in Debians that have them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable

import pytest

from tests.support.debian import Debian

PYTHONS = {
    "3.13": Debian("trixie", "python3.13"),
    "3.14": Debian("sid", "python3.14"),
    "3.15": Debian(
        "sid",
        "python3.15",
        packages=["gcc", "libffi-dev", "python3.15-dev"],
        without=["uvloop", "zlib-ng"],
    ),
}
#: Folders of `tests/unit`: the SDK's wing, not the operator's.
PARTS = ("engine", "exchange", "instrument", "orders", "same", "sdk", "settings", "testing", "trading")
#: The checkout cannot be written to.
VARIABLES = {
    "HOME": "/root",
    "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",
    "LANG": "C.UTF-8",
    "PATH": os.environ["PATH"],
    "PYTHONPYCACHEPREFIX": "/tmp/pycache",
}


@pytest.fixture(scope="module", params=PYTHONS)
def debian(request: pytest.FixtureRequest) -> Debian:
    """A Debian with one Python and the locked dependencies."""
    if os.geteuid() != 0:
        pytest.fail("A change of the root needs root; run the lane as root.")
    debian = PYTHONS[request.param]
    debian.make()
    return debian


@pytest.mark.parametrize("part", PARTS)
def test_the_tests_of_a_part(
    debian: Debian, part: str, record_property: Callable[[str, object], None]
) -> None:
    pytest_words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal")
    command = debian.command(f"{debian.environment}/bin/python", *pytest_words, f"tests/unit/{part}")
    done = subprocess.run(command, env=VARIABLES, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    record_property(f"{debian.version} {part}", lines[-1] if lines else "")
    assert done.returncode == 0, "\n".join([*lines[-60:], done.stderr])
