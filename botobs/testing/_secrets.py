"""Looks for planted secrets in the bytes that would leave the process."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

#: A shorter canary is found by chance.
SHORTEST = 8


def leaks(canaries: Iterable[str], payloads: Iterable[tuple[str, bytes]]) -> list[str]:
    """One line for each canary that is in a payload, as it is or encoded.

    Args:
        canaries: The secrets.
        payloads: What to search, each with a description.

    Raises:
        ValueError: There is no canary, or one that is too short.
    """
    planted = list(canaries)
    if not planted:
        raise ValueError("no canary was given, so nothing would be looked for")
    for canary in planted:
        if len(canary) < SHORTEST:
            raise ValueError(f"a canary has {len(canary)} characters; below {SHORTEST} it is found by chance")
    searched = [(what, payload) for what, payload in payloads]
    return [
        f"canary {number} ({canary[:3]}...) is in {what}, {how}"
        for number, canary in enumerate(planted, 1)
        for how, form in _forms(canary).items()
        for what, payload in searched
        if form in payload
    ]


def _forms(canary: str) -> dict[str, bytes]:
    """The ways in which a secret may be written, each of them once."""
    plain = canary.encode()
    ways = {
        "as it is": plain,
        "quoted for a URL": quote(canary, safe="").encode(),
        "quoted for a form": quote_plus(canary).encode(),
        "escaped for JSON": json.dumps(canary)[1:-1].encode(),
        "in hexadecimal": plain.hex().encode(),
        "backwards": plain[::-1],
    }
    for shift in range(3):
        # Its place among other bytes moves the letters of base64; those at the edges depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + plain)
        ways[f"in base64 ({shift})"] = encoded[4 if shift else 0 :].rstrip(b"=")[:-2]
    forms: dict[str, bytes] = {}
    for how, form in ways.items():
        if form not in forms.values():
            forms[how] = form
    return forms
