"""Every exchange that ccxt ships has a name by its hosts, and no two share one."""

from __future__ import annotations

from urllib.parse import urlsplit

import ccxt
import pytest

from botobs._sdk.instrument.exchange.hosts import exchange_at, read_own


def hosts_of(urls: object) -> set[str]:
    if isinstance(urls, dict):
        return set().union(*map(hosts_of, urls.values())) if urls else set()
    host = urlsplit(urls).hostname if isinstance(urls, str) else None
    return {host} if host and "{" not in host else set()


@pytest.mark.parametrize("identity", ccxt.exchanges)
def test_each_host_of_ccxt_has_a_name(identity: str) -> None:
    # Of a class of its own: those that have instances are watched by every test that follows in this process.
    urls = type(identity, (getattr(ccxt, identity),), {})().urls
    for host in hosts_of(urls.get("api")):
        assert exchange_at(host), host
        assert not exchange_at(host).endswith("-testnet") or host in hosts_of(urls.get("test"))
    for host in hosts_of(urls.get("test")) - hosts_of(urls.get("api")):
        assert exchange_at(host).endswith("-testnet"), host


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("stream.binance.com", "binance"),
        ("data-stream.binance.vision", "binance"),
        ("testnet.binance.vision", "binance-testnet"),
        ("stream.binance.us", "binanceus"),
        ("futures.kraken.com", "krakenfutures"),
        ("ws.kraken.com", "kraken"),
        ("advanced-trade-ws.coinbase.com", "coinbase"),
        ("ws-feed.exchange.coinbase.com", "coinbaseexchange"),
        ("stream.data.alpaca.markets", "alpaca"),
        ("paper-api.alpaca.markets", "alpaca-testnet"),
        ("api.huobi.pro", "htx"),
        ("ws-subscriptions-clob.polymarket.com", "polymarket"),
        ("WS.OKX.COM", "okx"),
        ("gateway.discord.gg", ""),
        ("kraken.example.com", ""),
        ("notbinance.com", ""),
        ("127.0.0.1", ""),
        ("", ""),
    ],
)
def test_names(host: str, name: str) -> None:
    assert exchange_at(host) == name


def test_what_the_user_says_comes_first() -> None:
    own = read_own(["prices.example.com = My-Broker", "binance.com=house", "wrong", "=x", "y="])
    assert own == {"prices.example.com": "my-broker", "binance.com": "house"}
    assert exchange_at("eu.prices.example.com", own) == "my-broker"
    assert exchange_at("stream.binance.com", own) == "house"
