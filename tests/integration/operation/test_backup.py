"""Backup, restore and upgrade of a stack that works: the ledger is the same, and nothing of what is sent is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botobs import __version__
from botobs._ops.access import clients
from tests.integration.operation.conftest import User
from tests.support.object_store import object_store
from tests.support.waiting import eventually

#: A folder is what `botobs upgrade` takes one to, and what the how-to runs.
_PLACE = "s3://backups/2026/monday"
SELLER = Path(__file__).parent / "programs" / "seller.py"


def _selling(user: User, name: str, count: int = 0) -> subprocess.Popen[str]:
    """A service that makes so many spans, or sells until it is told to end."""
    words = [sys.executable, str(SELLER), name, str(count)]
    return subprocess.Popen(words, env=user.environ, cwd=user.folder, stdin=subprocess.PIPE, text=True)


def _sell(user: User, name: str, count: int) -> None:
    with _selling(user, name, count) as service:
        service.communicate()
    assert service.returncode == 0


def _account(user: User, name: str, *words: object) -> dict[str, Any]:
    """What the ledger says of a service, once nothing of it is missing or on its way."""
    # Tempo counts what it has stored only once anything has come since its start.
    _sell(user, "another", 1)

    def complete() -> dict[str, Any] | None:
        done = user.try_botobs("ledger", "--json", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        accounts: list[dict[str, Any]] = json.loads(done.stdout)
        # The last numbers of a service that has ended may still be on their way.
        arrived = (each for each in accounts if each.get("service") == name and each["spans"]["produced"])
        return next(arrived, None)

    account = eventually(complete, within=600)
    assert account is not None
    return account


def _silence(user: User) -> str:
    address = json.loads((user.home / "stack.json").read_text())["parts"]["alertmanager"]["url"]
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    silence = {
        "matchers": [{"name": "alertname", "value": "BotFailed", "isRegex": False}],
        "startsAt": datetime.now(UTC).isoformat(), "endsAt": ends, "createdBy": "ops", "comment": "a test",
    }  # fmt: skip
    with clients.client(user.home / "secrets", address) as http:
        return str(http.post("/api/v2/silences", json=silence).raise_for_status().json()["silenceID"])


def _silences(home: Path) -> list[str]:
    address = json.loads((home / "stack.json").read_text())["parts"]["alertmanager"]["url"]
    with clients.client(home / "secrets", address) as http:
        return [each["id"] for each in http.get("/api/v2/silences").raise_for_status().json()]


def test_a_backup_while_services_send_and_its_way_to_another_home(
    user: User, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    with object_store(tmp_path, "backups") as store:
        user.environ |= store.environ
        _there_and_back(user, record_property)


def _there_and_back(user: User, record_property: Callable[[str, object], None]) -> None:
    user.botobs("up", "--detach")
    (user.home / "custom" / "rules" / "mine.yml").write_text("groups: []\n")
    token = json.loads(user.botobs("token", "create", "pnl", "--json"))["id"]
    silence = _silence(user)
    _sell(user, "seller", 500)
    before = _account(user, "seller")
    busy = _selling(user, "busy")
    eventually(lambda: "busy" in user.try_botobs("ledger", "--json").stdout, within=600)
    taken = json.loads(user.botobs("backup", _PLACE, "--json"))
    record_property("pause_seconds", taken["pause_seconds"])
    record_property("backup_bytes", taken["bytes"])
    busy.communicate("\n")
    # What was sent meanwhile waited, and none of it is missing.
    _account(user, "busy")
    assert _account(user, "seller") == before
    user.botobs("down")
    moved = user.folder / "moved"
    user.botobs("restore", _PLACE, "--home", moved)
    user.botobs("up", "--detach", "--home", moved)
    assert _account(user, "seller", "--home", moved) == before
    assert _silences(moved) == [silence]
    assert token in user.botobs("token", "list", "--home", moved)
    assert (moved / "custom" / "rules" / "mine.yml").read_text() == "groups: []\n"
    # The old one is what it was.
    assert (user.home / "secrets" / "ca.pem").read_bytes() == (moved / "secrets" / "ca.pem").read_bytes()


def _pretend_older(user: User) -> None:
    file = user.home / "versions.json"
    content = json.loads(file.read_text())
    content["botobs"] = "0.0.1"
    content["programs"]["prometheus"] = "3.0.0"
    file.write_text(json.dumps(content))


def test_an_upgrade_and_one_that_fails(user: User) -> None:
    user.botobs("up", "--detach")
    _sell(user, "seller", 500)
    before = _account(user, "seller")
    assert "there is nothing to do" in user.botobs("upgrade")

    _pretend_older(user)
    pid = json.loads((user.home / "stack.json").read_text())["pid"]
    dry = user.try_botobs("upgrade", "--dry-run")
    assert "prometheus         3.0.0 → " in dry.stderr and f"0.0.1 → {__version__}" in dry.stderr
    bad = user.home / "custom" / "rules" / "bad.yml"
    bad.write_text("groups: [{name: g, rules: [{alert: X, expr: 'sum('}]}]\n")
    refused = user.try_botobs("upgrade")
    assert refused.returncode == 1 and f"{bad}:1: " in refused.stderr
    assert json.loads((user.home / "stack.json").read_text())["pid"] == pid
    bad.unlink()

    user.botobs("upgrade")
    assert _account(user, "seller") == before
    assert json.loads((user.home / "versions.json").read_text())["botobs"] == __version__
    assert json.loads((user.home / "stack.json").read_text())["pid"] != pid

    # A new Prometheus that does not start.
    _pretend_older(user)
    broken = user.folder / "bin" / "prometheus"
    broken.parent.mkdir()
    version = json.loads(user.botobs("upgrade", "--dry-run", "--json"))["changes"][1]["after"]
    broken.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "prometheus, version {version}" && exit 0\nexit 1\n'
    )
    broken.chmod(0o755)
    path = user.environ["PATH"]
    user.environ["PATH"] = f"{broken.parent}:{path}"
    failed = user.try_botobs("upgrade")
    assert failed.returncode == 1
    assert "is as it was before" in failed.stderr and "pip install 'botobs==0.0.1'" in failed.stderr
    assert json.loads((user.home / "versions.json").read_text())["botobs"] == "0.0.1"
    user.environ["PATH"] = path
    user.botobs("up", "--detach")
    assert _account(user, "seller") == before
