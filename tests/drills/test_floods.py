"""Strangers and one holder of a token do what they can to keep others from sending; the others go on."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from botobs._ops.access import tokens
from testbed.otlp_load import Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support import configs
from tests.support.waiting import eventually

#: What a container with the collector may take in the Helm chart, in MiB; and the intake: its limit and its program.
_COLLECTOR_MIB, _INTAKE_MIB = 640, 400
_KINDS = ("idle", "handshakes", "streams", "resets", "unpacked", "tiny", "slow")


@pytest.fixture(scope="module")
def besieged() -> Iterator[LiveStack]:
    """A stack of which nobody else expects anything."""
    with LiveStack() as stack:
        yield stack


def _flood(live: LiveStack, kind: str) -> subprocess.Popen[str]:
    token = tokens.create(live.home.secrets, "flooder").value
    port = live.stack.values["BOTOBS_OTLP_HTTP_PORT"]
    authority = str(live.home.secrets / "ca.pem")
    command = [sys.executable, "-m", "tests.drills.programs.flood", kind, port, authority, token]
    return subprocess.Popen(command, cwd=configs.ROOT, stdout=subprocess.PIPE, text=True)


def _memory(live: LiveStack, part: str) -> float:
    return psutil.Process(live.supervisor.status[part].pid).memory_info().rss / 2**20


def _rate(live: LiveStack, seconds: float) -> tuple[float, dict[str, float]]:
    """Spans a second that services get in at a usual pace, and the most memory in MiB meanwhile."""
    sources = [Spans(f"service-{number}", 50) for number in range(8)]
    most = dict.fromkeys(("intake", "collector"), 0.0)
    with Sender(live.stack.addresses["intake"], live.home.secrets, sources, pause=0.2) as sender:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            most = {part: max(known, _memory(live, part)) for part, known in most.items()}
            time.sleep(0.1)
        rate = sender.items / (time.monotonic() - sender.began)
    return rate, most


@pytest.mark.parametrize("kind", _KINDS)
def test_others_go_on(
    besieged: LiveStack, kind: str, long_profile: bool, record_property: Callable[[str, object], None]
) -> None:
    seconds = 30.0 if long_profile else 8.0
    before, _ = _rate(besieged, seconds / 2)
    restarts = {name: status.pid for name, status in besieged.supervisor.status.items()}
    flood = _flood(besieged, kind)
    try:
        assert flood.stdout is not None and flood.stdout.readline() == "begun\n"
        during, most = _rate(besieged, seconds)
    finally:
        flood.kill()
        flood.communicate()
    for name, value in (("before", before), ("during", during), *most.items()):
        record_property(f"{kind}: {name}", round(value, 1))
    assert during >= before / 2
    assert most["intake"] < _INTAKE_MIB
    assert most["collector"] < _COLLECTOR_MIB
    # By itself: the same processes, and the rate that was.
    assert eventually(lambda: _rate(besieged, seconds / 4)[0] > 0.8 * before)
    assert {name: status.pid for name, status in besieged.supervisor.status.items()} == restarts
