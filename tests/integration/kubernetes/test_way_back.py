"""Upgrades that Kubernetes cannot carry out, or refuses, and the ways that the page names."""

from __future__ import annotations

import pytest

from testbed.sender import Sender
from tests.support.kubernetes.installation import NAMESPACE, Installation
from tests.support.platforms import Record, complete, flows
from tests.support.waiting import eventually

_MIMIR = "app.kubernetes.io/name=mimir"
_MISSING = "docker.io/grafana/mimir:0.0.0"


def test_a_store_is_rolled_back(botobs: Installation, sender: Sender, record_property: Record) -> None:
    """Its pod waits for an image for ever, and its set for the pod: what is deleted is made of the older kind."""
    with sender:
        flows(sender)
        botobs.attempt({}, {"images": {"mimir": _MISSING}})
        assert eventually(lambda: _image(botobs) == _MISSING, within=300)
        flows(sender, items=4000)
        botobs.roll_back()
        botobs.kubectl("delete", "pod", "mimir-0", "--namespace", NAMESPACE)
        botobs.wait()
        flows(sender)
    assert _image(botobs) != _MISSING
    complete(botobs, sender, "a store rolled back", record_property)


def test_a_store_is_given_a_larger_disk(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """A set's claims cannot be changed: it is taken away, its pods stay, and the chart makes it again."""
    larger = {"mimir": {"size": "20Gi"}}
    with pytest.raises(AssertionError, match="Forbidden: updates to statefulset spec"):
        botobs.attempt({}, larger)
    with sender:
        flows(sender)
        botobs.kubectl("delete", "statefulset", "mimir", "--cascade=orphan", "--namespace", NAMESPACE)
        botobs.upgrade({}, larger)
        flows(sender)
    complete(botobs, sender, "a larger disk", record_property)


def _image(botobs: Installation) -> str:
    """What the container of Mimir is made of; empty while there is no pod."""
    return "".join(pod["spec"]["containers"][0]["image"] for pod in botobs.pods(_MIMIR))
