from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import ccxt.pro
import pytest

from botobs._demo.exchange_simulator.client import ccxt_config


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    else:
        yield value


@pytest.mark.parametrize("name", ["binance", "okx"])
@pytest.mark.parametrize("module", ["async_support", "pro"])
def test_no_address_of_a_client_leaves_the_loopback(name: str, module: str) -> None:
    client = getattr(getattr(ccxt, module), name)(ccxt_config(name, "http://127.0.0.1:1/"))
    addresses = list(leaves(client.urls["api"]))
    assert addresses
    assert {urlsplit(address).netloc for address in addresses} == {"127.0.0.1:1"}
    assert {urlsplit(address).scheme for address in addresses} <= {"http", "ws"}


def test_an_exchange_that_is_not_simulated() -> None:
    with pytest.raises(ValueError, match="only binance, okx"):
        ccxt_config("kraken", "http://127.0.0.1:1")
