"""The channels by which alerts reach people: which settings and secrets each needs, and which alerts go where.

Each is a receiver of Alertmanager's own, as version 0.31 speaks them (`config/notifiers.go`); `alertmanager.yml` has
a route for each. A channel's setting `BOTOBS_ALERT_<CHANNEL>` says which alerts go there, as a list of Alertmanager's
matchers (https://prometheus.io/docs/alerting/0.31/configuration/#matcher).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

from .kinds import Kind

ALL: Final = '[alertname!=""]'
#: Every alert has a name, so that none matches.
NONE: Final = '[alertname=""]'
#: Which channels receive every alert, in short.
RECEIVER: Final = "BOTOBS_ALERT_RECEIVER"

_MATCHER = re.compile(r"\A([a-zA-Z_]\w*)(=~|!~|!=|=)(.+)")
_VALUE = re.compile(r"[\w.:*+|()/-]+")


@dataclass(frozen=True)
class Channel:
    """A way to notify people.

    Attributes:
        name: Of the receiver in `alertmanager.yml`, and in settings.
        title: For people.
        secrets: Files in `secrets/alertmanager/` that it needs, with what belongs into each.
        needs: Settings without which it sends nothing.
    """

    name: str
    title: str
    secrets: Mapping[str, str]
    needs: tuple[str, ...] = ()

    @property
    def setting(self) -> str:
        """The setting that says which alerts go there."""
        return f"BOTOBS_ALERT_{self.name.upper()}"


CHANNELS: Final = (
    Channel("email", "mail", {}, ("BOTOBS_ALERT_EMAIL_TO",)),
    Channel("slack", "Slack", {"slack.url": "address of an incoming webhook"}),
    Channel("telegram", "Telegram", {"telegram.token": "token of a bot, from @BotFather"}, ("BOTOBS_TELEGRAM_CHAT",)),
    Channel("discord", "Discord", {"discord.url": "address of a channel's webhook"}),
    Channel("pagerduty", "PagerDuty", {"pagerduty.key": "integration key of Events API v2"}),
    Channel("teams", "Microsoft Teams", {"teams.url": "address of a workflow that takes webhooks"}),
    Channel("pushover", "Pushover", {"pushover.token": "token of an application", "pushover.user": "key of a user"}),
    Channel("webhook", "webhook", {"webhook.url": "address that takes Alertmanager's JSON by POST"}),
)  # fmt: skip
#: Every file of `secrets/alertmanager/` that a person fills.
SECRETS: Final = ("smtp.password", "deadman.url", *(file for channel in CHANNELS for file in channel.secrets))
BY_NAME: Final = {channel.name: channel for channel in CHANNELS}


def matchers(text: str) -> str:
    """The list of matchers that a text means: `all`, `none`, `severity=critical area=orders|bots`, or a list.

    Raises:
        ValueError: It means none.
    """
    word = text.strip()
    if word.lower() in ("all", "none", "nobody"):
        return ALL if word.lower() == "all" else NONE
    if word.startswith("["):
        parts = yaml.safe_load(word) if "\n" not in word else None
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ValueError
    else:
        parts = re.split(r"[\s,]+", word)
    if not parts:
        raise ValueError
    return "[" + ", ".join(map(_matcher, parts)) + "]"


def _matcher(text: str) -> str:
    found = _MATCHER.fullmatch(text.strip())
    if found is None:
        raise ValueError
    name, operator, value = found.groups()
    if value.startswith('"') and value.endswith('"') and len(value) > 1:
        value = value[1:-1]
    elif "|" in value:
        operator = {"=": "=~", "!=": "!~"}.get(operator, operator)
    if value and not _VALUE.fullmatch(value):
        raise ValueError
    if "~" in operator:
        re.compile(value)
    return f'{name}{operator}"{value}"'


def _read(text: str) -> str:
    try:
        return matchers(text)
    except (yaml.YAMLError, re.error) as error:
        raise ValueError from error


ALERTS: Final = Kind(
    "alerts",
    "all, none, or what alerts must have, such as severity=critical area=orders|exchanges owner=trading",
    _read,
    r"^\[.*\]$",
)


def names(text: str) -> list[str]:
    """The channels of `email,slack`; `nobody` is none, and `email_and_slack` two.

    Raises:
        ValueError: One of them is no channel.
    """
    found = re.split(r"\s*,\s*|_and_", text.strip())
    if found == ["nobody"]:
        return []
    if not all(name in BY_NAME for name in found):
        raise ValueError
    return list(dict.fromkeys(found))


RECEIVERS: Final = Kind(
    "channels",
    "nobody, or some of " + ", ".join(BY_NAME) + " with commas",
    lambda text: ",".join(names(text)) or "nobody",
    rf"^(nobody|({'|'.join(BY_NAME)})((,|_and_)({'|'.join(BY_NAME)}))*)$",
)


def expanded(texts: Mapping[str, str]) -> dict[str, str]:
    """The settings that `BOTOBS_ALERT_RECEIVER` stands for: every alert, where a channel's own does not say which."""
    everything = names(texts.get(RECEIVER) or "nobody")
    return {BY_NAME[name].setting: ALL for name in everything if BY_NAME[name].setting not in texts}
