"""What became of an order, through the real packages of exchange clients that botobs has no adapter for."""

from __future__ import annotations

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exchange.programs.client_orders import OTHERS
from tests.integration.exchange.programs.mixed_batches import BATCHES
from tests.support.environments import environment

_ROOT = Path(__file__).parents[3]
_PROGRAMS = Path(__file__).parent / "programs"

#: Two environments: Binance's connector and python-binance are both called `binance`.
_TOGETHER = (
    "alpaca-py==0.44.0",
    "coinbase-advanced-py==1.8.4",
    "hyperliquid-python-sdk==0.24.0",
    "krakenex==2.2.2",
    "kucoin-universal-sdk==1.3.2",
    "pybit==5.17.0",
    "python-okx==0.4.4",
)
_BINANCE = ("binance-connector==3.13.0", "binance-sdk-spot==13.3.0")
CLIENTS = {
    requirement.partition("==")[0].removesuffix("-python-sdk"): (name, requirements)
    for name, requirements in (("exchange-clients", _TOGETHER), ("binance-clients", _BINANCE))
    for requirement in requirements
}

#: What is told of each case. What the exchange holds must never be told as rejected or failed.
TOLD = {
    "take": "acknowledged",
    "refuse": "rejected",
    "take, say that it is not known": "unknown",
    "take, say a code of no table": "unknown",
    "take, cut": "unknown",
    "lose, cut": "unknown",
    "take, cut the answer": "unknown",
    "take, fail": "unknown",
    "take, say that it is there already": "unknown",
    "take, answer half a body": "unknown",
    "take, answer nothing": "unknown",
    "take, conflict": "unknown",
    "take, time out at the gateway": "unknown",
    "refuse, as a firewall": "rejected",
    "take, answer a page": "unknown",
    "nobody listens": "failed",
}


@functools.cache
def tried(client: str, program: str = "client_orders.py") -> list[dict[str, Any]]:
    """What the program of one client prints, case by case."""
    python = environment(*CLIENTS[client])
    done = subprocess.run(
        [str(python), "-W", "ignore", str(_PROGRAMS / program), client],
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(done.stderr[-4000:])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("client", CLIENTS)
def test_each_case_is_told_as_it_is(client: str) -> None:
    cases = [case for case in tried(client) if "case" in case]
    assert {case["case"]: case["reported"] for case in cases} == TOLD
    held = {case["case"]: case["held"] for case in cases}
    # Some clients send once more what a gateway did not answer.
    assert all(bool(held[case]) == case.startswith("take") for case in TOLD)


@pytest.mark.parametrize("client", OTHERS)
def test_a_closed_position_and_an_unlisted_endpoint_are_orders(client: str) -> None:
    """Both counts say the same of them."""
    cases = {case["other"]: (case["reported"], case["seen"]) for case in tried(client) if "other" in case}
    assert cases == {
        "take": ("acknowledged", {"accepted": 1}),
        "refuse": ("rejected", {"rejected": 1}),
        "take, cut": ("unknown", {"unknown": 1}),
    }


#: What is counted, told and held of an order where the user has replaced a part of the client that sends it.
REPLACED = {
    "take": ({"accepted": 1}, "acknowledged", True),
    "refuse": ({"rejected": 1}, "rejected", False),
    "take, cut": ({"unknown": 1}, "unknown", True),
}
#: What alpaca-py cannot read it raises outside of what is watched, such as a refusal that its own function would have
#: raised.
_UNREAD = {"refuse": ({"rejected": 1}, "unknown", False)}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_part_of_the_client_is_the_users(client: str) -> None:
    for case in tried(client, "replaced_parts.py"):
        expected = REPLACED[case["case"]]
        said = (case["seen"], case["reported"], bool(case["held"]))
        assert said in (expected, _UNREAD.get(case["case"]) if client == "alpaca-py" else expected), case


@pytest.mark.parametrize("client", BATCHES)
def test_a_block_around_a_mixed_batch_is_told_of_its_own_order(client: str) -> None:
    """Each element counts once; of a batch without the block's order nothing is certain of that."""
    cases = {case["block"]: (case["reported"], case["seen"]) for case in tried(client, "mixed_batches.py")}
    seen = {"accepted": 1, "rejected": 1}
    assert cases == {"a": ("acknowledged", seen), "b": ("rejected", seen), "another": ("unknown", seen)}
