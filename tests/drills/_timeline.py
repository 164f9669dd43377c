"""What the drills of the timeline share: a stack at production's settings with a channel, and processes that fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import HttpSink
from botobs._ops.settings.values import defaults
from testbed.stack import FAST, LiveStack

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "timeline"
_PROGRAM = Path(__file__).with_name("programs") / "money.py"


@dataclass
class Channel:
    """What arrived, by alert and exchange, or service where it is about none: critical messages alone.

    Attributes:
        arrived: When.
        of_bots: By alert and bot: when it was named first.
    """

    arrived: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    of_bots: dict[tuple[str, str], float] = field(default_factory=dict)

    def take(self, _path: str, body: Any) -> None:
        """Take a message of Alertmanager's webhook."""
        now = time.time()
        for alert in body["alerts"]:
            labels = alert["labels"]
            if alert["status"] == "firing" and labels["severity"] == "critical":
                key = (labels["alertname"], labels.get("exchange_name") or labels.get("service_name", ""))
                self.arrived.setdefault(key, []).append(now)
                self.of_bots.setdefault((labels["alertname"], labels.get("botobs_bot_id", "")), now)

    def reported(self, alert: str, whom: str) -> int:
        """How often an alert about an exchange or service was told."""
        return len(self.arrived.get((alert, whom), ()))


@contextmanager
def production() -> Iterator[tuple[LiveStack, Channel]]:
    """A stack with production's settings, and the channel that it tells."""
    channel = Channel()
    with HttpSink(channel.take) as sink:
        values = {name: defaults()[name] for name in FAST}
        stack = LiveStack({**values, "BOTOBS_ALERT_RECEIVER": "webhook", "BOTOBS_ENVIRONMENT": ENVIRONMENT})
        stack.home.create()
        write_secret(stack.home.secrets / "alertmanager" / "webhook.url", sink.url)
        with stack:
            yield stack, channel


def on_this_machine(stack: LiveStack) -> dict[str, str]:
    """Variables of a service that finds the stack, which looks after the journals of such."""
    return {"BOTOBS_HOME": str(stack.home.path), "XDG_STATE_HOME": str(stack.home.services)}


def elsewhere(stack: LiveStack, state: Path) -> dict[str, str]:
    """Variables of a service that knows the stack by its address alone, as one on another machine does."""
    return {
        "BOTOBS_ENDPOINT": stack.stack.addresses["collector"],
        "BOTOBS_TOKEN_FILE": str(stack.home.secrets / "service.token"),
        "BOTOBS_CERTIFICATE": str(stack.home.secrets / "ca.pem"),
        "XDG_STATE_HOME": str(state),
    }


class Maker:
    """A process that makes a fault each time it is asked to, and answers with the time of the evidence.

    Args:
        service: Its name.
        fault: One of those of the program.
        exchanges: At each of them it happens once.
        variables: By which it finds a stack.
    """

    def __init__(
        self, service: str, fault: str, exchanges: Sequence[str], variables: Mapping[str, str]
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), service, fault, *exchanges],
            env={**os.environ, "BOTOBS_ENVIRONMENT": ENVIRONMENT, "PYTHONPATH": str(ROOT), **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def make(self) -> float:
        """Make the next fault."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

    def kill(self) -> float:
        """End it without a goodbye; returns when that was."""
        when = time.time()
        self._process.kill()
        return when

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def slowest(whole: Sequence[float]) -> dict[str, float]:
    """How many, the median, and the slowest of twenty and of a hundred; of fewer the slowest."""
    ordered = sorted(whole)
    of_many = {
        f"p{of}": round(ordered[min(len(ordered) - 1, len(ordered) * of // 100)], 2) for of in (95, 99)
    }
    return {"firings": len(ordered), "whole": round(median(ordered), 2), **of_many}
