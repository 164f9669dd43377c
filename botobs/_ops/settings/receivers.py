"""Who receives alerts, as a rendered `alertmanager.yml` has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..home.home import Home
from .file import key_of

_SETTING = "BOTOBS_ALERT_RECEIVER"


@dataclass(frozen=True)
class Receivers:
    """Where a stack sends its alerts.

    Attributes:
        name: Of the receiver.
        channels: Each way out, such as `mail to ops@example.com`.
    """

    name: str
    channels: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Where alerts go, for a person."""
        return f"alerts go by {' and '.join(self.channels)}" if self.channels else "alerts go to nobody"

    @property
    def warnings(self) -> list[str]:
        """What a person should know: nobody receives alerts, or those about orders have one way out alone."""
        if not self.channels:
            return [
                "nobody receives alerts; name a receiver, such as: botobs config set "
                f"{key_of(_SETTING)} email alert_email_to you@example.com"
            ]
        if len(self.channels) == 1 and self.name in ("email", "slack"):
            return [
                f"alerts about orders go by {self.name} alone; {_SETTING}=email_and_slack gives them a second way"
            ]
        return []


def of_home(home: Home) -> Receivers | None:
    """The receivers of the configuration that a home was last rendered with; None without one."""
    path = home.config / "alertmanager" / "alertmanager.yml"
    return read(path) if path.is_file() else None


def read(path: Path) -> Receivers:
    """The receivers of an Alertmanager's configuration: those of its first route."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    smarthost = content.get("global", {}).get("smtp_smarthost", "")
    name = content["route"]["receiver"]
    (receiver,) = (each for each in content["receivers"] if each["name"] == name)
    return Receivers(name, tuple(_channels(receiver, smarthost)))


def _channels(receiver: Mapping[str, Any], smarthost: str) -> list[str]:
    found = [f"mail to {each['to']} over {smarthost}" for each in receiver.get("email_configs", ())]
    found += [f"Slack to {each['channel']}" for each in receiver.get("slack_configs", ())]
    # They are Go templates, in which a brace is written as `quoting.go_template` does it.
    found = [channel.replace('{{"{"}}', "{") for channel in found]
    others = (
        key for key in receiver if key.endswith("_configs") and key not in ("email_configs", "slack_configs")
    )
    return found + [key.removesuffix("_configs") for key in others]
