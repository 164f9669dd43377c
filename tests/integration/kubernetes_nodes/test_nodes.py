"""A node is drained, and a node is lost with its disk, while services send to the agents of both."""

from __future__ import annotations

from tests.support.kubernetes.installation import AGENTS, GATEWAYS, Installation
from tests.support.platforms import Record, complete, flows, services
from tests.support.waiting import eventually

#: Services that send spans: each one's connection leads to an agent by chance.
_TRACING = 5


def test_agents_and_gateways_are_on_both(botobs: Installation) -> None:
    for part in (AGENTS, GATEWAYS):
        assert _nodes(botobs, part) == ["node-1", "node-2"]


def test_a_node_that_is_drained_costs_nothing(botobs: Installation, record_property: Record) -> None:
    sender = services(botobs, tracing=_TRACING)
    with sender:
        flows(sender, items=3000)
        botobs.kubectl("drain", "node-2", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=300s")
        botobs.wait()
        assert _nodes(botobs, GATEWAYS) == ["node-1", "node-1"]
        flows(sender, items=3000)
    botobs.kubectl("uncordon", "node-2")
    complete(botobs, sender, "node drained", record_property)


def test_a_node_that_is_lost_with_its_disk(botobs: Installation, record_property: Record) -> None:
    """What waited on it is lost, as the page says; so it had nothing that waited. All else goes on without it."""
    (gateway, *_) = botobs.pods(GATEWAYS)
    botobs.kubectl("delete", "pod", gateway["metadata"]["name"], "--namespace", "observability")
    botobs.wait()
    before = services(botobs, tracing=_TRACING)
    with before:
        flows(before, items=3000)
    complete(botobs, before, "before a node is lost", record_property)
    botobs.cluster.lose("node-2")
    # The cluster does not know yet: half of the connections lead nowhere, and half of what is kept has no gateway.
    after = services(botobs, tracing=_TRACING)
    with after:
        flows(after, items=3000)
        assert eventually(lambda: _gone(botobs, "node-2"), within=300)
        # What whoever looks after the nodes does then.
        botobs.kubectl("delete", "node", "node-2")
        botobs.wait()
        flows(after, items=3000)
    assert _nodes(botobs, GATEWAYS) == ["node-1", "node-1"]
    complete(botobs, before, "sent before a node was lost", record_property)
    complete(botobs, after, "sent after a node was lost", record_property)


def _nodes(botobs: Installation, selector: str) -> list[str]:
    """Where some pods are."""
    return sorted(pod["spec"]["nodeName"] for pod in botobs.pods(selector))


def _gone(botobs: Installation, name: str) -> bool:
    (node,) = botobs.cluster.get("node", name)
    return any(each["type"] == "Ready" and each["status"] != "True" for each in node["status"]["conditions"])
