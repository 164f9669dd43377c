"""An operator is let into the real programs under his own name, at once, and out again; a reader is not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from botobs._ops.access import clients
from botobs._ops.cli import main
from testbed.stack import LiveStack

_QUESTIONS = {"prometheus": "/api/v1/query?query=up", "alertmanager": "/api/v2/alerts"}


def _answers(live: LiveStack, name: str, password: str) -> set[int]:
    """The status codes of both programs."""
    with httpx.Client(verify=clients.ssl_context(live.home.secrets), trust_env=False) as http:
        return {
            http.get(live.stack.addresses[part] + path, auth=(name, password)).status_code
            for part, path in _QUESTIONS.items()
        }


@pytest.fixture
def ann(secured: LiveStack, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """The password of an operator."""
    where = ["--home", str(secured.home.path)]
    assert main(["user", "add", "ann", *where, "--json"]) == 0
    yield json.loads(capsys.readouterr().out)["password"]
    assert main(["user", "remove", "ann", *where]) == 0


def test_a_change_of_role_holds_at_once(secured: LiveStack, ann: str) -> None:
    where = ["--home", str(secured.home.path)]
    assert _answers(secured, "ann", ann) == {200}
    assert _answers(secured, "ann", "x") == {401}
    assert main(["user", "role", "ann", "reader", *where]) == 0
    assert _answers(secured, "ann", ann) == {401}
    assert main(["user", "role", "ann", "operator", *where]) == 0
    assert _answers(secured, "ann", ann) == {200}


def test_who_silenced_stands_in_the_audit_log(secured: LiveStack, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--home", str(secured.home.path)]
    assert main(["silence", "add", "alertname=none", "--why", "a test", "--by", "ann", "--json", *where]) == 0
    made = json.loads(capsys.readouterr().out)["id"]
    assert main(["silence", "expire", made, *where]) == 0
    lines = (secured.home.logs / "audit.log").read_text(encoding="utf-8").splitlines()
    added, expired = (json.loads(line) for line in lines[-2:])
    assert (added["action"], added["id"], added["by"], added["why"]) == ("silence add", made, "ann", "a test")
    assert (expired["action"], expired["id"]) == ("silence expire", made)
    assert added["user"]
