"""The chart is taken away and comes back: what waited meanwhile is still there. The last tests of the cluster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testbed.sender import Sender
from tests.support.kubernetes.faults import GATEWAYS, complete, flows
from tests.support.kubernetes.installation import NAMESPACE, Installation
from tests.support.waiting import eventually

Record = Callable[[str, object], None]


@pytest.mark.parametrize("queue", ["hostPath", "persistentVolumeClaim"])
def test_what_waits_outlives_the_installation(
    botobs: Installation, sender: Sender, record_property: Record, queue: str
) -> None:
    """Gateways are away, agents fill their queues, the chart is uninstalled and installed again."""
    botobs.upgrade({"agents": {"queue": {"type": queue, "persistentVolumeClaim": {"replicas": 1}}}})
    botobs.kubectl("scale", "statefulset/botobs-gateway", "--replicas=0", "--namespace", NAMESPACE)
    assert eventually(lambda: not botobs.pods(GATEWAYS), within=300)
    with sender:
        flows(sender, items=4000)
    botobs.uninstall()
    botobs.reinstall()
    complete(botobs, sender, f"installed again, {queue}", record_property)
