"""Every listener of the stack is in the table of ports, and refuses who has no key to it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from botobs._ops.access import certificates
from botobs._ops.components.cluster import members
from botobs._ops.components.ports import PORTS, Port
from testbed.stack import LiveStack
from tests.support.port_probes import keys, listeners, opens, right_key
from tests.support.waiting import eventually

#: Grafana cannot be built from a registry; samplers and a cluster run elsewhere, and tests knock at them there.
_ELSEWHERE = {"grafana", "sampler", *(member.name for member in members.MEMBERS)}
_NATIVE = [port for port in PORTS if port.component not in _ELSEWHERE]
#: These read their certificate for every connection; receivers of OTLP do so every hour.
_RELOADING = [
    port
    for port in _NATIVE
    if port.component not in {"postgres", "collector"} and port.variable != "BOTOBS_TEMPO_OTLP_PORT"
]


def test_every_listener_is_in_the_table(secured: LiveStack) -> None:
    known = {(port.component, int(secured.stack.values[port.variable])) for port in _NATIVE}
    assert {(part, number) for part, _, number in listeners(secured)} == known


def test_every_listener_is_on_loopback_unless_told_otherwise(secured: LiveStack) -> None:
    assert {address for _, address, _ in listeners(secured)} == {"127.0.0.1"}


@pytest.mark.parametrize("port", _NATIVE, ids=lambda port: port.variable)
def test_it_opens_to_the_right_key(secured: LiveStack, port: Port) -> None:
    assert eventually(lambda: opens(secured, port, right_key(secured, port)))


@pytest.mark.parametrize("port", _NATIVE, ids=lambda port: port.variable)
def test_it_refuses_every_other(secured: LiveStack, port: Port, tmp_path: Path) -> None:
    wrong = keys(secured, port, tmp_path)
    assert [name for name, key in wrong.items() if opens(secured, port, key)] == []


def _shown(live: LiveStack, port: Port) -> bytes | None:
    context = ssl.create_default_context(cafile=str(live.home.secrets / "ca.pem"))
    context.load_cert_chain(live.home.secrets / "client.pem", live.home.secrets / "client.key")
    number = int(live.stack.values[port.variable])
    with (
        socket.create_connection(("127.0.0.1", number)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.getpeercert(binary_form=True)


def test_renewed_certificates_are_shown_without_a_restart(secured: LiveStack) -> None:
    before = {port.variable: _shown(secured, port) for port in _RELOADING}
    certificates.renew(secured.home.secrets)
    after = {port.variable: _shown(secured, port) for port in _RELOADING}
    assert [name for name in before if after[name] == before[name]] == []
    for port in _NATIVE:
        assert opens(secured, port, right_key(secured, port)), port.variable
