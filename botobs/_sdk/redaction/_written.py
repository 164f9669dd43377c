"""The ways in which a secret may be written: for addresses, JSON, HTML, SQL, shells, in hexadecimal and base64."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

_PERCENT = re.compile(r"%[0-9A-F]{2}")
_HEX = re.compile(r"(?:0[xX])?[0-9a-fA-F]+")
# As Go writes JSON: https://pkg.go.dev/encoding/json#HTMLEscape
_OF_GO = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "&<>"})


def written(text: str, held: bytes) -> set[str]:
    """The forms of a secret.

    Args:
        text: The secret, without blanks around it.
        held: Its bytes.
    """
    in_json = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    forms = {text, quote(text, safe=""), quote_plus(text), quote(text, safe="/"), *in_json}
    forms |= {json.dumps(form)[1:-1] for form in forms}
    forms |= {form.translate(_OF_GO) for form in in_json} | {form.replace("/", "\\/") for form in in_json}
    forms |= {quote(quote(text, safe=""), safe=""), html.escape(text), html.escape(text, quote=False)}
    forms |= {text.replace("'", "''"), text.replace("'", "'\\''"), repr(text)[1:-1]}
    forms |= {_PERCENT.sub(lambda found: found[0].lower(), form) for form in forms}
    if _HEX.fullmatch(text):
        forms |= {text.lower(), text.upper()}
    forms |= {held.hex(), held.hex().upper(), repr(held)[2:-1]}
    for shift in range(3):
        # Its place among other bytes moves the letters of base64; those at the edges depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + held).decode().rstrip("=")
        inside = encoded[4 if shift else 0 : len(encoded) - (1 if (len(held) + shift) % 3 else 0)]
        forms |= {inside, inside.replace("+", "-").replace("/", "_")}
    return forms
