"""What every fault in a cluster is measured by: services that send meanwhile, and what of it is read back."""

from __future__ import annotations

from collections.abc import Callable

from testbed.sender import Sender
from tests.support.kubernetes.installation import Installation
from tests.support.ledger import Delivery, wait_for_all
from tests.support.waiting import eventually

AGENTS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=agent"
GATEWAYS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=gateway"


def starts(botobs: Installation, selector: str) -> int:
    """How often the containers of some pods were started again."""
    return sum(
        status["restartCount"]
        for pod in botobs.pods(selector)
        for status in pod["status"]["containerStatuses"]
    )


def flows(sender: Sender, items: int = 1000) -> None:
    """Wait until so many more items are acknowledged."""
    target = sender.items + items
    assert eventually(lambda: sender.items >= target, within=300), "nothing is acknowledged any more"


def complete(
    botobs: Installation, sender: Sender, fault: str, record_property: Callable[[str, object], None]
) -> None:
    """Read all of it back: nothing is missing. The figures are kept under the name of the fault."""
    found = wait_for_all(botobs, sender, within=300, part="mimir")
    record_property(fault, f"{found.acknowledged} acknowledged, {found.missing} missing")
    assert found == Delivery(found.acknowledged, 0)
