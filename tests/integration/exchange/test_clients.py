"""What botobs promises of each exchange client, with the real packages, each on a fake exchange over real sockets."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from botobs._sdk.instrument.registry import client_classes
from docs.exchange_clients import CAPABILITIES, write_result
from tests.integration.exchange.test_client_orders import CLIENTS as PACKAGES
from tests.support.environments import environment
from tests.support.fake_exchange import fake_exchange, server_tls

_ROOT = Path(__file__).parents[3]
_PROGRAM = "tests.integration.exchange.programs.clients.run"

#: By the name of the client in botobs, the distribution.
CLIENTS = {
    "alpaca_py": "alpaca-py",
    "binance_connector": "binance-connector",
    "binance_sdk": "binance-sdk-spot",
    "coinbase_advanced_py": "coinbase-advanced-py",
    "hyperliquid": "hyperliquid",
    "krakenex": "krakenex",
    "kucoin_universal_sdk": "kucoin-universal-sdk",
    "pybit": "pybit",
    "python_okx": "python-okx",
}
#: The requirement of each.
REQUIREMENTS = {
    client: next(each for each in PACKAGES[package][1] if each.startswith(package))
    for client, package in CLIENTS.items()
}


@functools.cache
def tried(client: str) -> Mapping[str, str]:
    """What is wrong with each capability of a client; empty for those that are right."""
    python = environment(*PACKAGES[CLIENTS[client]])
    with TemporaryDirectory() as folder, fake_exchange(*server_tls(Path(folder))) as fake:
        done = subprocess.run(
            [str(python), "-W", "ignore", "-m", _PROGRAM, client, fake.url, fake.tls_url, fake.authority],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        pytest.fail(done.stderr[-4000:])
    sys.stderr.write(done.stderr[-4000:])
    return {line["capability"]: line["wrong"] for line in lines}


PROMISES = [
    (cls.name, capability)
    for cls in client_classes()
    for capability in (*CAPABILITIES, "off")
    if capability not in cls.impossible
]


@pytest.mark.parametrize(("client", "capability"), PROMISES)
def test_it_is_as_promised(
    client: str, capability: str, record_property: Callable[[str, object], None]
) -> None:
    wrong = tried(client)[capability]
    if capability != "off":
        write_result(client, REQUIREMENTS[client], capability, wrong)
        record_property(f"{client} {capability}", "failing" if wrong else "tested")
    assert not wrong
