"""The chart is taken away and comes back: what waited meanwhile is still there. The last tests of the cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from testbed.sender import Sender
from tests.support import configs, earlier
from tests.support.kubernetes.installation import GATEWAYS, NAMESPACE, Installation
from tests.support.platforms import Record, complete, flows
from tests.support.waiting import eventually

#: Whose chart is "the previous version": the newest release's. There is none yet; this is the first commit whose chart
#: of the whole stack came up by itself. At each release, write its commit here.
_PREVIOUS = "feedc287a0da4d8eba16fb2ab8559186e33c1604"


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


def test_from_the_previous_version_of_the_chart(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """It is installed, has data, and is upgraded to this one while services send."""
    current, folder = botobs.chart, botobs.cluster.folder / "previous"
    earlier.extract(_PREVIOUS, folder)
    previous = folder / current.relative_to(configs.ROOT)
    botobs.uninstall()
    values = botobs.values
    botobs.chart, botobs.values = previous, {**values, "settings": _known_to(previous, values["settings"])}
    try:
        botobs.reinstall()
        with sender:
            flows(sender)
            botobs.chart, botobs.values = current, values
            botobs.upgrade({})
            flows(sender)
    finally:
        # Those that follow are about this one.
        botobs.chart, botobs.values = current, values
    complete(botobs, sender, "from the previous version", record_property)


def _known_to(stack: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that the chart of a version takes; it refuses those that came later."""
    text = (stack / "charts" / "botobs" / "values.schema.json").read_text(encoding="utf-8")
    known = json.loads(text)["properties"]["settings"]["properties"]
    return {name: value for name, value in settings.items() if name in known}
