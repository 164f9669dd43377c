"""Who receives alerts, as a rendered `alertmanager.yml` has it, and whether the secrets for it are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ..home.home import Home
from . import channels, routing
from .channels import Channel
from .routing import Leaf

#: Labels of every alert about orders, where money may be lost.
_ORDER: Final = {
    "alertname": "OrderOutcomeUnknown",
    "area": "orders",
    "severity": "critical",
    "owner": "trading",
}
#: The alert that always fires; its receiver watches the stack and notifies nobody of other alerts.
_WATCHDOG: Final = 'alertname="Watchdog"'


@dataclass(frozen=True)
class Way:
    """A channel by which some alerts go.

    Attributes:
        channel: Which; of a receiver of the user's own, one that bears its name.
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
        """Whether every alert is sent to it."""
        return self.matchers in ((), (channels.ALL[1:-1],))

    def __str__(self) -> str:
        return self.to if self.everything else f"{self.to} ({', '.join(self.matchers)})"


@dataclass(frozen=True)
class Receivers:
    """Where a stack sends its alerts.

    Attributes:
        ways: Every way that reaches people, in the order of the routes.
        route: Alertmanager's tree of routes.
    """

    ways: tuple[Way, ...]
    route: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The names of the receivers, separated by commas."""
        return ",".join(dict.fromkeys(way.channel.name for way in self.ways)) or "nobody"

    @property
    def channels(self) -> tuple[str, ...]:
        """Each way out, such as `mail to ops@example.com`."""
        return tuple(str(way) for way in self.ways)

    @property
    def sentence(self) -> str:
        """A sentence that says where alerts are sent."""
        return f"alerts go by {' and '.join(self.channels)}" if self.ways else "alerts go to nobody"

    def ways_of(self, labels: Mapping[str, str]) -> list[Way]:
        """The ways of an alert with these labels, each once."""
        names = routing.receivers_of(self.route, labels)
        return list({way.to: way for way in self.ways if way.channel.name in names}.values())

    @property
    def warnings(self) -> list[str]:
        """Warnings for the operator: ways that reach nobody, and alerts about orders with a single way."""
        if not self.ways:
            return [
                "nobody receives alerts; name a channel, such as: botobs config set "
                "alert_receiver email alert_email_to you@example.com"
            ]
        wrong = list(dict.fromkeys(sentence for way in self.ways for sentence in way.missing))
        orders = [way.channel.name for way in self.ways_of(_ORDER)]
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
    shared = content.get("global", {})
    settings = {receiver["name"]: receiver for receiver in content["receivers"]}
    ways: list[Way] = []
    for leaf in routing.leaves(content["route"]):
        if channels.NONE[1:-1] in leaf.matchers or _WATCHDOG in leaf.matchers:
            continue
        if leaf.receiver in channels.BY_NAME:
            ways.append(_ours(leaf, settings[leaf.receiver], shared, secrets))
        else:
            ways += _theirs(leaf, settings.get(leaf.receiver, {}), shared, secrets)
    return Receivers(tuple(ways), content["route"])


def _ours(leaf: Leaf, receiver: Mapping[str, Any], shared: Mapping[str, Any], secrets: Path) -> Way:
    channel = channels.BY_NAME[leaf.receiver]
    [(_, settings)] = configs_of(receiver)
    missing = tuple(_missing(channel, settings, secrets))
    return Way(channel, _reached(channel.name, settings, shared), leaf.matchers, missing)


def _theirs(
    leaf: Leaf, receiver: Mapping[str, Any], shared: Mapping[str, Any], secrets: Path
) -> Iterator[Way]:
    """The ways of a receiver of the user's own, which may have several."""
    for kind, settings in configs_of(receiver):
        to = f"{_reached(kind, settings, shared)} for {leaf.receiver}"
        missing = (
            f"alerts cannot go by {leaf.receiver}: {path} is missing or empty"
            for path in _files(kind, settings, shared, secrets)
            if not _text(path).strip()
        )
        yield Way(Channel(leaf.receiver, leaf.receiver, {}), to, leaf.matchers, tuple(missing))


def configs_of(receiver: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Kind and settings of each way that a receiver has."""
    return [
        (key.removesuffix("_configs"), settings or {})
        for key, several in receiver.items()
        if key.endswith("_configs")
        for settings in several or ()
    ]


def _reached(kind: str, settings: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    # Teams' has a version in its name.
    channel = channels.BY_NAME.get(kind.removeprefix("ms").removesuffix("v2"))
    to = channel.title if channel else kind
    match kind:
        case "email":
            over = settings.get("smarthost") or shared.get("smtp_smarthost", "")
            to = f"{to} to {settings.get('to')} over {over}"
        case "slack" if settings.get("channel"):
            to = f"{to} to {settings['channel']}"
        case "telegram":
            to = f"{to} to chat {settings.get('chat_id')}"
    # They are Go templates, in which a brace is written as `quoting.go_template` does it.
    return to.replace('{{"{"}}', "{")


def _files(
    kind: str, settings: Mapping[str, Any], shared: Mapping[str, Any], secrets: Path
) -> Iterator[Path]:
    """The files of secrets that a receiver names, where they are for us: a container has another place for them."""
    common = str(shared.get("slack_api_url_file", ""))
    named = [str(text) for text in _values_of(settings, "_file") if text]
    if kind == "slack" and not any(key.startswith("api_url") for key in settings):
        named.append(common)
    place = Path(common).parent
    for path in map(Path, named):
        if path.is_relative_to(place):
            yield secrets / path.relative_to(place)
        elif place == secrets and path.is_absolute():
            yield path


def _values_of(settings: Mapping[str, Any], suffix: str) -> Iterator[Any]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _values_of(value, suffix)
        elif key.endswith(suffix):
            yield value


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _missing(channel: Channel, settings: Mapping[str, Any], secrets: Path) -> Iterator[str]:
    if channel.name == "telegram" and settings["chat_id"] == 1:
        yield "alerts cannot go by telegram: no chat is set; botobs config set telegram_chat ID"
    for file, what in channel.secrets.items():
        path = secrets / file
        text = _text(path)
        if not text.strip():
            yield f"alerts cannot go by {channel.name}: {path} is missing or empty; it holds the {what}"
        elif channel.name == "pushover" and text != text.strip():
            # Alertmanager sends it as it is, and Pushover refuses that.
            yield f"alerts cannot go by pushover: {path} has a line end; write it with printf %s"
