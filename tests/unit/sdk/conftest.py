"""Fixtures of the SDK's tests: a receiver, a quiet environment, and an end to whatever a test started."""

from __future__ import annotations

import ipaddress
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import botobs
from testbed.otlp_receiver import OtlpReceiver, server_context

ROOT = Path(__file__).parents[3]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """What records; modules that ask for both parametrize it."""
    return str(getattr(request, "param", "stock"))


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    botobs.shutdown(1.0)


@pytest.fixture
def init(receiver: OtlpReceiver, engine: str, tmp_path: Path) -> Callable[..., botobs.Handle]:
    """`botobs.init` into the receiver, with nothing from the machine's environment and no library watched."""

    def call(service_name: str = "tested", **arguments: Any) -> botobs.Handle:
        given = {
            "service_name": service_name,
            "endpoint": receiver.endpoint,
            "disabled_instrumentations": ["all"],
            "engine": engine,
            "environ": {"HOME": str(tmp_path)},
            **arguments,
        }
        return botobs.init(**given)

    return call


@pytest.fixture
def environment(receiver: OtlpReceiver, engine: str, tmp_path: Path) -> dict[str, str]:
    """Variables of a process that reports to the receiver."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "BOTOBS_SERVICE_NAME": "tested",
        "BOTOBS_ENDPOINT": receiver.endpoint,
        "BOTOBS_DISABLED_INSTRUMENTATIONS": "all",
        "BOTOBS_ENGINE": engine,
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts programs; those that still run at the end of the test are killed."""
    started: list[subprocess.Popen[str]] = []

    def call(program: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(program), *arguments],
            env=environment | variables,
            cwd=tmp_path,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """TLS for a receiver at 127.0.0.1, and the file with its authority."""
    # Not every Python has a release of it; other tests run without.
    from cryptography import x509

    from tests.support.certificates import self_signed

    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate, key = self_signed(tmp_path_factory.mktemp("tls"), "server", "botobs test", here)
    return server_context(certificate, key), certificate
