"""Sign-in at an OpenID provider: who gets in, as whom, and which answers of a provider let nobody in."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

import httpx
import pytest
from joserfc import jwk, jwt

from botobs._ops.home.home import Home
from botobs._ops.home.private import make_folder, write_secret
from botobs._ops.web_console import Server, oidc
from botobs._ops.web_console.response import Response

from .conftest import Parts
from .test_access import SILENCE, _audit

HOST = {"host": "console.example.com"}
BACK = "https://console.example.com/oidc/callback"
ISSUER = "https://id.example.com/realms/desk"
RSA = jwk.RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})


@dataclass
class Scripted:
    """An OpenID provider that answers what the test says.

    Attributes:
        claims: Over those of a good ID token; None takes one away.
        userinfo: What it tells of the same person beyond it.
        metadata: Over what a good one says of itself.
        sign: Makes an ID token of its claims.
        status: Of its token endpoint.
        forms: What it was sent there, with the header of authorization.
    """

    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "1"}, claims, RSA
    )
    status: int = 200
    forms: list[dict[str, str]] = field(default_factory=list)
    nonce: str = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.path.removeprefix("/realms/desk"):
            case "/.well-known/openid-configuration":
                ends = ("authorization", "token", "userinfo")
                said = {f"{end}_endpoint": f"{ISSUER}/{end}" for end in ends}
                said |= {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
                return httpx.Response(200, json=said | self.metadata)
            case "/keys":
                # Keys of kinds that nobody here knows, and those that sign nothing, are among them.
                odd = [
                    {"kty": "new", "kid": "2"},
                    {"kty": "oct", "k": "c2VjcmV0", "kid": "1"},
                    {"kty": "RSA", "use": "enc"},
                ]
                return httpx.Response(200, json={"keys": [*odd, RSA.as_dict(private=False)]})
            case "/token":
                sent = dict(parse_qsl(request.content.decode()))
                self.forms.append(sent | {"authorization": request.headers.get("authorization", "")})
                now = int(time.time())
                claims = {
                    "iss": ISSUER, "sub": "7", "aud": "botobs", "iat": now, "exp": now + 60, "nonce": self.nonce,
                    "preferred_username": "ann", "roles": ["botobs-operator"],
                }  # fmt: skip
                claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
                tokens = {"id_token": self.sign(claims), "access_token": "a", "token_type": "Bearer"}
                return httpx.Response(
                    self.status, json=tokens if self.status == 200 else {"error": "invalid_grant"}
                )
            case "/userinfo":
                assert request.headers["authorization"] == "Bearer a"
                return httpx.Response(200, json={"sub": "7"} | self.userinfo)
            case other:
                raise AssertionError(other)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """The provider that the settings name."""
    made = Scripted()
    monkeypatch.setenv("BOTOBS_CONSOLE_URL", "https://console.example.com")
    monkeypatch.setenv("BOTOBS_OIDC_ISSUER", ISSUER)
    monkeypatch.setattr(
        oidc.Provider, "_http", lambda _: httpx.Client(transport=httpx.MockTransport(made.answer))
    )
    return made


@pytest.fixture
def console(provider: Scripted, home: Home, parts: Parts) -> Iterator[Server]:
    """The console of a home whose settings name it."""
    with Server(home) as made:
        yield made


def _begun(console: Server, provider: Scripted, to: str = "/") -> tuple[dict[str, list[str]], dict[str, str]]:
    """What the provider is asked, and what the browser sends when it comes back."""
    begun = console.answer("GET", f"/oidc?to={quote(to, safe='')}", HOST)
    assert begun.status == 303, b"".join(begun.parts)
    assert {"HttpOnly", "SameSite=Lax", "Path=/oidc"} <= set(begun.headers["Set-Cookie"].split("; "))
    asked = parse_qs(urlsplit(begun.headers["Location"]).query)
    provider.nonce = asked["nonce"][0]
    return asked, HOST | {"cookie": begun.headers["Set-Cookie"].partition(";")[0]}


def _signed_in(console: Server, provider: Scripted, to: str = "/", **query: str) -> Response:
    asked, headers = _begun(console, provider, to)
    given = {"code": "c", "state": asked["state"][0]} | query
    return console.answer(
        "GET", f"/oidc/callback?{'&'.join(f'{k}={quote(v)}' for k, v in given.items())}", headers
    )


def _cookie(response: Response) -> dict[str, str]:
    return HOST | {"cookie": response.headers["Set-Cookie"].partition(";")[0]}


def _text(response: Response) -> str:
    return b"".join(response.parts).decode()


def test_the_code_flow_with_pkce_state_and_nonce(console: Server, provider: Scripted) -> None:
    asked, headers = _begun(console, provider)
    assert asked["redirect_uri"] == [BACK] and asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"] and asked["client_id"] == ["botobs"]
    opened = console.answer("GET", f"/oidc/callback?code=c&state={asked['state'][0]}", headers)
    assert opened.status == 303
    (form,) = provider.forms
    challenge = _base64(sha256(form["code_verifier"].encode()).digest())
    assert [challenge] == asked["code_challenge"]
    assert form["redirect_uri"] == BACK and form["client_id"] == "botobs" and not form["authorization"]
    # Nothing of it can be guessed from what the browser and the provider see.
    assert len({asked["state"][0], asked["nonce"][0], form["code_verifier"]}) == 3
    assert "Max-Age=43200" in opened.headers["Set-Cookie"]


def test_an_operator_changes_under_her_name(
    console: Server, provider: Scripted, home: Home, parts: Parts
) -> None:
    asked = _cookie(_signed_in(console, provider))
    assert "ann (single sign-on), operator" in _text(console.answer("GET", "/", asked))
    parts.answers["/api/v2/silences"] = {"silenceID": "0123"}
    assert console.answer("POST", "/silences", asked, SILENCE).status == 303
    assert parts.of("/api/v2/silences")[0]["createdBy"] == "ann (single sign-on)"
    assert _audit(home)[-1]["operator"] == "ann (single sign-on)"


@pytest.mark.parametrize(
    "roles", [["botobs-reader"], "botobs-reader", {"botobs-reader": {}}, ["x", "botobs-reader"]]
)
def test_a_reader_changes_nothing(console: Server, provider: Scripted, roles: object) -> None:
    provider.claims["roles"] = roles
    asked = _cookie(_signed_in(console, provider))
    assert "ann (single sign-on), reader" in _text(console.answer("GET", "/", asked))
    assert console.answer("POST", "/silences", asked, SILENCE).status == 403


@pytest.mark.parametrize(
    ("name", "roles"), [("preferred_username", "realm_access.roles"), ("email", "https://example.com/roles")]
)
def test_claims_are_named_by_settings_and_asked_for_where_the_token_lacks_them(
    provider: Scripted, home: Home, parts: Parts, monkeypatch: pytest.MonkeyPatch, name: str, roles: str
) -> None:
    monkeypatch.setenv("BOTOBS_OIDC_NAME", name)
    monkeypatch.setenv("BOTOBS_OIDC_ROLES", roles)
    provider.claims |= {"preferred_username": None, "roles": None}
    provider.userinfo = {
        "realm_access": {"roles": ["botobs-operator"]},
        "https://example.com/roles": ["botobs-operator"],
    }
    provider.userinfo |= {"preferred_username": "ann", "email": "ann@example.com"}
    with Server(home) as console:
        assert "operator" in _text(console.answer("GET", "/", _cookie(_signed_in(console, provider))))
        provider.userinfo["email_verified"] = False
        assert _signed_in(console, provider).status == (403 if name == "email" else 303)
        provider.userinfo["sub"] = "8"
        assert "somebody else" in _text(_signed_in(console, provider))


@pytest.mark.parametrize(
    "methods", [None, ["client_secret_post"], ["client_secret_basic", "private_key_jwt"]]
)
def test_a_secret_is_shown_as_the_provider_takes_it(
    provider: Scripted, home: Home, parts: Parts, methods: list[str] | None
) -> None:
    file = home.secrets / "oidc" / "client.secret"
    make_folder(file.parent)
    write_secret(file, "p%:w +ö\n")
    if methods is not None:
        provider.metadata["token_endpoint_auth_methods_supported"] = methods
    try:
        with Server(home) as console:
            assert _signed_in(console, provider).status == 303
    finally:
        file.unlink()
    (form,) = provider.forms
    if methods == ["client_secret_post"]:
        assert form["client_secret"] == "p%:w +ö"
    else:
        reported = base64.b64decode(form["authorization"].removeprefix("Basic ")).decode()
        assert unquote(reported.replace("+", " ")) == "botobs:p%:w +ö" and "client_secret" not in form


def _of_another_key(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "1"}, claims, jwk.RSAKey.generate_key(2048))


def _parts(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unsigned(claims: dict[str, Any]) -> str:
    return _parts({"alg": "none"}, claims) + "."


def _by_the_public_key(claims: dict[str, Any]) -> str:
    """The public key is taken for a shared secret: CVE-2015-9235 and its kin."""
    content = _parts({"alg": "HS256", "kid": "1"}, claims)
    return f"{content}.{_base64(hmac.digest(RSA.as_pem(private=False), content.encode(), 'sha256'))}"


WRONG: Mapping[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another client": {"aud": "other"},
    "several clients, for another": {"aud": ["botobs", "other"], "azp": "other"},
    "several clients, for nobody": {"aud": ["botobs", "other"]},
    "over": {"exp": 1},
    "without an end": {"exp": None},
    "of the future": {"iat": 2**33},
    "another nonce": {"nonce": "guess"},
    "no nonce": {"nonce": None},
    "nobody": {"sub": None},
    "no role": {"roles": ["admin"]},
    "roles of no kind": {"roles": 7},
    "a name that is none": {"preferred_username": 7},
    "an empty name": {"preferred_username": " "},
    "a name that turns the line": {"preferred_username": "ann\u202e"},
    "a name of two lines": {"preferred_username": "ann\nbob"},
}


@pytest.mark.parametrize("what", WRONG)
def test_claims_that_do_not_hold_let_nobody_in(console: Server, provider: Scripted, what: str) -> None:
    provider.claims = WRONG[what]
    refused = _signed_in(console, provider)
    assert refused.status == 403 and "Set-Cookie" not in refused.headers
    assert "note refused" in _text(refused)


@pytest.mark.parametrize(
    "sign", [_of_another_key, _unsigned, _by_the_public_key, lambda _: "x", lambda _: ""]
)
def test_a_token_that_the_provider_has_not_signed_lets_nobody_in(
    console: Server, provider: Scripted, sign: Callable[[dict[str, Any]], str]
) -> None:
    provider.sign = sign
    assert _signed_in(console, provider).status == 403


@pytest.mark.parametrize(
    "query", [{"state": "guess"}, {"state": ""}, {"error": "access_denied"}, {"iss": "https://evil.example"}]
)
def test_an_answer_of_somebody_else_lets_nobody_in(
    console: Server, provider: Scripted, query: dict[str, str]
) -> None:
    assert _signed_in(console, provider, **query).status == 403
    assert provider.forms == []


def test_a_sign_in_ends_in_the_browser_where_it_began(console: Server, provider: Scripted) -> None:
    asked, _ = _begun(console, provider)
    for cookie in ("", "botobs-sign-in=", "botobs-sign-in=."):
        refused = console.answer(
            "GET", f"/oidc/callback?code=c&state={asked['state'][0]}", HOST | {"cookie": cookie}
        )
        assert refused.status == 403 and "begin again" in _text(refused)
    assert (
        console.answer("GET", "/oidc/callback?code=c&state=", HOST | {"cookie": "botobs-sign-in=."}).status
        == 403
    )


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://id.example.com/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"jwks_uri": "http://id.example.com/keys"},
    ],
)
def test_a_provider_that_is_not_what_it_says_lets_nobody_in(
    console: Server, provider: Scripted, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    begun = console.answer("GET", "/oidc?to=/", HOST)
    assert (_signed_in(console, provider) if begun.status == 303 else begun).status == 403


def test_a_provider_that_fails_is_one_sentence(
    console: Server, provider: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.status = 400
    assert "id.example.com has refused the console: 400 invalid_grant" in _text(_signed_in(console, provider))

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    monkeypatch.setattr(provider, "answer", fail)
    monkeypatch.setattr(oidc.Provider, "_http", lambda _: httpx.Client(transport=httpx.MockTransport(fail)))
    assert "id.example.com does not respond" in _text(console.answer("GET", "/oidc?to=/", HOST))


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("/runbooks/OrderGhost?from=now-5m&to=now", "/runbooks/OrderGhost?from=now-5m&to=now"),
        ("//evil.example/x", "/x"),
        ("https://evil.example/x", "/x"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("/x\r\nSet-Cookie: a=b", "/xSet-Cookie%3A%20a%3Db"),
        ("", "/"),
    ],
)
def test_it_leads_back_to_the_page_and_nowhere_else(
    console: Server, provider: Scripted, to: str, place: str
) -> None:
    assert _signed_in(console, provider, to).headers["Location"] == place


def test_a_stranger_is_offered_the_provider_and_his_page(console: Server) -> None:
    page = _text(console.answer("GET", "/runbooks/OrderGhost?from=now-5m", HOST))
    assert "/oidc?to=/runbooks/OrderGhost%3Ffrom%3Dnow-5m" in page and "Sign in at id.example.com" in page


@pytest.mark.parametrize("how", ["over", "another role", "another client", "another key"])
def test_a_session_is_what_it_was_made_for(
    console: Server, provider: Scripted, home: Home, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    provider.claims["roles"] = ["botobs-reader"]
    asked = _cookie(_signed_in(console, provider))
    assert console.answer("GET", "/", asked).status == 200
    if how == "over":
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + oidc.SESSION + 1)
    elif how == "another role":
        name, _, session = asked["cookie"].partition("=oidc:")
        _, _, signature = session.partition(":")
        more = json.dumps(["ann", "operator", 2**33]).encode()
        asked["cookie"] = f"{name}=oidc:{base64.urlsafe_b64encode(more).rstrip(b'=').decode()}:{signature}"
    elif how == "another client":
        monkeypatch.setenv("BOTOBS_OIDC_CLIENT", "other")
    else:
        (home.secrets / "console-session.key").unlink()
    with Server(home) as again:
        assert again.answer("GET", "/", asked).status == 403


def test_who_signs_out_is_offered_to_do_so_at_the_provider(console: Server, provider: Scripted) -> None:
    signed_out = console.answer("POST", "/sign-out", _cookie(_signed_in(console, provider)))
    assert 'href="/oidc/sign-out"' in _text(signed_out)
    assert "botobs=; Path=/; Max-Age=0" in signed_out.headers["Set-Cookie"]
    # Who had a key is nobody whom the provider knows.
    assert "/oidc/sign-out" not in _text(console.answer("POST", "/sign-out", HOST))
    refused = console.answer("GET", "/oidc/sign-out", HOST)
    assert refused.status == 403 and "names no end_session_endpoint" in _text(refused)
    provider.metadata = {"end_session_endpoint": f"{ISSUER}/logout?ui=en"}
    gone = console.answer("GET", "/oidc/sign-out", HOST)
    assert (gone.status, gone.headers["Location"]) == (303, f"{ISSUER}/logout?ui=en&client_id=botobs")


def test_without_a_provider_there_is_no_such_page(server: Server) -> None:
    assert server.answer("GET", "/oidc", HOST).status == 403
    assert "/oidc" not in _text(server.answer("GET", "/", HOST))
