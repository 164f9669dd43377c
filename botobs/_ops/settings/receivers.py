"""Who receives alerts, as a rendered `alertmanager.yml` has it, and whether the secrets for it are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..home.home import Home
from . import channels
from .channels import Channel


@dataclass(frozen=True)
class Way:
    """A channel by which some alerts go.

    Attributes:
        channel: Which.
        to: The channel and who is at its other end, such as `mail to ops@example.com`.
        matchers: Which alerts, as Alertmanager reads it.
        missing: What is wrong with its secrets, a sentence each; empty where all is there.
    """

    channel: Channel
    to: str
    matchers: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether every alert goes there."""
        return self.matchers == (channels.ALL[1:-1],)

    def takes(self, **labels: str) -> bool:
        """Whether alerts with these labels go there."""
        return all(channels.holds(matcher, labels) for matcher in self.matchers)

    def __str__(self) -> str:
        return self.to if self.everything else f"{self.to} ({', '.join(self.matchers)})"


@dataclass(frozen=True)
class Receivers:
    """Where a stack sends its alerts."""

    ways: tuple[Way, ...]

    @property
    def name(self) -> str:
        """The channels' names with commas."""
        return ",".join(way.channel.name for way in self.ways) or "nobody"

    @property
    def channels(self) -> tuple[str, ...]:
        """Each way out, such as `mail to ops@example.com`."""
        return tuple(str(way) for way in self.ways)

    @property
    def sentence(self) -> str:
        """Where alerts go, for a person."""
        return f"alerts go by {' and '.join(self.channels)}" if self.ways else "alerts go to nobody"

    @property
    def warnings(self) -> list[str]:
        """What a person should know: what reaches nobody, and that alerts about orders have one way out alone."""
        if not self.ways:
            return [
                "nobody receives alerts; name a channel, such as: botobs config set "
                "alert_receiver email alert_email_to you@example.com"
            ]
        wrong = [sentence for way in self.ways for sentence in way.missing]
        order = {
            "alertname": "OrderOutcomeUnknown",
            "area": "orders",
            "severity": "critical",
            "owner": "trading",
        }
        orders = [way.channel.name for way in self.ways if way.takes(**order)]
        if len(orders) < 2:
            by = f"by {orders[0]} alone" if orders else "to nobody"
            wrong.append(f"alerts about orders go {by}; {channels.RECEIVER}=email,slack gives them two ways")
        return wrong


def of_home(home: Home) -> Receivers | None:
    """The receivers of the configuration that a home was last rendered with; None without one."""
    path = home.config / "alertmanager" / "alertmanager.yml"
    return read(path, home.secrets / "alertmanager") if path.is_file() else None


def read(path: Path, secrets: Path) -> Receivers:
    """The receivers of an Alertmanager's configuration.

    Args:
        path: Its file.
        secrets: Folder of the channels' secrets.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    smarthost = content.get("global", {}).get("smtp_smarthost", "")
    settings = {receiver["name"]: receiver for receiver in content["receivers"]}
    ways = []
    for route in content["route"]["routes"]:
        channel = channels.BY_NAME.get(route["receiver"])
        matchers = tuple(route.get("matchers", ()))
        if channel is not None and matchers != (channels.NONE[1:-1],):
            to = _reached(channel, settings[channel.name], smarthost)
            ways.append(Way(channel, to, matchers, tuple(_missing(channel, settings[channel.name], secrets))))
    return Receivers(tuple(ways))


def _reached(channel: Channel, receiver: Mapping[str, Any], smarthost: str) -> str:
    [(_, [settings])] = ((key, value) for key, value in receiver.items() if key.endswith("_configs"))
    match channel.name:
        case "email":
            to = f"{channel.title} to {settings['to']} over {smarthost}"
        case "slack":
            to = f"{channel.title} to {settings['channel']}"
        case "telegram":
            to = f"{channel.title} to chat {settings['chat_id']}"
        case _:
            to = channel.title
    # They are Go templates, in which a brace is written as `quoting.go_template` does it.
    return to.replace('{{"{"}}', "{")


def _missing(channel: Channel, receiver: Mapping[str, Any], secrets: Path) -> Iterator[str]:
    if channel.name == "telegram" and receiver["telegram_configs"][0]["chat_id"] == 1:
        yield "alerts cannot go by telegram: no chat is set; botobs config set telegram_chat ID"
    for file, what in channel.secrets.items():
        path = secrets / file
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        if not text.strip():
            yield f"alerts cannot go by {channel.name}: {path} is missing or empty; it holds the {what}"
        elif channel.name == "pushover" and text != text.strip():
            # Alertmanager sends it as it is, and Pushover refuses that.
            yield f"alerts cannot go by pushover: {path} has a line end; write it with printf %s"
