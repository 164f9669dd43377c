"""A service on another host gets in with what the how-to gives it, by the one door that is opened to it.

The other host is played by another address of this one, on which nothing listens that was not opened.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.cli import main
from botobs._ops.components.ports import PORTS
from testbed.stack import LiveStack
from tests.support.waiting import eventually

_ADDRESS = "127.0.0.2"
_SERVICE = Path(__file__).parent / "programs" / "elsewhere.py"


@pytest.fixture(scope="module")
def opened() -> Iterator[LiveStack]:
    """A stack whose telemetry ports are open to other hosts."""
    with LiveStack({"BOTOBS_OTLP_BIND": "0.0.0.0"}) as stack:
        assert main(["certs", "add-host", _ADDRESS, "--home", str(stack.home.path)]) == 0
        # The collector would read its new certificate within the hour.
        stack.call(stack.supervisor.hold("collector"))
        stack.call(stack.supervisor.resume("collector"))
        yield stack


def test_a_service_gets_in(opened: LiveStack, tmp_path: Path) -> None:
    token = tmp_path / "elsewhere.token"
    assert (
        main(["token", "create", "elsewhere", "--output", str(token), "--home", str(opened.home.path)]) == 0
    )
    certificate = tmp_path / "ca.pem"
    certificate.write_bytes((opened.home.secrets / "ca.pem").read_bytes())
    environ = {
        "PATH": os.environ["PATH"],
        "BOTOBS_HOME": str(tmp_path / "nothing"),
        "XDG_STATE_HOME": str(tmp_path / "nothing"),
        "BOTOBS_ENDPOINT": f"https://{_ADDRESS}:{opened.stack.values['BOTOBS_OTLP_HTTP_PORT']}",
        "BOTOBS_CERTIFICATE": str(certificate),
        "BOTOBS_TOKEN_FILE": str(token),
    }
    done = subprocess.run(
        [sys.executable, _SERVICE], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert eventually(lambda: opened.search('{resource.service.name="elsewhere"}'))


def test_no_other_door_is_open(opened: LiveStack) -> None:
    reachable = set()
    for port in PORTS:
        if port.variable in opened.stack.values:
            with socket.socket() as knock:
                if knock.connect_ex((_ADDRESS, int(opened.stack.values[port.variable]))) == 0:
                    reachable.add(port.variable)
    assert reachable == {"BOTOBS_OTLP_GRPC_PORT", "BOTOBS_OTLP_HTTP_PORT"}
