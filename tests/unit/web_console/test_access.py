"""Who gets in, and what a reader cannot do."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from botobs._ops.access import people
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.web_console import Role, Server, key_of, process
from botobs._ops.web_console.response import Response

from .conftest import Parts, Visitor

HOST = {"host": "console.example.com"}
SILENCE = urlencode(
    {
        "label-alertname": "BotFailed",
        "label-botobs_bot_id": "grid-1",
        "lasts": "3600",
        "by": "on call",
        "why": "known",
    }
)


def _audit(home: Home) -> list[dict[str, object]]:
    file = home.logs / "audit.log"
    return (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )


@pytest.mark.parametrize(
    "path", ["/", "/orders", "/runbooks/OrderGhost", "/blocks/", "/wrong/", "/silences/x"]
)
def test_strangers_see_nothing(server: Server, path: str) -> None:
    for cookie in ("", "botobs=guess; other=1", "botobs=\x7f\"';=["):
        assert server.answer("GET", path, HOST | {"cookie": cookie}).status == 403


@pytest.mark.parametrize("role", Role)
def test_the_address_with_a_key_opens_once_and_then_the_cookie_does(
    server: Server, home: Home, role: Role
) -> None:
    key = key_of(home, role)
    opened = server.answer("GET", f"/{key}/runbooks/OrderGhost?from=now-5m", HOST)
    assert (opened.status, opened.headers["Location"]) == (303, "/runbooks/OrderGhost?from=now-5m")
    cookie, *limits = opened.headers["Set-Cookie"].split("; ")
    # On the machine itself there is no TLS, and a browser would not send it back.
    here = server.answer("GET", f"/{key}/", {"host": "127.0.0.1"})
    assert "Secure" not in here.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Secure"} <= set(limits)
    assert server.answer("GET", "/runbooks/OrderGhost", HOST | {"cookie": f"a=b; {cookie}"}).status == 200
    assert server.answer("GET", "/orders", {"host": "evil.example", "cookie": cookie}).status == 403
    # The links in messages outlive a restart.
    with Server(home) as again:
        assert again.answer("GET", "/", {"host": "127.0.0.1:9400", "cookie": cookie}).status == 200


def test_a_key_leads_nowhere_else(server: Server, home: Home) -> None:
    key = key_of(home, Role.OPERATOR)
    for path in (f"/{key}//evil.example", f"/{key}/%2F%2Fevil.example", f"/{key}///evil.example/x"):
        assert re.match(r"/(?!/)", server.answer("GET", path, HOST).headers["Location"])


def test_both_keys_are_made_before_anybody_asks(tmp_path: Path) -> None:
    """With the first request the disk may be full: then nobody would get in."""
    home = Home(tmp_path / "home")
    home.create()
    process(home, ports_auto=True)
    made = {path.name for path in home.secrets.iterdir()}
    assert {"console.token", "console-reader.token"} <= made


def test_a_key_can_be_typed_in(server: Server, home: Home) -> None:
    form = urlencode({"key": key_of(home, Role.READER)})
    assert server.answer("POST", "/sign-in", HOST, form).status == 303
    assert server.answer("POST", "/sign-in", HOST, "key=guess").status == 403


@pytest.fixture
def ann(server: Server, home: Home) -> Iterator[tuple[str, dict[str, str]]]:
    """An operator with a name: her password, and what her browser sends once she has signed in."""
    password = people.add(home.secrets, "ann@desk", people.Role.OPERATOR)
    form = urlencode({"name": "Ann@desk", "password": password})
    opened = server.answer("POST", "/sign-in", HOST, form)
    assert (opened.status, opened.headers["Location"]) == (303, "/")
    yield password, HOST | {"cookie": opened.headers["Set-Cookie"].partition(";")[0]}
    with suppress(StackError):
        people.remove(home.secrets, "ann@desk")


def test_who_signs_in_by_name_stands_in_the_silence_and_in_the_audit_log(
    server: Server, ann: tuple[str, dict[str, str]], parts: Parts, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who has started the stack is another matter.
    monkeypatch.setenv("BOTOBS_OPERATOR", "somebody")
    parts.answers["/api/v2/silences"] = {"silenceID": "0123"}
    assert "ann@desk, operator" in b"".join(server.answer("GET", "/", ann[1]).parts).decode()
    assert server.answer("POST", "/silences", ann[1], SILENCE).status == 303
    (body,) = parts.of("/api/v2/silences")
    assert body["createdBy"] == "ann@desk"
    assert (_audit(home)[-1]["operator"], _audit(home)[-1]["by"]) == ("ann@desk", "ann@desk")


def _forgotten(response: Response) -> None:
    """The browser keeps nothing any more, and sees no page of the stack."""
    assert {"botobs=", "Max-Age=0", "Path=/"} <= set(response.headers["Set-Cookie"].split("; "))
    page = b"".join(response.parts).decode()
    assert (response.status, "signed out in this browser" in page) == (200, True)
    assert 'action="/sign-in"' in page and 'href="/orders"' not in page


def test_who_has_signed_in_signs_out(
    server: Server, home: Home, ann: tuple[str, dict[str, str]], operator: Visitor
) -> None:
    for cookie in (ann[1]["cookie"], f"botobs={key_of(home, Role.READER)}", "botobs=guess", ""):
        _forgotten(server.answer("POST", "/sign-out", HOST | {"cookie": cookie}))
    # A link, or another site's form, signs nobody out.
    assert "Set-Cookie" not in server.answer("GET", "/sign-out", ann[1]).headers
    elsewhere = server.answer("POST", "/sign-out", ann[1] | {"sec-fetch-site": "cross-site"})
    assert (elsewhere.status, "Set-Cookie" in elsewhere.headers) == (403, False)
    assert 'action="/sign-out"' in operator.text("/")


@pytest.mark.parametrize(
    "how", ["another password", "removed", "a reader", "a name that was changed", "ended"]
)
def test_a_session_is_no_more_than_its_person(
    server: Server, ann: tuple[str, dict[str, str]], home: Home, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = dict(ann[1])
    if how == "another password":
        people.new_password(home.secrets, "ann@desk")
    elif how == "removed":
        people.remove(home.secrets, "ann@desk")
    elif how == "a reader":
        people.set_role(home.secrets, "ann@desk", people.Role.READER)
        assert server.answer("GET", "/", asked).status == 200
        assert server.answer("POST", "/silences", asked, SILENCE).status == 403
        return
    elif how == "a name that was changed":
        asked["cookie"] = asked["cookie"].replace("ann@desk", "eve")
    else:
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 31 * 86_400)
    assert server.answer("GET", "/", asked).status == 403


@pytest.mark.parametrize(
    "form",
    [
        {"name": "ann@desk", "password": "guess"},
        {"name": "ann@desk"},
        {"name": "nobody", "password": ""},
        {"name": "\x00", "password": "\x00" * 200},
    ],
)
def test_a_guess_is_not_let_in(server: Server, ann: tuple[str, dict[str, str]], form: dict[str, str]) -> None:
    refused = server.answer("POST", "/sign-in", HOST, urlencode(form))
    assert refused.status == 403 and "Set-Cookie" not in refused.headers


def test_an_operator_silences_and_it_is_written_down(operator: Visitor, parts: Parts, home: Home) -> None:
    parts.answers["/api/v2/silences"] = {"silenceID": "0123"}
    assert operator.post("/silences", SILENCE).headers["Location"] == "/"
    (body,) = parts.of("/api/v2/silences")
    assert [(each["name"], each["value"], each["isRegex"]) for each in body["matchers"]] == [
        ("alertname", "BotFailed", False),
        ("botobs_bot_id", "grid-1", False),
    ]
    assert (body["createdBy"], body["comment"]) == ("on call", "known")
    line = _audit(home)[-1]
    assert (line["action"], line["id"], line["by"], line["through"]) == (
        "silence add",
        "0123",
        "on call",
        "console, operator",
    )


def test_an_operator_ends_a_silence(operator: Visitor, parts: Parts, home: Home) -> None:
    identity = "12345678-1234-1234-1234-123456789012"
    assert operator.post("/silences/end", f"id={identity}").status == 303
    assert ("DELETE", f"/api/v2/silence/{identity}") in [each[:2] for each in parts.asked]
    assert _audit(home)[-1]["action"] == "silence expire"
    assert operator.post("/silences/end", "id=../alerts").status == 400


def test_a_reader_changes_nothing(reader: Visitor, parts: Parts, home: Home) -> None:
    before = _audit(home)
    for path, form in (("/silences", SILENCE), ("/silences/end", "id=12345678-1234-1234-1234-123456789012")):
        assert reader.post(path, form).status == 403
    assert "A reader cannot silence" in reader.blocks("/silences/BotFailed")["form"]
    assert not [each for each in parts.asked if each[0] != "GET"]
    assert _audit(home) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "https://evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(operator: Visitor, parts: Parts, headers: dict[str, str]) -> None:
    assert operator.post("/silences", SILENCE, **headers).status == 403
    assert not parts.asked


@pytest.mark.parametrize("missing", ["by", "why", "lasts", "label-alertname"])
def test_a_silence_says_what_who_and_why(operator: Visitor, parts: Parts, missing: str) -> None:
    form = dict(pair.split("=") for pair in SILENCE.split("&") if not pair.startswith("label-botobs"))
    assert operator.post("/silences", urlencode({**form, missing: ""})).status == 400
    assert not [each for each in parts.asked if each[0] == "POST"]


def test_pages_run_no_script_but_the_consoles_own(operator: Visitor) -> None:
    policy = operator.get("/").headers["Content-Security-Policy"]
    scripts = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert scripts == "script-src 'self'"
    for path in ("/", "/orders", "/bots", "/dashboards", "/traces", "/why", "/runbooks"):
        page = operator.text(path)
        assert not re.findall(r"<script(?![^>]* src=\"/static/)|<style|\son\w+=", page)
        for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
            assert operator.get(file).status == 200
    assert operator.get("/static/../keys.py").status == 404
    assert operator.get("/static/").status == 404


def test_keys_are_private(home: Home, server: Server) -> None:
    key_of(home, Role.READER)
    for file in home.secrets.glob("console*"):
        assert Path(file).stat().st_mode & 0o077 == 0
