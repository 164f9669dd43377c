"""Single sign-on at a real OpenID provider: who gets into the console of a real stack, and under which name he acts."""

from __future__ import annotations

import json
import re
import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import urljoin

import httpx
import pytest

from botobs._ops.components.ports import free_ports
from botobs._ops.home.private import make_folder, write_secret
from botobs._ops.web_console import Server
from testbed.stack import LiveStack
from tests.support.openid import OpenId, provider, sign_in, sign_out

_ACCOUNTS = {
    "ann": {"preferred_username": "ann", "roles": ["botobs-operator", "desk"]},
    "bob": {"preferred_username": "bob", "roles": ["botobs-reader"]},
    "eve": {"preferred_username": "eve", "roles": ["desk"]},
}
_METHODS = ("client_secret_basic", "client_secret_post", "none")
_SECRET = "a secret: 100 % of it + more, and it is long enough"


@pytest.fixture(scope="module")
def port() -> int:
    """The console's, which the provider has to know."""
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def openid(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenId]:
    """The provider, with a client for each way to show who one is."""
    clients = [
        {
            "client_id": method,
            "token_endpoint_auth_method": method,
            "redirect_uris": [f"http://127.0.0.1:{port}/oidc/callback"],
            "application_type": "native",
            **({} if method == "none" else {"client_secret": _SECRET}),
        }
        for method in _METHODS
    ]
    with provider(tmp_path_factory.mktemp("openid"), clients, _ACCOUNTS) as running:
        yield running


@pytest.fixture(params=_METHODS)
def console(
    request: pytest.FixtureRequest,
    live: LiveStack,
    openid: OpenId,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Server]:
    """The console of a stack whose settings name the provider."""
    monkeypatch.setenv("BOTOBS_OIDC_ISSUER", openid.issuer)
    monkeypatch.setenv("BOTOBS_OIDC_CLIENT", request.param)
    folder = live.home.secrets / "oidc"
    make_folder(folder)
    write_secret(folder / "ca.pem", openid.authorities.read_bytes())
    if request.param != "none":
        write_secret(folder / "client.secret", _SECRET + "\n")
    with Server(live.home, port) as made:
        thread = Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.stop()
        thread.join()
    shutil.rmtree(folder)


@pytest.fixture
def browser(openid: OpenId) -> Iterator[httpx.Client]:
    """One that has been nowhere yet."""
    trusted = ssl.create_default_context(cafile=openid.authorities)
    with httpx.Client(verify=trusted, follow_redirects=True, timeout=60, trust_env=False) as made:
        yield made


def _silence(browser: httpx.Client, console: Server) -> httpx.Response:
    form = {
        "label-alertname": "BotFailed",
        "label-botobs_bot_id": "none",
        "lasts": "60",
        "by": "x",
        "why": "test",
    }
    return browser.post(f"{console.origin}silences", data=form)


def test_an_operator_silences_under_her_own_name(
    console: Server, browser: httpx.Client, live: LiveStack
) -> None:
    page = sign_in(browser, f"{console.origin}oidc?to=/orders?from=now-5m", "ann")
    assert str(page.url) == f"{console.origin}orders?from=now-5m"
    assert "ann (single sign-on), operator" in page.text
    assert _silence(browser, console).status_code == 200
    line = json.loads((live.home.logs / "audit.log").read_text(encoding="utf-8").splitlines()[-1])
    assert (line["action"], line["operator"]) == ("silence add", "ann (single sign-on)")


def test_a_reader_looks_and_a_stranger_does_not(
    console: Server, browser: httpx.Client, openid: OpenId
) -> None:
    assert "bob (single sign-on), reader" in sign_in(browser, f"{console.origin}oidc", "bob").text
    assert _silence(browser, console).status_code == 403
    browser.cookies.clear()
    refused = sign_in(browser, f"{console.origin}oidc", "eve")
    assert refused.status_code == 403
    assert "eve has neither botobs-operator nor botobs-reader" in refused.text
    assert browser.get(console.origin).status_code == 403


def test_who_signs_out_there_too_is_asked_who_he_is(console: Server, browser: httpx.Client) -> None:
    at = f"{console.origin}oidc"
    sign_in(browser, at, "ann")
    left = browser.post(f"{console.origin}sign-out")
    assert "signed out in this browser" in left.text and 'href="/oidc/sign-out"' in left.text
    assert browser.get(console.origin).status_code == 403
    # The provider lets in whom it still knows, whatever name is typed.
    assert "ann (single sign-on), operator" in sign_in(browser, at, "bob").text
    browser.post(f"{console.origin}sign-out")
    assert sign_out(browser, f"{at}/sign-out").status_code == 200
    assert "bob (single sign-on), reader" in sign_in(browser, at, "bob").text


def test_a_code_is_taken_once_and_in_one_browser(console: Server, browser: httpx.Client) -> None:
    page = sign_in(browser, f"{console.origin}oidc", "ann")
    (back,) = (str(each.url) for each in page.history if each.url.path == "/oidc/callback")
    again = browser.get(back)
    assert again.status_code == 403 and "has refused the console" in again.text
    with httpx.Client(trust_env=False) as another:
        assert "not begun in this browser" in another.get(back).text


def test_a_link_of_a_message_leads_to_its_page(console: Server, browser: httpx.Client) -> None:
    stranger = browser.get(f"{console.origin}runbooks/OrderGhost")
    found = re.search(r'href="(/oidc\?[^"]*)"', stranger.text)
    assert stranger.status_code == 403 and found
    page = sign_in(browser, urljoin(console.origin, found[1]), "bob")
    assert str(page.url) == f"{console.origin}runbooks/OrderGhost"


def test_a_provider_that_is_gone_is_one_sentence(
    live: LiveStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with provider(tmp_path, [], {}) as gone:
        monkeypatch.setenv("BOTOBS_OIDC_ISSUER", gone.issuer)
    with Server(live.home) as console:
        page = b"".join(console.answer("GET", "/oidc", {"host": "127.0.0.1"}).parts).decode()
    assert f"{gone.issuer.removeprefix('https://')} does not respond" in page
