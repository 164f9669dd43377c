"""Texts and attributes without a secret: what traders and operators look for, which must come through as it is."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from .kinds import ALNUM, BASE58, HEX, LOWER, UPPER, chars, uuid

_WORDS = [
    "order",
    "rejected",
    "because",
    "price",
    "moved",
    "below",
    "tick",
    "size",
    "while",
    "waiting",
    "for",
    "the",
    "book",
    "to",
    "settle",
    "again",
    "after",
    "maintenance",
    "feed",
    "restarted",
    "bot",
    "paused",
    "strategy",
    "resumed",
    "margin",
    "balance",
    "available",
    "position",
    "closed",
    "profit",
    "taken",
    "stop",
    "loss",
    "reached",
    "exchange",
    "answered",
    "slowly",
    "websocket",
    "reconnected",
    "snapshot",
    "applied",
    "sequence",
    "continued",
    "rate",
    "limit",
    "near",
    "session",
    "opened",
    "key",
    "level",
    "held",
    "token",
    "listed",
    "seed",
    "round",
    "closed",
    "sign",
    "changed",
    "nonce",
    "accepted",
    "pin",
    "bar",
    "formed",
    "pass",
    "completed",
    "auth",
    "ok",
]
_SYMBOLS = (
    "BTC/USDT",
    "ETH/USDT:USDT",
    "SOL-PERP",
    "1000PEPE/USDT",
    "stETH",
    "wstETH",
    "USDC.e",
    "XBTUSD",
    "BTC-28MAR25-100000-C",
    "aUSDC",
    "1INCH",
    "PEPE1000",
    "LUNA2",
)
_ISINS = ("US0378331005", "DE0007164600", "GB0002634946", "FR0000131104", "CH0038863350")
_PODS = (
    "trading-engine-7d9f8b6c5d-x2x9z",
    "bot-manager-6c8b9f7d4f-abcde",
    "market-data-collector-statefulset-replica-0",
    "ip-10-0-12-34.eu-west-1.compute.internal",
)
_PATHS = (
    "/srv/trading-platform/trading_engine/strategies/grid_trading/version_2/main.py",
    "/home/bot/.venv/lib/python3.11/site-packages/ccxt/async_support/base/exchange.py",
    "botobs._sdk.instrument.exchange.clients.ccxt.rest.CcxtRest",
    "s3://market-data/2026/11/29/binance/BTCUSDT/trades-000123.parquet",
    "/var/lib/postgresql/16/main/pg_wal/000000010000000A000000FF",
)


def _hash(random: Random) -> str:
    return chars(HEX, 64, "0x")(random)


def _address(random: Random) -> str:
    """With the capitals of EIP-55, about."""
    return "0x" + "".join(random.choices(HEX + "ABCDEF", k=40))


def _prose(random: Random) -> str:
    return " ".join(random.choices(_WORDS, k=random.randrange(4, 14)))


def _number(random: Random) -> str:
    return random.choice(
        (
            str(random.randrange(10**6)),
            f"{random.random() * 1e5:.8f}",
            f"-{random.random():.4f}",
            f"{random.random():.3e}",
            str(1700000000000 + random.randrange(10**10)),
            str(random.randrange(10**18)),
        )
    )


def _traceparent(random: Random) -> str:
    return f"00-{chars(HEX, 32)(random)}-{chars(HEX, 16)(random)}-01"


def _client_id(random: Random) -> str:
    return random.choice(
        (
            chars(HEX, 24, "x-R4BD3S82-"),
            chars(UPPER, 22, "x-"),
            chars(HEX, 16, "e847386590ce4dBC"),
            chars(string.digits, 8, "grid-btc-"),
            chars(LOWER, 12, "bot1_"),
            chars(HEX, 32, "0x"),
            chars(HEX, 32, "t-"),
            chars(ALNUM, 22),
            chars(LOWER, 20, "web_"),
        )
    )(random)


def _order_id(random: Random) -> str:
    return random.choice(
        (
            chars(string.digits, 12),
            chars(string.digits, 19),
            uuid,
            chars(HEX, 24),
            lambda r: "-".join(chars(UPPER, size)(r) for size in (6, 5, 6)),
            chars("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 25, "0"),
            _hash,
        )
    )(random)


def _date(random: Random) -> str:
    return f"2026-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}T{random.randrange(24):02}:00:00.{random.randrange(10**6):06}+00:00"


#: Texts, `@` being what the function makes.
TEXTS: dict[str, tuple[Callable[[Random], str], tuple[str, ...]]] = {
    "prose": (_prose, ("@", "bot-1: @", "error: @.")),
    "order id": (_order_id, ("order @ filled", "order_id=@", "orderId: @", '{"orderId": "@", "status": "NEW"}', "{'id': '@', 'side': 'buy'}")),
    "client id": (_client_id, ("clientOrderId=@", "client_order_id: @", '{"clientOrderId": "@"}', "newClientOrderId '@' is not unique", "cloid @ canceled")),
    "0x hash": (_hash, ("tx @ confirmed", "hash=@", "@", '{"orderHash": "@"}', "https://etherscan.io/tx/@", "waiting for @ in block 19000000")),
    "bare hash": (chars(HEX, 64), ("txid @ confirmed", "sha256:@", "txid=@", '{"hash": "@"}', "image digest sha256:@", "block @ reached")),
    "address": (_address, ("address @", "@", "from @ to 0x0000000000000000000000000000000000000000", '{"token": "@"}', "token=@", "contract: @", "https://etherscan.io/address/@")),
    "solana address": (chars(BASE58, 43, "7"), ("address @", "wallet=@", '{"mint": "@"}', "owner: @")),
    "token of solana": (chars(BASE58, 43, "7"), ("token=@ price=1.5", '{"token": "@"}', "bought token @", "https://dexscreener.com/solana/@", "pool of vault @", '{"ammKey": "@"}')),
    "transaction of solana": (chars(BASE58, 87, "5"), ('{"signature": "@", "slot": 9}', "signature=@", '{"txSignature": "@"}', "https://solscan.io/tx/@")),
    "query": (lambda random: random.choice((f"orderId={random.randrange(10**18)}", f"cursor={chars(ALNUM, 24)(random)}%3D%3D", f"page_token={chars(ALNUM, 30)(random)}", f"origClientOrderId={_client_id(random)}",
        "symbols=%5B%22BTCUSDT%22%5D", "query=rate(a%5B5m%5D)", "q=api+key+rotation", f"after={random.randrange(10**13)}", f"page[after]={chars(LOWER, 12)(random)}", "token=USDC&sign=-1&key=btc_usdt&seed=42&pin=3&nonce=17")), (
        "GET https://api.example.com/v1/orders?symbol=BTCUSDT&@&limit=50 200", "GET /v1/orders?@ HTTP/1.1", "https://api.example.com/a/b?@#panel",
    )),
    "session of a bot": (chars(HEX, 8), ("session_id=@ bot=grid-7", "session_id=grid-@", "session id @ of bot-7")),
    "no value": (lambda random: str(random.randrange(10)), ("api_key= secret= password=\nexchange=okx@", "api_key= exchange=okx@")),
    "bitcoin address": (chars("023456789acdefghjklmnpqrstuvwxyz", 38, "bc1q"), ("address @", "sent to @", "deposit: @")),
    "account": (lambda random: random.choice((chars(BASE58, 33, "T"), chars(BASE58, 33, "1"), chars(BASE58, 33, "r")))(random), ("deposit to @", "@ received 20 USDT", "from @")),
    "trace id": (chars(HEX, 32), ("trace @", "trace_id=@", "traceId: @", "@", "/traces/@", "https://tempo.example/api/traces/@")),
    "traceparent": (_traceparent, ("traceparent: @", "traceparent=@", "@", '{"traceparent": "@"}')),
    "commit": (chars(HEX, 40), ("commit @", "@", "revision=@", "sha: @")),
    "symbol": (lambda random: random.choice(_SYMBOLS), ("token=@", "token: @", "key=@", '{"token": "@"}', "symbol=@", "key: @, value: 3", "tokens=['@', 'USDC']", "seed=@")),
    "isin": (lambda random: random.choice(_ISINS), ("isin=@", "ISIN @", "key: @", "@")),
    "uuid": (uuid, ("order_id=@", "request_id: @", '{"id": "@"}', "correlation id @", "bot @ started", "/bots/@/start", "https://api.example.com/orders/@", "idempotency_key=@", "client_id=@")),
    "number": (_number, ("nonce=@", "sign=@", "seed=@", "price=@ qty=@", "@", "session=@", "token_count=@", "key=@", "pass=@", "tokens: @", "auth=@", "timestamp=@", "recvWindow=@")),
    "date": (_date, ("session=@", "@ started", "expires: @", "key=@")),
    "path": (lambda random: random.choice(_PATHS), ("@:120", "cannot open @", "key=@", "File \"@\", line 12, in run", "@")),
    "pod": (lambda random: random.choice(_PODS), ("pod @ restarted", "k8s.pod.name=@", "@", "host: @")),
    "word": (lambda random: random.choice(_WORDS), (
        "session=@", "sign=@", "pin=@", "seed=@", "auth=@", "pass=@", "token=@", "nonce @", "key: @", "token_type=@", "password @ required",
        "secret_name=@", "api key @ is missing", "authorization: required", "signature_version=2 @", "password_policy=@", "secret not found: @",
    )),
    "code": (lambda random: random.choice(("get_order", "fetchBalance", "createOrderWithTakeProfitAndStopLoss", "CcxtRest._observe_the_very_long_name_of_a_method")), (
        "calling @", "@()", "def @(self, api_key: str, secret: str) -> None:", "TypeError: @() missing 1 required positional argument: 'api_key'",
        "raise AuthenticationError(f'@: {key}')", "KeyError: '@'", "api_key=None secret=None @", "password: str = @",
    )),
    "statement": (lambda random: random.choice(("orders", "bots", "fills")), (
        "SELECT id FROM @ WHERE bot_id = $1 AND price > ?", "INSERT INTO @ (id, token) VALUES ($1, $2)", "UPDATE @ SET secret = %(secret)s", "SELECT a FROM @ WHERE token = $1 AND secret = :name",
        'relation "@" does not exist', 'duplicate key value violates unique constraint "@_pkey"', 'null value in column "price" of relation "@"',
    )),
    "row": (lambda random: str(random.randrange(10)), (
        "INSERT INTO orders (id, qty) VALUES ($1, $2) -- @", "INSERT INTO orders (id, qty) VALUES (@, 2.5)", "one of the values ('GTC', 'IOC') @", "buckets [1, 2, 5, 10, 25, 50, 100, 250, @]",
        "10:23:45:INFO:engine:bot@ started", "PWD=/srv/bots/@", "secret not found: okx@", "order_7fK2mQ9xVbN4mKj8HgF5dS2@ filled", "symbol,side\nBTCUSDT,buy@",
        "| key | value |\n|---|---|\n| side | buy@ |", "arn:aws:lambda:eu-west-1:123456789012:function:bot@", "pass|fail @", "signature: buy(symbol, @)", "api_secret: <not set> @", "password: (none) @", "пароль: не задан @",
    )),
    "answer": (lambda random: str(random.randrange(1000, 9999)), (
        '{"code": -@, "msg": "Signature for this request is not valid."}', '{"retCode": 1@, "retMsg": "Invalid API-key, IP, or permissions for action."}', "binance {\"code\":-2015,\"msg\":\"Invalid API-key\"} @",
        "HTTP 401 Unauthorized: token expired @ ms ago", "Timestamp for this request was @ms ahead of the server's time.", "Too much request weight used; @ of 6000 per 1 MINUTE",
    )),
    "version": (lambda random: f"{random.randrange(20)}.{random.randrange(60)}.{random.randrange(100)}", ("ccxt/@", "Python @", "User-Agent: python-requests/@", "opentelemetry-sdk==@", "sdk @ (linux; x86_64)")),
}  # fmt: skip

#: Attributes by name, with what makes their values.
ATTRIBUTES: dict[str, Callable[[Random], Any]] = {
    "exchange.order.id": _order_id,
    "exchange.order.client_id": _client_id,
    "exchange.order.hash": _hash,
    "exchange.symbol": lambda random: random.choice(_SYMBOLS),
    "botobs.bot.id": uuid,
    "k8s.pod.name": lambda random: random.choice(_PODS),
    "k8s.pod.uid": uuid,
    "container.id": chars(HEX, 64),
    "service.instance.id": uuid,
    "host.name": lambda random: random.choice(_PODS),
    "trace_id": chars(HEX, 32),
    "traceparent": _traceparent,
    "tx_hash": _hash,
    "wallet.address": _address,
    "token": lambda random: random.choice(_SYMBOLS),
    "nonce": lambda random: random.randrange(10**13),
    "seed": lambda random: random.randrange(10**6),
    "sign": lambda random: random.choice((-1, 1)),
    "session": lambda random: random.choice(("london", "asia", "new_york")),
    "code.function.name": lambda random: random.choice(_PATHS),
    "code.file.path": lambda random: random.choice(_PATHS),
    "server.address": lambda random: random.choice(("api.binance.com", "www.okx.com", "10.0.0.7")),
    "user_agent.original": lambda random: f"python-requests/2.{random.randrange(40)}.0",
    "db.namespace": lambda random: random.choice(("bots", "orders")),
    "messaging.kafka.message.key": uuid,
    "url.full": lambda random: (
        f"https://api.example.com/v1/orders?symbol=BTCUSDT&orderId={random.randrange(10**18)}&recvWindow=5000&timestamp=1779430889521"
    ),
    "url.query": lambda random: f"category=linear&cursor={chars(ALNUM, 24)(random)}%3D%3D&limit=50",
    "http.target": lambda random: f"/api/v3/order?origClientOrderId={_client_id(random)}",
    "price": lambda random: random.random() * 1e5,
    "filled": lambda random: random.random() < 0.5,
}


def texts(random: Random, each: int) -> Iterator[tuple[str, str]]:
    """(kind, text), so many of each kind in each of its frames."""
    for kind, (make, frames) in TEXTS.items():
        for frame in frames:
            for _ in range(each):
                yield kind, frame.replace("@", make(random))


def attributes(random: Random, each: int) -> Iterator[tuple[str, Any]]:
    """(name, value), so many of each name."""
    for name, make in ATTRIBUTES.items():
        for _ in range(each):
            yield name, make(random)
