"""Credentials that nobody could mistake for anything else, in the forms that ccxt's exchanges can sign with."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

#: A private key of a wallet; below the order of the Stark curve too.
_WALLET_KEY = "0x01" + "ca9a12" * 10 + "ab"
_KEY = "0x01canary".replace("canary", "ca9a12") + "5ec12e7" * 8

_KEY = "CanaryApiKey0123456789abcdef"
_ED25519_SEED = base64.b64encode(b"CanarySeed0123456789CanarySeed01").decode()
_BASE58_SEED = "CanarySeed123456789CanarySeed123456789CanaryS"[:43]
_PLAIN_SECRET = "CanarySecret0123456789ab"  # also valid base64


@cache
def credentials() -> tuple[dict[str, str], ...]:
    """Sets of credentials, to be tried one after the other until an exchange can sign with one."""
    plain_hex = _WALLET_KEY[2:]
    common = {
        "apiKey": _KEY,
        "uid": "4242424242424242",
        "login": "CanaryLogin0123456789",
        "password": "CanaryPassword0123456789",
        "twofa": "CANARYTWOFAABCDE",
        "token": "CanaryToken0123456789abcdef",
        "privateKey": _WALLET_KEY,
        "walletAddress": "0xca9a12ca9a12ca9a12ca9a12ca9a12ca9a12ca9a",
        "accountId": "7373737373737373",
    }
    secrets = (_PLAIN_SECRET, _WALLET_KEY, plain_hex, _ED25519_SEED)
    account = {**common, "apiKey": f"account-{_KEY}", "secret": _PLAIN_SECRET}
    pem = ({**common, "secret": one, "privateKey": one} for one in _pem_keys())
    base58 = {**common, "secret": f"ed25519:{_BASE58_SEED}"}
    swapped = (
        {**common, "secret": one, "privateKey": one, "apiKey": one} for one in (plain_hex, _ED25519_SEED)
    )
    return (*({**common, "secret": secret} for secret in secrets), account, base58, *swapped, *pem)


@cache
def canaries() -> frozenset[str]:
    """Everything secret in any of the sets, and its base64."""
    found: set[str] = set()
    for one in credentials():
        # The number of an account names it, and opens nothing.
        for value in (value for name, value in one.items() if name not in ("uid", "accountId")):
            lines = [line for line in value.splitlines() if "KEY-----" not in line]
            found.update(line for line in lines if len(line) >= 12)
            found.add(base64.b64encode(value.encode()).decode())
    return frozenset(found)


def drive_arguments(path: str) -> dict[str, Any]:
    """A value for each placeholder of an endpoint's path."""
    return {part.split("}")[0]: "1" for part in path.split("{")[1:]}


@cache
def _pem_keys() -> tuple[str, ...]:
    keys = (
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return tuple(key.private_bytes(*form).decode() for key in keys)
