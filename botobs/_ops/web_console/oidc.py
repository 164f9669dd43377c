"""Sign-in at an OpenID provider: the code flow of OpenID Connect Core 1.0, with PKCE (RFC 7636), state and nonce.

Who has signed in keeps a session of the console's own for some hours; then the provider is asked again, which lets in
whom it knows without a question, and nobody whom it has shut out.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from ..access.people import Role
from ..errors import UserError, no_answer
from ..home.home import Home
from ..home.private import read_secret, write_secret
from ..settings import sign_in
from ..settings.kinds import is_safe
from ..settings.table import TABLE
from ..settings.values import gather
from ..shown import name as shown
from .keys import Visitor

#: Seconds after which the provider is asked again who somebody is.
SESSION = 12 * 3600
#: Seconds in which somebody signs in at the provider.
UNDER_WAY = 600
#: Where the provider sends browsers back to; it has to know this address.
CALLBACK = "/oidc/callback"
_TIMEOUT = 10.0
#: Signatures by a key that the provider alone has. `none`, and those by a shared secret, are refused.
_ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]
#: Seconds by which two clocks may differ.
_LEEWAY = 60
_KEY = "console-session.key"
_MARK = "oidc:"


class SignInError(UserError):
    """Nobody is let in by this sign-in."""


@dataclass(frozen=True)
class Client:
    """This stack, as its provider knows it.

    Attributes:
        issuer: The provider.
        identity: The client's id.
        secret: What it shows the provider; empty for a public client.
        scopes: What it asks for.
        name: The claim with a person's name.
        roles: The claim with a person's roles.
        names: The provider's name of each role, the highest first.
        authorities: File of the authorities of the provider's certificate; None for the system's.
    """

    issuer: str
    identity: str
    secret: str
    scopes: str
    name: str
    roles: str
    names: Mapping[Role, str]
    authorities: Path | None = None

    @classmethod
    def of(cls, home: Home) -> Client | None:
        """That of a home's settings; None where they name no provider.

        Raises:
            StackError: The settings' file, or the secret, cannot be read.
        """
        texts = gather(home).texts

        def value(name: str) -> str:
            return texts.get(f"BOTOBS_OIDC_{name}") or TABLE[f"BOTOBS_OIDC_{name}"].default

        if not value("ISSUER"):
            return None
        folder = home.secrets / sign_in.FOLDER
        secret, authorities = folder / sign_in.SECRET, folder / sign_in.AUTHORITIES
        return cls(
            issuer=value("ISSUER"),
            identity=value("CLIENT"),
            secret=read_secret(secret) if secret.exists() else "",
            scopes=value("SCOPES"),
            name=value("NAME"),
            roles=value("ROLES"),
            names={Role.OPERATOR: value("OPERATOR"), Role.READER: value("READER")},
            authorities=authorities if authorities.exists() else None,
        )


class Provider:
    """An OpenID provider that says who somebody is.

    Args:
        client: This stack, as the provider knows it.
        key: Signs sessions.
    """

    def __init__(self, client: Client, key: str) -> None:
        self._client = client
        # Another provider's sessions end with it.
        self._key = sha256(f"{key}\n{client.issuer}\n{client.identity}".encode()).digest()

    @classmethod
    def of(cls, home: Home) -> Provider | None:
        """That of a home's settings; None where they name none.

        Raises:
            StackError: The settings' file, or a secret, cannot be read.
        """
        client = Client.of(home)
        if client is None:
            return None
        path = home.secrets / _KEY
        if not path.exists():
            write_secret(path, secrets.token_urlsafe(32) + "\n")
        return cls(client, read_secret(path))

    @property
    def name(self) -> str:
        """How people know it: its host."""
        return urlsplit(self._client.issuer).netloc

    def begin(self, back: str) -> tuple[str, str]:
        """Where somebody signs in, and the state that his browser keeps meanwhile.

        Args:
            back: The address of `CALLBACK`.

        Raises:
            SignInError: The provider does not respond, or is not what it says.
        """
        state = secrets.token_urlsafe(24)
        challenge = sha256(self._derived("verifier", state).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client.identity,
            "redirect_uri": back,
            "scope": self._client.scopes,
            "state": state,
            "nonce": self._derived("nonce", state),
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        with self._http() as http:
            address = self._endpoint(self._metadata(http), "authorization_endpoint")
        return _with(address, query), state

    def end(self, query: Mapping[str, str], state: str, back: str) -> Visitor:
        """Who has signed in.

        Args:
            query: What the provider has sent along with the browser.
            state: What the browser has kept.
            back: The address of `CALLBACK`.

        Raises:
            SignInError: He is not let in, or it cannot be seen who he is.
        """
        if not state or not hmac.compare_digest(state.encode(), query.get("state", "").encode()):
            raise SignInError("this sign-in was not begun in this browser, or too long ago: begin again")
        if query.get("iss", self._client.issuer) != self._client.issuer:
            raise SignInError("this answer is of another provider")
        if error := query.get("error"):
            raise SignInError(
                f"{self.name} has let nobody in: {shown(query.get('error_description') or error)[:200]}"
            )
        with self._http() as http:
            metadata = self._metadata(http)
            tokens = self._tokens(
                http, metadata, query.get("code", ""), self._derived("verifier", state), back
            )
            claims = self._claims(
                http, metadata, str(tokens.get("id_token", "")), self._derived("nonce", state)
            )
            if _found(claims, self._client.roles) is None or _found(claims, self._client.name) is None:
                claims = self._userinfo(http, metadata, tokens, claims) | claims
        return self._visitor(claims)

    def farewell(self) -> str:
        """Where a browser signs out of the provider too: OpenID Connect RP-Initiated Logout 1.0.

        Raises:
            SignInError: The provider does not respond, or has no such place.
        """
        with self._http() as http:
            address = self._endpoint(self._metadata(http), "end_session_endpoint")
        return _with(address, {"client_id": self._client.identity})

    def session(self, visitor: Visitor) -> str:
        """What a browser keeps of who has signed in."""
        content = _base64(json.dumps([visitor.name, visitor.role, int(time.time()) + SESSION]).encode())
        return f"{_MARK}{content}:{self._derived('session', content)}"

    def visitor(self, session: str) -> Visitor | None:
        """Whose session it is; None where it is over, or nobody's."""
        content, _, signature = session.removeprefix(_MARK).partition(":")
        if not session.startswith(_MARK) or not hmac.compare_digest(
            signature.encode(), self._derived("session", content).encode()
        ):
            return None
        name, role, ends = json.loads(base64.urlsafe_b64decode(content + "=="))
        return Visitor(Role(role), name) if ends > time.time() else None

    def _derived(self, what: str, text: str) -> str:
        """A secret that belongs to a text, and need not be kept."""
        return _base64(hmac.digest(self._key, f"{what}\n{text}".encode(), "sha256"))

    def _http(self) -> httpx.Client:
        authorities = self._client.authorities
        try:
            verify: ssl.SSLContext | bool = (
                ssl.create_default_context(cafile=authorities) if authorities else True
            )
        except OSError as error:
            raise SignInError(f"{authorities} cannot be used: {error.strerror or error}") from None
        return httpx.Client(verify=verify, timeout=_TIMEOUT, headers={"Accept": "application/json"})

    def _ask(self, http: httpx.Client, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            response = http.request(method, url, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SignInError(f"{self.name} does not respond: {no_answer(error)}") from None
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise SignInError(f"{self.name} does not speak OpenID Connect: {response.status_code} of {url}")
        if response.status_code != 200:
            why = shown(str(found.get("error_description") or found.get("error") or ""))[:200]
            raise SignInError(f"{self.name} has refused the console: {response.status_code} {why}".strip())
        return found

    def _metadata(self, http: httpx.Client) -> dict[str, Any]:
        """What the provider says of itself: OpenID Connect Discovery 1.0, 4."""
        issuer = self._client.issuer
        found = self._ask(http, "GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise SignInError(
                f"BOTOBS_OIDC_ISSUER={issuer} calls itself {shown(str(found.get('issuer')))[:200]}"
            )
        return found

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        address = str(metadata.get(name, ""))
        if not is_safe(address):
            raise SignInError(f"{self.name} names no {name} that begins with https://")
        return address

    def _tokens(
        self, http: httpx.Client, metadata: Mapping[str, Any], code: str, verifier: str, back: str
    ) -> dict[str, Any]:
        client = self._client
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        supported = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        options: dict[str, Any] = {}
        if client.secret and "client_secret_basic" in supported:
            # RFC 6749, 2.3.1.
            options["auth"] = (quote_plus(client.identity), quote_plus(client.secret))
        else:
            form["client_id"] = client.identity
            if client.secret:
                form["client_secret"] = client.secret
        return self._ask(http, "POST", self._endpoint(metadata, "token_endpoint"), data=form, **options)

    def _claims(
        self, http: httpx.Client, metadata: Mapping[str, Any], token: str, nonce: str
    ) -> dict[str, Any]:
        """What an ID token says, checked as 3.1.3.7 demands."""
        issuer, identity = self._client.issuer, self._client.identity
        keys = _keys(self._ask(http, "GET", self._endpoint(metadata, "jwks_uri")))
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            aud={"essential": True, "value": identity},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = dict(jwt.decode(token, keys, algorithms=_ALGORITHMS).claims)
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            why = shown(str(error))[:200]
            raise SignInError(f"what {self.name} says of who you are does not hold: {why}") from None
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", identity if len(audience) == 1 else None) != identity:
            raise SignInError(f"what {self.name} says of who you are is for another client")
        return claims

    def _userinfo(
        self,
        http: httpx.Client,
        metadata: Mapping[str, Any],
        tokens: Mapping[str, Any],
        claims: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What the provider tells of the same person beyond the ID token: 5.3."""
        if not metadata.get("userinfo_endpoint"):
            return {}
        bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        found = self._ask(http, "GET", self._endpoint(metadata, "userinfo_endpoint"), headers=bearer)
        if found.get("sub") != claims["sub"]:
            raise SignInError(f"{self.name} has answered about somebody else")
        return found

    def _visitor(self, claims: Mapping[str, Any]) -> Visitor:
        client = self._client
        name = _found(claims, client.name)
        if not isinstance(name, str) or not name.strip() or name != shown(name) or len(name) > 200:
            raise SignInError(
                f"{self.name} does not say what you are called: there is no usable claim {client.name!r}"
            )
        if client.name == "email" and claims.get("email_verified") is False:
            raise SignInError(f"{self.name} has not verified that {name} is yours")
        given = _found(claims, client.roles)
        held = (
            {given}
            if isinstance(given, str)
            else set(map(str, given))
            if isinstance(given, list | dict)
            else set()
        )
        for role, called in client.names.items():
            if called in held:
                # No name of `botobs user` has a space: nobody of the provider's can be taken for one of them.
                return Visitor(role, f"{name.strip()} (single sign-on)")
        roles = " nor ".join(client.names.values())
        raise SignInError(f"{name} has neither {roles} in the claim {client.roles!r}, and is not let in")


def _keys(found: Mapping[str, Any]) -> jwk.KeySet:
    """The keys of a set that sign; those of kinds that nobody here knows are none of ours."""
    keys = []
    for each in found.get("keys", []):
        try:
            if each.get("use", "sig") == "sig" and each.get("kty") != "oct":
                keys.append(jwk.JWKRegistry.import_key(each))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return jwk.KeySet(keys)


def _found(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, by its whole name or by dots that lead into it."""
    if name in claims:
        return claims[name]
    first, dot, rest = name.partition(".")
    inner = claims.get(first)
    return _found(inner, rest) if dot and isinstance(inner, dict) else None


def _with(address: str, query: Mapping[str, str]) -> str:
    """An address of the provider's, and what is asked there."""
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
