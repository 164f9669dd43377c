"""The demo is monitored as any other platform is."""

from __future__ import annotations

import pytest

from botobs._sdk.engine.callbacks import Callback


@pytest.mark.parametrize(
    ("module", "ours"),
    [
        ("botobs._demo.trading_engine.app", False),
        ("botobs._sdk.process.cpu", True),
        ("botobs.trading.session", True),
        ("someone.elses", False),
    ],
)
def test_callbacks_of_the_demo_have_the_time_limit_of_a_services(module: str, ours: bool) -> None:
    def call(_: object) -> list[object]:
        return []

    call.__module__ = module
    assert Callback("demo.metric", call).ours is ours
