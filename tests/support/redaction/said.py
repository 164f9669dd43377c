r"""What errors say of a value, what looks like a key and is none, and passwords as they are kept: fixed texts.

The innocents were changed, and the secrets came through, before the rules for them were written.
"""

from __future__ import annotations

from collections.abc import Iterator

_HASH = "8af306856408091d654af38b04bc1c9b1f86ff65b64ce792e5893f15e4cb07a8"
_UUID = "46ea7b43-7bd3-4268-87c4-8073d3713ad4"

#: A name, the text, and what must not be in it any more.
SECRETS: list[tuple[str, str, str]] = [
    ("snowflake's number", "100038 (22018): Numeric value 'a71c6qow1vu4107tx9roi506yjogjo' is not recognized", "a71c6qow1vu4"),
    ("cassandra's constant", f'Invalid STRING constant ({_UUID}) for "apiSecret" of type int', _UUID),
    ("duckdb's conversion", "Conversion Error: Could not convert string 'XJZVGC2H4WA3YV7X8P' to INT32 when casting from source column x", "XJZVGC2H4WA3"),
    ("argparse", "bot: error: argument --dydx-passphrase: invalid int value: '2k2052ZgESNMU0wpKfdT'", "2k2052ZgESNM"),
    ("enum", f"ValueError: '{_UUID}' is not a valid ServerToken", _UUID),
    ("django's field", "['“b7c017454d3ee040a2000035f9fce06c40ef3ef0” is not a valid UUID.']", "b7c017454d3e"),
    ("cerberus", f'{{"server_token": ["unallowed value {_UUID}"]}}', _UUID),
    ("marshmallow", f"{{'server_token': ['Not a valid integer: {_UUID}']}}", _UUID),
    ("typeguard", f'argument "server_token" (str: \'{_UUID}\') did not match any element in the union', _UUID),
    ("fastapi's answer", '{"detail": [{"type": "int_parsing", "loc": ["query", "KEY"], "msg": "Input should be a valid integer", "input": "248f072a219dc04047c6598db952736f"}]}', "248f072a219d"),
    ("pydantic's list", "[{'type': 'int_parsing', 'loc': ('pin',), 'msg': 'Input should be a valid integer', 'input': '329815'}]", "329815"),
    ("letters in an error", 'invalid input syntax for type integer: "kWmPzQxRvTnL"', "kWmPzQxRvTnL"),
    ("digest twice", 'got \'Digest username="b", response="ca2b8eb1c6ab3c8a127fd862b489321c"\' and response=""', "ca2b8eb1c6ab"),
    ("rows of copy", "COPY keys (id, smtp_pass) FROM stdin;\n4\tmjnilcrvyrdtmppi\n\\.", "mjnilcrvyrdt"),
    ("pin of a table", "name,pin,active\nbot,619253,1", "619253"),
    ("private key of a table", f"name,signer_key,active\nbot,0x{_HASH},1", _HASH),
    ("bcrypt", "denied: $2b$12$3nA4dEQrn1.biFPLjK68aMN7lC1dH502.iRzeykzCL0LSQIty/GL0", "biFPLjK68aMN"),
    ("argon2", "denied: $argon2id$v=19$m=65536,t=3,p=4$ZDgjukqpshYJsfdvOqSBhw$6dAX6lBlHdJPBLCDfJVQw", "ZDgjukqpshYJ"),
    ("django's hash", "denied: pbkdf2_sha256$870000$ZMhplaI32ALjVnmgtQjciA$6dAXlBlHdJPBLCDfJVQw=", "ZMhplaI32ALj"),
    ("scram", "denied: SCRAM-SHA-256$4096:ZDgjukqpshYJsfdv$6dAXlBlHdJPBLCDfJVQw=:9xAXlBlHdJPBLCDfJVQw=", "ZDgjukqpshYJ"),
    ("data url", "password: data:text/plain;base64,RXhWSHN+RHBMcWhsVVlKWnRWVEs=", "RXhWSHN+RHBM"),
    ("name of httpie", "http POST api.example.com/v1/order KEY:d6351dac7bd1de554aadc5cac1bc6970", "d6351dac7bd1"),
    ("value in backticks", "| `SECRET_KEY` | `flkaxf=rd(337z*d3##(@rkv$i&$zsl*g(vjdezz__3hl5vf)h` |", "337z*d3##"),
    ("environment of a process", f"LANG=C\0ROUTING_KEY={_UUID}\0PWD=/", _UUID),
    ("address in an environment", f"LANG=C\0HOOK=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={_UUID}\0PWD=/", _UUID),
    ("address in a list", "mm,https://chat.example.com/hooks/deinwv15lo2g3vxilgez6dltlw,1", "deinwv15lo2g"),
    ("spring's field", "on field 'pushoverToken': rejected value [aqke064fkzt5ztvmrdk423hdnhzd46]; codes [Size]", "aqke064fkzt5"),
    ("jackson's value", 'Cannot deserialize value of type `int` from String "sokLxbn55iq9gwutbGLkCDctDSH5h": not a valid `int` value', "sokLxbn55iq9"),
    ("frame of polars", "┌───┬───┐\n│ ex ┆ smtp_password │\n│ --- ┆ --- │\n╞═══╪═══╡\n│ okx ┆ cdipxmtrwdjuupgb │\n└───┴───┘", "cdipxmtrwdju"),
    ("recovery code", "recovery_code=gfn03-rvtf8", "gfn03-rvtf8"),
    ("key of an issuer", "zerion_key=zk_dev_0e70dd27738150996810b5cd50760612", "0e70dd277381"),
    ("short key", "X-Gotify-Key: AGj7I5pAzfwUQ8H", "AGj7I5pAzfwU"),
    ("kdb's handle", "hopen `:kdb.prod:5010:bot:GD499ExKJ5p8 failed", "GD499ExKJ5p8"),
    ("community of snmp", "snmp_community=3kJE9fLJOxPo", "3kJE9fLJOxPo"),
    ("known example of a mnemonic", "wallet: " + "abandon " * 11 + "about", "abandon about"),
    ("another", "wallet: " + "letter advice cage absurd amount doctor acoustic avoid " * 2 + "letter always", "doctor"),
    ("secret of tradovate", f"cfg: {{Name:x TradovateSec:{_UUID}}}", _UUID),
]  # fmt: skip

#: What stays as it is.
INNOCENTS: list[str] = [
    '{"e": "executionReport", "c": "x-GS2Y0OZDoeocuuif1jj56ihzqd3d5ojk", "S": "BUY"}',
    "AttributeDict({'nonce': 5939, 'input': HexBytes('0x'), 'gas': 21000})",
    "AttributeDict({'input': HexBytes('0xa9059cbb000000000000000000000000779196EC30ebA6aEfb7B1ac1E115Fb94fF8bD373')})",
    f"deposit seen in {_HASH}:3",
    f"execution reverted: custom error 0x86ed0315: {_HASH}",
    f"execution reverted: custom error 0x7c2fa891: {_HASH}",
    "github.com/gorilla/websocket v1.5.3 h1:GfQxSAMcBqUeOgNUKzN+k9prwFc+35oSOKKSRyZs2X0=",
    "github.com/gorilla/websocket v1.5.7 h1:cHa9PwUzS+uaPo+SRv/h2t1KrJ8mI+fI2yQaAyJWWJ4=",
    'W/"a06b35a3-XycXK3bBzGuhaslPwCL/eu+N"',
    "> Sec-WebSocket-Key: AUIhNh+YAxBMPUTaMaipYg==",
    '<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAnNJ1gnGQs4DPSwnwx53P2TEepn9rp9FZicln6aBFd6xF" alt="chart">',
    "image: data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD3zqx0zdTaopEHrRwFqi4f80s7Z0kUP48LmW3qnoR",
    "a25ef3993f9f6670913984da1c6041f5ed46d429 (HEAD -> main, origin/main) rotate keys of hyperliquid",
    "    signature = self.hmac(self.encode(query), self.encode(self.secret), hashlib.sha256)",
    '    headers["X-MBX-APIKEY"] = self.apiKey\nKeyError: \'SOLUSDT\'',
    "INSERT INTO orders (id, client_order_id, symbol) VALUES (4726381149938112566, 'x-IUOUXH15s1m8jxu8pqizrbpjm67s', 'BTCUSDT')",
    "DETAIL:  Key (id)=(590116566) already exists.",
    'DETAIL:  Key (order_id)=(555684610) is not present in table "orders".',
    "Value error, unknown symbol [type=value_error, input_value='SOL-PERP', input_type=str]",
    "Value error, unknown symbol [type=value_error, input_value='1000PEPEUSDT', input_type=str]",
    "Value error, no such wallet [type=value_error, input_value='0x779196EC30ebA6aEfb7B1ac1E115Fb94fF8bD373', input_type=str]",
    "Duplicate entry '472638114993811' for key 'orders.PRIMARY'",
    "(1062, \"Duplicate entry '3592332207-BTCUSDT' for key 'orders.uq_order'\")",
    "scriptPubKey 0014e7a5b8bea351d526af4f21c22e4d530a285f2d44 amount 4044.19",
    f"network {_HASH} connect",
    '{"e": "ORDER_TRADE_UPDATE", "o": {"c": "adl_autoclose_k709NR25uyat75hvaK", "i": 21666725623}}',
    "https://tronscan.org/#/transaction/dddbad1bc76917042aa66a82f657c298a9a125ddff9a245c8660f614ec5a0e79",
    "https://example.com/blog?utm_source=tw&gclid=0nvAWTh1s5PQWZtAlsF5",
    "https://ipfs.io/ipfs/bafybeif4gf3sadlsviqx2atpp4ipt2ixuo7xnqlf36nhivmio5a5ffxh7x",
    '{"from": "Nvr2PfoUmZHaJy7iH8oHdLd6MNdes5Hb53Z8wsMSfwx", "maker": "1QReWFJZcJdupZqToXkMzwab6j9vgFru3SMoPEkyjTA"}',
    "ltc1qpwd4mv27quthdkgyz36tvy0fvm2hwqlz69jl39 TDY8SLWFHSxSWQX4UPqurTkrM9EMExcQ7M",
    '{"ledger": {"LLA20Q-1JWT4-6VAA3P": {"refid": "TRWQM8-XPUJB-MRZF9O", "asset": "XXBT"}}}',
    '{"properties": {"password": {"type": "string"}, "api_key": {"type": "string", "minLength": 73}}}',
    '{"securitySchemes": {"ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}}',
    "usage: bot [-h] [--api-key KEY] [--secret SECRET]\n\n  --api-key KEY     key of the exchange\n  --password        ask for a password\n",
    "password: {{ vault_password }}",
    "certificate -----BEGIN CERTIFICATE----- parsed, 5 in chain",
    "ValueError: 'BTC-PERP' is not a valid Symbol",
    "signals: " + "long,short,long,long,short,exit," * 6,
    "as wide as " + "wide " * 30,
]  # fmt: skip


def cases() -> Iterator[tuple[str, str, str]]:
    """Each secret: its name, the text, and what must not be in it any more."""
    yield from SECRETS
