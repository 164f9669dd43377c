"""What a platform does beside killing: names that are not resolved, an image that is missing, a disk that is full."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.otlp_load import Spans
from testbed.sender import Sender
from tests.support.kubernetes.installation import AGENTS, GATEWAYS, NAMESPACE, QUEUE, Installation
from tests.support.platforms import Record, complete, flows
from tests.support.waiting import eventually

_LEVEL = "pod-security.kubernetes.io/enforce=restricted"


def test_agents_alone_need_more_than_the_level_restricted(botobs: Installation) -> None:
    """By the judgement of the cluster itself; their folders are why, as the page says."""
    assert _violations(botobs) == {"agent"}


def test_names_that_are_not_resolved(botobs: Installation, sender: Sender, record_property: Record) -> None:
    """Agents find no gateway and keep what they are sent."""
    with sender:
        flows(sender)
        with botobs.cluster.without_names():
            flows(sender, items=4000)
        flows(sender)
    complete(botobs, sender, "names not resolved", record_property)


def test_an_image_that_is_missing(botobs: Installation, sender: Sender, record_property: Record) -> None:
    """An upgrade that cannot be: one gateway of two is left, and the way back is another upgrade."""
    with sender:
        flows(sender)
        botobs.attempt({"images": {"collector": "otel/opentelemetry-collector-contrib:0.0.0"}})
        for part in (AGENTS, GATEWAYS):
            assert eventually(lambda part=part: "ImagePull" in _waits_for(botobs, part), within=180)  # type: ignore[misc]
        assert any(_ready(pod) for pod in botobs.pods(GATEWAYS))
        botobs.upgrade({})
        flows(sender)
    complete(botobs, sender, "image missing", record_property)


@pytest.fixture
def small_disk(botobs: Installation) -> Iterator[None]:
    """The folder of an agent's queue on a disk of 24 MiB."""
    (node,) = botobs.cluster.nodes.values()
    disk = str(node.machine.folder / "disk")
    for words in (
        ["truncate", "--size=24M", disk],
        ["mkfs.ext4", "-q", "-m", "0", disk],
        ["mount", "-o", "loop", disk, QUEUE],
        ["chown", "10001:10001", QUEUE],
        ["chmod", "0700", QUEUE],
    ):
        node.machine.run(*words)
    _restart_agents(botobs)
    yield
    node.machine.run("umount", "--lazy", QUEUE)
    _restart_agents(botobs)


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_is_full(botobs: Installation, record_property: Record) -> None:
    """What the queue has no room for is not acknowledged; what it has, arrives."""
    sender = Sender(botobs.endpoint, botobs.home.secrets, [Spans("cluster-full")], patience=60)
    botobs.kubectl("scale", "statefulset/botobs-gateway", "--replicas=0", "--namespace", NAMESPACE)
    assert eventually(lambda: not botobs.pods(GATEWAYS), within=300)
    with sender:
        flows(sender)
        assert eventually(lambda: sender.answers.keys() - {0, 200}, within=600), sender.answers
        botobs.kubectl("scale", "statefulset/botobs-gateway", "--replicas=2", "--namespace", NAMESPACE)
        botobs.wait()
        flows(sender)
    record_property("answers of a full disk", dict(sender.answers))
    complete(botobs, sender, "disk full", record_property)


def _violations(botobs: Installation) -> set[str]:
    """Parts of botobs whose pods the level `restricted` would not let in."""
    words = ["label", "--dry-run=server", "--overwrite", "namespace", NAMESPACE, _LEVEL]
    said = botobs.cluster.warned("kubectl", *words)
    parts = ("agent", "gateway", "scraper", "sampler", "postgres-exporter")
    stores = ("mimir-0", "tempo-0", "alertmanager-0", "object-store-0")
    return {part for part in parts if f"botobs-{part}" in said} | {store for store in stores if store in said}


def _waits_for(botobs: Installation, selector: str) -> str:
    """Why containers of these pods do not run."""
    return " ".join(
        status["state"]["waiting"].get("reason", "")
        for pod in botobs.pods(selector)
        for status in pod["status"].get("containerStatuses", [])
        if "waiting" in status["state"]
    )


def _ready(pod: dict[str, object]) -> bool:
    status = pod["status"]
    assert isinstance(status, dict)
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status["conditions"])


def _restart_agents(botobs: Installation) -> None:
    botobs.kubectl("rollout", "restart", "daemonset/botobs-agent", "--namespace", NAMESPACE)
    botobs.wait()
