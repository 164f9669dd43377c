"""What every fault of a platform is measured by: services that send meanwhile, and what of it is read back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Protocol

import httpx

from botobs._ops.home.home import Home
from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from tests.support.ledger import Delivery, wait_for_all
from tests.support.waiting import eventually

#: pytest's `record_property`.
Record = Callable[[str, object], None]
_NUMBERS = count()


class Platform(Protocol):
    """The stack in containers or in pods.

    Attributes:
        home: Where its secrets are.
    """

    home: Home

    @property
    def metrics(self) -> str:
        """The store that metrics are read from."""

    @property
    def endpoint(self) -> str:
        """Where services of this machine send."""

    def client(self, part: str) -> httpx.Client:
        """An operator's client for a part; close it after use."""


def services(platform: Platform, tracing: int = 1) -> Sender:
    """One that sends points and some that send spans, from this machine; from entering to leaving."""
    number = next(_NUMBERS)
    sources: list[Source] = [Points(f"platform-{number}-points")]
    sources += [Spans(f"platform-{number}-spans-{each}") for each in range(tracing)]
    return Sender(platform.endpoint, platform.home.secrets, sources, pause=0.05)


def flows(sender: Sender, items: int = 1000) -> None:
    """Wait until so many more items are acknowledged."""
    target = sender.items + items
    assert eventually(lambda: sender.items >= target, within=300), "nothing is acknowledged any more"


def read_back(platform: Platform, sender: Sender, fault: str, record: Record) -> Delivery:
    """Read what was acknowledged; the figures are kept under the name of the fault."""
    found = wait_for_all(platform, sender, within=300, part=platform.metrics)
    record(fault, f"{found.acknowledged} acknowledged, {found.missing} missing")
    return found


def complete(platform: Platform, sender: Sender, fault: str, record: Record) -> None:
    """Read all of it back: nothing is missing."""
    found = read_back(platform, sender, fault, record)
    assert found == Delivery(found.acknowledged, 0)
