"""Who spends an exchange's limits: never an API key, but a hash of it that is the same in every process."""

from __future__ import annotations

import functools
import hashlib
import hmac

_LENGTH = 12


def account_of(key: object, secret: object) -> str:
    """What stands for an API key; empty without one.

    It is keyed with the secret that belongs to the key, so that its reader can neither find the key nor try one.

    Args:
        key: The API key.
        secret: Its secret; a key alone, which could be guessed, is reported as `unkeyed`.
    """
    if not isinstance(key, str) or not key:
        return ""
    if not isinstance(secret, str) or not secret:
        return "unkeyed"
    return _hashed(key, secret)


@functools.lru_cache(maxsize=64)
def _hashed(key: str, secret: str) -> str:
    return hmac.new(secret.encode(), key.encode(), hashlib.sha256).hexdigest()[:_LENGTH]
