"""Whoever sends order alerts by one channel is told so."""

from __future__ import annotations

import pytest

from botobs._ops.settings.receivers import lone_channel


@pytest.mark.parametrize("receiver", ["email", "slack"])
def test_one_way_out_is_warned_of(receiver: str) -> None:
    [warning] = lone_channel({"BOTOBS_ALERT_RECEIVER": receiver})
    assert f"go by {receiver} alone" in warning


@pytest.mark.parametrize("values", [{}, {"BOTOBS_ALERT_RECEIVER": "email_and_slack"}])
def test_two_ways_out_and_none_that_is_set_up(values: dict[str, str]) -> None:
    assert lone_channel(values) == []
