"""Pods are killed, made anew and taken away while services send: nothing that was acknowledged is missing."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from botobs._ops.access import clients
from testbed.sender import Sender
from tests.support.kubernetes.installation import NAMESPACE, Installation
from tests.support.ledger import Delivery, wait_for_all
from tests.support.waiting import eventually

_AGENTS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=agent"
_GATEWAYS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=gateway"
_MIMIR = "app.kubernetes.io/name=mimir,app.kubernetes.io/component=all"
#: Without Tempo: what it had in memory is lost, as docs/delivery.md says and the lane `pipeline` measures.
_KILLED = {"agent": _AGENTS, "gateway": _GATEWAYS, "Mimir": _MIMIR}

Record = Callable[[str, object], None]


def test_a_process_that_dies_costs_nothing(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """As when it runs out of memory: the kubelet starts it again."""
    with sender:
        _flows(sender)
        for selector in _KILLED.values():
            before = _starts(botobs, selector)
            botobs.kill(botobs.pods(selector)[0])
            assert eventually(lambda s=selector, b=before: _starts(botobs, s) > b, within=180)  # type: ignore[misc]
            _flows(sender)
    botobs.wait()
    _complete(botobs, sender, "processes killed", record_property)


def test_a_pod_that_is_deleted_costs_nothing(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """As when a node is drained, tier by tier."""
    with sender:
        _flows(sender)
        for selector in (_AGENTS, _GATEWAYS):
            (first, *_) = botobs.pods(selector)
            botobs.kubectl("delete", "pod", first["metadata"]["name"], "--namespace", NAMESPACE)
            botobs.wait()
            _flows(sender)
    _complete(botobs, sender, "pods deleted", record_property)


def test_an_upgrade_costs_nothing(botobs: Installation, sender: Sender, record_property: Record) -> None:
    """`helm upgrade` with another configuration of every tier: all pods are made anew, one after the other."""
    before = {pod["metadata"]["uid"] for pod in botobs.pods("app.kubernetes.io/name=botobs")}
    with sender:
        _flows(sender)
        settings = {**botobs.values["settings"], "BOTOBS_COLLECTOR_LOG_LEVEL": "warn"}
        botobs.upgrade({"settings": settings, "scraper": {"podAnnotations": {"rolled": "1"}}})
        _flows(sender)
    assert not before & {pod["metadata"]["uid"] for pod in botobs.pods("app.kubernetes.io/name=botobs")}
    _complete(botobs, sender, "helm upgrade", record_property)


def test_secrets_are_rotated_while_services_send(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """Certificates renewed, a token made and one revoked, handed out by the command: no pod is made anew."""
    before = {pod["metadata"]["uid"] for pod in botobs.pods("app.kubernetes.io/name=botobs")}
    with sender:
        _flows(sender)
        botobs.botobs("certs", "renew")
        old = _new_token(botobs, "early")
        botobs.hand_out_secrets()
        assert eventually(lambda: _answer(botobs, old) == 200, within=180)
        new = _new_token(botobs, "late")
        botobs.botobs("token", "revoke", "early")
        botobs.hand_out_secrets()
        assert eventually(lambda: (_answer(botobs, old), _answer(botobs, new)) == (401, 200), within=180)
        _flows(sender)
    assert before == {pod["metadata"]["uid"] for pod in botobs.pods("app.kubernetes.io/name=botobs")}
    _complete(botobs, sender, "secrets rotated", record_property)


@pytest.mark.parametrize("queue", ["hostPath", "persistentVolumeClaim"])
def test_what_waits_outlives_the_installation(
    botobs: Installation, sender: Sender, record_property: Record, queue: str
) -> None:
    """Gateways are away, agents fill their queues, the chart is uninstalled and installed again."""
    botobs.upgrade({"agents": {"queue": {"type": queue, "persistentVolumeClaim": {"replicas": 1}}}})
    botobs.kubectl("scale", "statefulset/botobs-gateway", "--replicas=0", "--namespace", NAMESPACE)
    assert eventually(lambda: not botobs.pods(_GATEWAYS), within=300)
    with sender:
        _flows(sender, items=4000)
    botobs.uninstall()
    botobs.reinstall()
    _complete(botobs, sender, f"installed again, {queue}", record_property)


def _starts(botobs: Installation, selector: str) -> int:
    return sum(
        status["restartCount"]
        for pod in botobs.pods(selector)
        for status in pod["status"]["containerStatuses"]
    )


def _flows(sender: Sender, items: int = 1000) -> None:
    target = sender.items + items
    assert eventually(lambda: sender.items >= target, within=300), "nothing is acknowledged any more"


def _new_token(botobs: Installation, name: str) -> str:
    return botobs.botobs("token", "create", name).splitlines()[0]


def _answer(botobs: Installation, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"}
    try:
        with httpx.Client(verify=clients.ssl_context(botobs.home.secrets), trust_env=False) as http:
            return http.post(f"{botobs.endpoint}/v1/traces", content=b"", headers=headers).status_code
    except httpx.TransportError:
        return 0


def _complete(botobs: Installation, sender: Sender, fault: str, record_property: Record) -> None:
    found = wait_for_all(botobs, sender, within=300, part="mimir")
    record_property(fault, f"{found.acknowledged} acknowledged, {found.missing} missing")
    assert found == Delivery(found.acknowledged, 0)
