from __future__ import annotations

from typing import Any

import pytest

from tests.support.simulator import Simulator

pytestmark = pytest.mark.asyncio


async def test_faults_are_shown_and_cleared(simulator: Simulator) -> None:
    await simulator.fault("latency", exchange="okx", seconds=60, share=0.5, value=2)
    await simulator.fault("silence")
    async with simulator.session.get(f"{simulator.url}/control/faults") as response:
        faults = await response.json()
    assert list(faults["binance"]) == ["silence"]
    assert faults["okx"]["latency"]["share"] == 0.5
    assert 0 < faults["okx"]["latency"]["seconds"] <= 60
    async with simulator.session.delete(
        f"{simulator.url}/control/faults?exchange=okx&fault=latency"
    ) as response:
        assert list((await response.json())["okx"]) == ["silence"]
    async with simulator.session.delete(f"{simulator.url}/control/faults") as response:
        assert await response.json() == {"binance": {}, "okx": {}}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"fault": "flood"}, "the fault 'flood' is unknown; known are drop"),
        ({}, "the fault None is unknown"),
        ({"fault": "drop", "exchange": "kraken"}, "the exchange 'kraken' is unknown; known are binance, okx"),
        ({"fault": "drop", "seconds": -1}, "seconds=-1 is invalid"),
        ({"fault": "drop", "seconds": "5"}, "seconds='5' is invalid"),
        ({"fault": "drop", "seconds": True}, "seconds=True is invalid"),
        (
            {"fault": "drop", "share": 1.5},
            "share=1.5 is invalid: it must be a number, at least zero and at most 1",
        ),
        ({"fault": "drop", "second": 5}, "unknown keys: second"),
        ([], "not a JSON object"),
    ],
)
async def test_bad_bodies_are_refused_in_a_sentence(simulator: Simulator, body: Any, sentence: str) -> None:
    async with simulator.session.post(f"{simulator.url}/control/faults", json=body) as response:
        assert response.status == 400
        assert sentence in await response.text()
    assert not simulator.exchanges["binance"].faults.describe()


async def test_a_body_that_is_no_json(simulator: Simulator) -> None:
    async with simulator.session.post(f"{simulator.url}/control/faults", data="{") as response:
        assert response.status == 400


async def test_health(simulator: Simulator) -> None:
    async with simulator.session.get(f"{simulator.url}/healthz") as response:
        assert await response.json() == {"status": "ok"}
