"""Every listener of a cluster is in the table of ports, and refuses who has no key to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from botobs._ops.components.cluster import members
from botobs._ops.components.cluster.processes import NAMES
from botobs._ops.components.ports import PORTS, Port
from testbed.stack import LiveStack
from tests.support.port_probes import keys, listeners, opens, right_key
from tests.support.waiting import eventually

_PARTS = {*NAMES, "postgres", "postgres_exporter"} - {member.name for member in members.SAMPLERS}
_HERE = [port for port in PORTS if port.component in _PARTS]
#: Others have a test of their own on a single machine.
_MEMBERS = [port for port in _HERE if port.component in {member.name for member in members.MEMBERS}]


def test_every_listener_is_in_the_table_and_on_loopback(cluster: LiveStack) -> None:
    known = {(port.component, "127.0.0.1", int(cluster.stack.values[port.variable])) for port in _HERE}
    assert set(listeners(cluster)) == known


@pytest.mark.parametrize("port", _MEMBERS, ids=lambda port: port.variable)
def test_it_opens_to_the_right_key_alone(cluster: LiveStack, port: Port, tmp_path: Path) -> None:
    assert eventually(lambda: opens(cluster, port, right_key(cluster, port)), within=20)
    wrong = keys(cluster, port, tmp_path)
    assert [name for name, key in wrong.items() if opens(cluster, port, key)] == []
