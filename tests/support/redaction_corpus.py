"""Texts with secrets, and texts without: one corpus for both redactors.

The SDK redacts what a service records; the collector redacts again what other senders send. Both are tested on all of
this. A text that only one of them finds is named, with the reason.
"""

from __future__ import annotations

import base64

#: As exchanges issue them: each unlike a word, and with a mark of its own to search for.
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdce4a8c1b2d3e4f5a6b7c8"
PASSPHRASE = "correct-horse-9"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIglTcOqM0bLqZ2k\nNl1bW4o0bXo2q8Z1gk3u\n-----END EC PRIVATE KEY-----\n"
OPAQUE = "s3cr3tc0de"

#: A text, and what must not be in it any more.
SECRETS: list[tuple[str, str]] = [
    (f"GET https://api.binance.com/api/v3/order?symbol=BTCUSDT&signature={SIGNATURE}", SIGNATURE),
    (f"GET /api/v3/order?timestamp=1&signature={OPAQUE}", OPAQUE),
    (f"wss://stream.binance.com:9443/ws/{API_KEY}", API_KEY),
    (f"https://api.telegram.org/bot12345678:{API_KEY[:35]}/sendMessage", API_KEY[:35]),
    (f"postgresql+asyncpg://trader:{OPAQUE}@db:5432/bots", OPAQUE),
    (f"could not connect to redis://:{OPAQUE}@cache:6379/0", OPAQUE),
    (f"host=db user=trader password={OPAQUE} dbname=bots", OPAQUE),
    (f"host=db password='{OPAQUE} and more' dbname=bots", f"{OPAQUE} and more"),
    (f'{{"apiKey": "{OPAQUE}", "passphrase": "{PASSPHRASE}"}}', OPAQUE),
    (f'{{"apiKey": "{OPAQUE}", "passphrase": "{PASSPHRASE}"}}', PASSPHRASE),
    (f"{{'secret': '{OPAQUE}', 'uid': None}}", OPAQUE),
    (f"api_key={OPAQUE}, retrying", OPAQUE),
    (f"X-MBX-APIKEY: {OPAQUE}", OPAQUE),
    (f"headers {{'OK-ACCESS-SIGN': '{OPAQUE}', 'OK-ACCESS-PASSPHRASE': '{PASSPHRASE}'}}", PASSPHRASE),
    (f"KC-API-KEY={OPAQUE}", OPAQUE),
    (f"Authorization: Bearer {SECRET[:20]}", SECRET[:20]),
    (
        f"Authorization: Basic {base64.b64encode(b'trader:password').decode()}",
        base64.b64encode(b"trader:p").decode()[:8],
    ),
    (f"got Bearer {OPAQUE}.{OPAQUE}", OPAQUE),
    (f"token {JWT} expired", JWT[:40]),
    (f"cannot load key {PEM}", "MHcCAQEEIIgl"),
    (f"cannot load key {PEM[:60]}", "MHcCAQEEIIgl"),
    (f"Cookie: theme=dark; session={OPAQUE}", OPAQUE),
    (f"Set-Cookie: id={OPAQUE}; Path=/", OPAQUE),
    (f'{{"body": "{{\\"apiKey\\": \\"{OPAQUE}\\"}}"}}', OPAQUE),
    (f"raw headers ((b'X-MBX-APIKEY', b'{OPAQUE}'), (b'Accept', b'*/*'))", OPAQUE),
    (f"<CIMultiDict('KEY': '{API_KEY[:32]}', 'SIGN': '{OPAQUE}')>", API_KEY[:32]),
    (f"<CIMultiDict('KEY': '{API_KEY[:32]}', 'SIGN': '{OPAQUE}')>", OPAQUE),
    (f"form {{'api_key': ['{OPAQUE}']}}", OPAQUE),
    (f"api_key_1={OPAQUE} tokenValue={OPAQUE}", OPAQUE),
    (f"AccessKeyId={OPAQUE}", OPAQUE),
    (f"listenKey={OPAQUE}", OPAQUE),
    (f"invalid key {API_KEY}", API_KEY),
    (f"bad signature {SIGNATURE} for payload", SIGNATURE),
    (f"[SQL: INSERT INTO keys VALUES ('{OPAQUE}')]\n[parameters: ('{PASSPHRASE}', 1)]", OPAQUE),
    (f"[SQL: INSERT INTO keys VALUES ($1)]\n[parameters: ('{PASSPHRASE}', 1)]", PASSPHRASE),
    (f"duplicate key\nDETAIL:  Key (email)=({OPAQUE}@example.com) already exists.", OPAQUE),
    (f"DETAIL:  Failing row contains (1, {OPAQUE}, null).", OPAQUE),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "c2ln"),
    ("-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----", "MHcCAQEE"),
    ("postgresql://bot:hunter2@db/trading", "hunter2"),
    ("https://api.example.test/order?symbol=BTCUSDT&signature=ab12", "ab12"),
    ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
    ('{"apiKey": "k1234567890"}', "k1234567890"),
    ("password=hunter2", "hunter2"),
    ("secretKey: 'xyz'", "xyz"),
    ("listenKey=pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1", "pqia91"),
    ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081"),
    ("kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76s=", "kQH5HW/8p1"),
]

#: Texts that help a person, and must stay as they are.
INNOCENTS = [
    "unable to refresh token: HTTP 503",
    "password=${DB_PASSWORD}",
    "api_key: $API_KEY",
    "api_secret = os.environ['API_SECRET']",
    "--api-secret TEXT  Secret of the exchange.",
    "otp=2026-01-01",
    "a feed that stopped near noon while every other venue kept sending prices again",
    "create_order binance",
    "GET /bots/{id}",
    "InsufficientFunds: binance Account has insufficient balance for requested action.",
    "could not translate host name db.internal to address: Name or service not known",
    "order 7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70 was rejected: price 42000.5 below tick",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "/srv/trading-platform/trading_engine/strategies/grid_trading/version_2/main.py:120",
    "botobs._sdk.instrument.exchange.clients.ccxt.rest.CcxtRest._observe_the_very_long_name_of_a_method",
    "KeyError: 'BTC/USDT'",
    'asyncpg.exceptions.UniqueViolationError: duplicate key value violates unique constraint "orders_pkey"',
    "signal: buy",
    "tokens left: many",
    "2026-11-24T22:00:00.123456+00:00 design=grid assignment=done",
    "SELECT bots",
    "keyboard: monkey=banana",
    "token_type=bearer token_count=5 signature_version=2 keys=3",
    "key: BTC/USDT, value: 3",
    "token expired, bearer authentication failed. Basic Authentication needed",
    "pinned: yes, opinion: none, session_count: 3",
    "SELECT a FROM keys WHERE token = $1 AND secret = :name",
    "BTC/USDT:USDT",
    "create_order",
    "https://api.example.test/api/v3/order",
    "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "x-botobs-7f3a9c2e-000001",
    "duplicate key value violates unique constraint",
    "2026-01-01T00:00:00Z",
    "SELECT id FROM orders WHERE bot_id = $1 AND price > ?",
]

#: Secrets that the collector's patterns do not find. It sees them only from senders without botobs' SDK.
SDK_ALONE = {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
