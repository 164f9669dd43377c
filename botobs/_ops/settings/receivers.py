"""Who is told of alerts, as `alertmanager/alertmanager.yml` has it."""

from __future__ import annotations

from collections.abc import Mapping

_SETTING = "BOTOBS_ALERT_RECEIVER"


def lone_channel(values: Mapping[str, str]) -> list[str]:
    """A warning where alerts about orders have one way out: they are meant to have two."""
    receiver = values.get(_SETTING)
    if receiver not in ("email", "slack"):
        return []
    return [f"alerts about orders go by {receiver} alone; {_SETTING}=email_and_slack gives them a second way"]
