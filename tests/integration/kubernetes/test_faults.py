"""Pods are killed, made anew and taken away while services send: nothing that was acknowledged is missing."""

from __future__ import annotations

import httpx

from botobs._ops.access import clients
from testbed.sender import Sender
from tests.support.kubernetes.installation import AGENTS, GATEWAYS, NAMESPACE, Installation
from tests.support.platforms import Record, complete, flows
from tests.support.waiting import eventually

_MIMIR = "app.kubernetes.io/name=mimir"
#: Without Tempo: what it had in memory is lost, as docs/delivery.md says and the lane `pipeline` measures.
_KILLED = {"agent": AGENTS, "gateway": GATEWAYS, "Mimir": _MIMIR}


def test_a_process_that_dies_costs_nothing(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """As when it runs out of memory: the kubelet starts it again."""
    with sender:
        flows(sender)
        for selector in _KILLED.values():
            before = botobs.starts(selector)
            botobs.kill(botobs.pods(selector)[0])
            assert eventually(lambda s=selector, b=before: botobs.starts(s) > b, within=180)  # type: ignore[misc]
            flows(sender)
    botobs.wait()
    complete(botobs, sender, "processes killed", record_property)


def test_a_pod_that_is_deleted_costs_nothing(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """As when a node is drained, tier by tier."""
    with sender:
        flows(sender)
        for selector in (AGENTS, GATEWAYS):
            (first, *_) = botobs.pods(selector)
            botobs.kubectl("delete", "pod", first["metadata"]["name"], "--namespace", NAMESPACE)
            botobs.wait()
            flows(sender)
    complete(botobs, sender, "pods deleted", record_property)


def test_an_upgrade_costs_nothing(botobs: Installation, sender: Sender, record_property: Record) -> None:
    """`helm upgrade` with another configuration of every tier: all pods are made anew, one after the other."""
    tiers = "app.kubernetes.io/component in (agent,gateway,scraper),app.kubernetes.io/name=botobs"
    before = _identities(botobs, tiers)
    with sender:
        flows(sender)
        settings = {**botobs.values["settings"], "BOTOBS_COLLECTOR_LOG_LEVEL": "warn"}
        botobs.upgrade({"settings": settings, "scraper": {"podAnnotations": {"rolled": "1"}}})
        flows(sender)
    assert not before & _identities(botobs, tiers)
    complete(botobs, sender, "helm upgrade", record_property)


def test_an_upgrade_of_the_stores_costs_nothing(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """The same with Mimir, Tempo, Alertmanager and the object store: agents keep what a store that is away misses."""
    stores = "app.kubernetes.io/name in (mimir,tempo,alertmanager,object-store)"
    before = _identities(botobs, stores)
    rolled = {"podAnnotations": {"rolled": "1"}}
    with sender:
        flows(sender)
        botobs.upgrade({}, dict.fromkeys(("mimir", "tempo", "alertmanager", "objectStore"), rolled))
        flows(sender)
    assert not before & _identities(botobs, stores)
    complete(botobs, sender, "helm upgrade of the stores", record_property)


def test_secrets_are_rotated_while_services_send(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """Certificates renewed, a token made and one revoked, handed out by the command: no pod is made anew."""
    before = _identities(botobs, "app.kubernetes.io/name=botobs")
    with sender:
        flows(sender)
        botobs.botobs("certs", "renew")
        old = _new_token(botobs, "early")
        botobs.hand_out_secrets()
        assert eventually(lambda: _answer(botobs, old) == 200, within=180)
        new = _new_token(botobs, "late")
        botobs.botobs("token", "revoke", "early")
        botobs.hand_out_secrets()
        assert eventually(lambda: (_answer(botobs, old), _answer(botobs, new)) == (401, 200), within=180)
        flows(sender)
    assert before == _identities(botobs, "app.kubernetes.io/name=botobs")
    complete(botobs, sender, "secrets rotated", record_property)


def _identities(botobs: Installation, selector: str) -> set[str]:
    """A pod that is made anew has another."""
    return {pod["metadata"]["uid"] for pod in botobs.pods(selector)}


def _new_token(botobs: Installation, name: str) -> str:
    return botobs.botobs("token", "create", name).splitlines()[0]


def _answer(botobs: Installation, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"}
    try:
        with httpx.Client(verify=clients.ssl_context(botobs.home.secrets), trust_env=False) as http:
            return http.post(f"{botobs.endpoint}/v1/traces", content=b"", headers=headers).status_code
    except httpx.TransportError:
        return 0
