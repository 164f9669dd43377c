"""What links of messages lead to: served to whoever has opened the printed address once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.home.home import Home
from botobs._ops.home.state import Running
from botobs._ops.report.serve import Server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with secrets."""
    home = Home(tmp_path / "home")
    home.create()
    return home


@pytest.fixture
def server(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of a stack of which nothing answers, behind an address of the user's."""
    monkeypatch.setenv("BOTOBS_CONSOLE_URL", "https://console.example.com")
    with Server(Running(home, 1, "test", {}), 300) as made:
        yield made


HOST = "console.example.com"


def test_a_link_opens_for_who_has_opened_the_address_once(server: Server, home: Home) -> None:
    assert server.answer("/runbooks/OrderGhost", HOST)[0] == 403
    assert server.answer("/runbooks/OrderGhost", HOST, "botobs=guess; other=1")[0] == 403
    cookie = server.cookie.partition(";")[0]
    status, kind, body = server.answer("/runbooks/OrderGhost", HOST, f"a=b; {cookie}")
    assert (status, kind) == (200, "text/html")
    assert "<h2>What to do</h2>" in body
    assert "$exchange" not in body
    assert server.answer("/runbooks/OrderGhost", "evil.example", cookie)[0] == 403
    # The links in messages outlive a restart.
    with Server(Running(home, 1, "test", {}), 300) as again:
        assert again.answer("/runbooks/OrderGhost", HOST, cookie)[0] == 200


def test_the_address_itself_leads_to_runbooks_and_silences(server: Server) -> None:
    token = server.url.rstrip("/").rsplit("/", 1)[1]
    for path, words in (
        ("runbooks/", "OrderOutcomeUnknown</a>: Stop the bot"),
        ("runbooks/DatabasePoolExhausted", "DatabaseQueriesSlow"),
        ("silences/OrderGhost", "botobs silence add alertname=OrderGhost --for 1h"),
    ):
        status, _, body = server.answer(f"/{token}/{path}", HOST)
        assert status == 200
        assert words in body
    status, _, body = server.answer(f"/{token}/runbooks/<script>", HOST)
    assert status == 404
    assert server.answer("/runbooks/OrderGhost", HOST, "botobs=\x7f\"';=[")[0] == 403
