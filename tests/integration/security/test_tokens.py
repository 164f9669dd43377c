"""Tokens come and go while the collector runs, and services show certificates where they are asked to."""

from __future__ import annotations

from pathlib import Path

from botobs._ops.access import certificates, tokens
from botobs._ops.components.ports import PORTS
from testbed.stack import LiveStack
from tests.support.port_probes import Key, opens, right_key
from tests.support.waiting import eventually

_OTLP = [port for port in PORTS if port.variable in {"BOTOBS_OTLP_HTTP_PORT", "BOTOBS_OTLP_GRPC_PORT"}]


def _open(live: LiveStack, key: Key) -> bool:
    answers = {opens(live, port, key) for port in _OTLP}
    # A change reaches both listeners at once; in between they may differ.
    return answers == {True}


def _shut(live: LiveStack, key: Key) -> bool:
    return {opens(live, port, key) for port in _OTLP} == {False}


def test_a_token_is_exchanged_without_a_gap(secured: LiveStack) -> None:
    folder = secured.home.secrets
    old = Key(tokens.create(folder, "trading-engine").value)
    assert eventually(lambda: _open(secured, old))
    made = tokens.create(folder, "trading-engine")
    new = Key(made.value)
    assert eventually(lambda: _open(secured, new))
    assert _open(secured, old)
    for token in tokens.valid(folder):
        if token.value == old.token:
            tokens.revoke(folder, token.id)
    assert eventually(lambda: _shut(secured, old))
    assert _open(secured, new)
    tokens.revoke(folder, "trading-engine")
    assert eventually(lambda: _shut(secured, new))
    assert all(opens(secured, port, right_key(secured, port)) for port in _OTLP)


def test_services_show_a_certificate_where_they_are_asked_to(tmp_path: Path) -> None:
    certificate = certificates.issue_for_service(tmp_path, "pnl", tmp_path / "pnl")
    certificates.issue_for_service(tmp_path / "pnl", "stranger", tmp_path / "stranger")
    stranger = (tmp_path / "stranger" / "stranger.pem", tmp_path / "stranger" / "stranger.key")
    with LiveStack({"BOTOBS_OTLP_CLIENT_CA": str(tmp_path / "services-ca.pem")}) as live:
        token = right_key(live, _OTLP[0]).token
        own = (live.home.secrets / "client.pem", live.home.secrets / "client.key")
        assert _open(live, Key(token, certificate=certificate))
        for key in (
            Key(token),
            Key(token, certificate=stranger),
            Key(token, certificate=own),
            Key(certificate=certificate),
        ):
            assert _shut(live, key)
