"""Single sign-on: an OpenID provider, at which people sign in to the console and to Grafana.

What it has given us stands in `secrets/oidc`: `client.secret`, and `ca.pem` where an authority of the user's own has
signed its certificate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .kinds import SAFE_URL, URL, Kind
from .setting import rows

FOLDER, SECRET, AUTHORITIES = "oidc", "client.secret", "ca.pem"
_WORD = r"[A-Za-z0-9_:/.@-]+"


def _issuer(text: str) -> str:
    found = urlsplit(SAFE_URL.read(text))
    if found.query or found.fragment:
        raise ValueError
    return text


def _words(pattern: str) -> Kind:
    def read(text: str) -> str:
        if len(text) > 200 or not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return Kind("name", "letters, digits and _ : / . @ -", read, f"^{pattern}$")


def _scopes(text: str) -> str:
    words = text.split()
    if "openid" not in words or not all(re.fullmatch(_WORD, word) for word in words):
        raise ValueError
    return " ".join(words)


_ISSUER = Kind("address", f"{SAFE_URL.allowed}, without a query", _issuer, URL.as_it_is)
_NAME = _words(_WORD)
_ROLE = _words(f"{_WORD}( {_WORD})*")
_SCOPES = Kind(
    "scopes", "words with spaces between them, `openid` among them", _scopes, r"^[A-Za-z0-9_:/.@ -]+$"
)

_ROWS = (
    ("OIDC_ISSUER", _ISSUER, "", "an OpenID provider's address, its issuer: people sign in to the console there; "
     "unset: by name, or by key"),
    ("OIDC_CLIENT", _NAME, "botobs", "the client's id at the provider; its secret, where it has one, is in "
     "`secrets/oidc/client.secret`"),
    ("OIDC_SCOPES", _SCOPES, "openid profile email", "what is asked for; some providers want one more for "
     "roles"),
    ("OIDC_NAME", _NAME, "preferred_username", "the claim with the name that the audit log has: one that nobody can "
     "choose for himself"),
    ("OIDC_ROLES", _NAME, "roles", "the claim with roles or groups; dots lead into it, as in `realm_access.roles`"),
    ("OIDC_OPERATOR", _ROLE, "botobs-operator", "the role of whoever may change something"),
    ("OIDC_READER", _ROLE, "botobs-reader", "the role of whoever may look; who has neither is not let in"),
    ("OIDC_AUTH_URL", SAFE_URL, "", "for Grafana, which does not look it up: the provider's `authorization_endpoint`; "
     "unset: Grafana has no single sign-on"),
    ("OIDC_TOKEN_URL", SAFE_URL, "", "for Grafana: the provider's `token_endpoint`"),
    ("OIDC_USERINFO_URL", SAFE_URL, "", "for Grafana: the provider's `userinfo_endpoint`"),
)  # fmt: skip
SIGN_IN = rows(*_ROWS)


def of_grafana(texts: Mapping[str, str], secrets: Path, seen: str) -> dict[str, str]:
    """What Grafana's configuration says of it; nothing where the settings name no addresses.

    Args:
        texts: Settings that were given.
        secrets: The home's folder of secrets.
        seen: Where Grafana sees that folder.
    """
    if not texts.get("BOTOBS_OIDC_AUTH_URL") or not texts.get("BOTOBS_OIDC_TOKEN_URL"):
        return {}
    values = {f"BOTOBS_{name}": default for name, _, default, _ in _ROWS} | dict(texts)
    # A claim that is one text is no list, and gives nobody a role: part of it could read like one.
    held = f"{_path(values['BOTOBS_OIDC_ROLES'])}[*]"
    roles = {"Editor": values["BOTOBS_OIDC_OPERATOR"], "Viewer": values["BOTOBS_OIDC_READER"]}
    found = {
        "SIGN_IN": "true",
        # The way back from the provider comes from another site.
        "SAMESITE": "lax",
        "NAME_CLAIM": _path(values["BOTOBS_OIDC_NAME"]),
        "ROLE": " || ".join(f"contains({held}, '{called}') && '{role}'" for role, called in roles.items()),
    }
    if (secrets / FOLDER / SECRET).exists():
        found["CLIENT_SECRET"] = f"$__file{{{seen}/{FOLDER}/{SECRET}}}"
    if (secrets / FOLDER / AUTHORITIES).exists():
        found["AUTHORITIES"] = f"{seen}/{FOLDER}/{AUTHORITIES}"
    return {f"BOTOBS_GRAFANA_{name}": text for name, text in found.items()}


def _path(claim: str) -> str:
    """A claim in JMESPath: by its whole name, or by dots that lead into it, as the console finds it."""
    steps = ".".join(f'"{step}"' for step in claim.split("."))
    return steps if "." not in claim else f'not_null("{claim}", {steps})'
