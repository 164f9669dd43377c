"""Answers of orders are lost, and the exchange goes on without the bot: who is told what, until all is settled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from botobs._ops.components.ports import free_ports
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.sinks import Inbox, MailSink, Message
from botobs._ops.web_console import Server
from testbed.stack import LiveStack
from tests.support.configs import ROOT
from tests.support.waiting import eventually

#: Client order ids of the orders that `tests.support.reconciled` sends, with what became of each at the exchange.
SENT = {"ends": "canceled", "fills": "filled", "waits": "accepted"}
ALERT = "OrderOutcomeUnknown"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def stack(inbox: Inbox) -> Iterator[LiveStack]:
    with MailSink(inbox) as mail:
        console = f"http://127.0.0.1:{free_ports(1)[0]}"
        variables = {
            **TEST.variables,
            "BOTOBS_CONSOLE_URL": console,
            "BOTOBS_ALERT_RECEIVER": "email",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail.port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
        }
        with LiveStack(variables) as live:
            yield live


@pytest.fixture
def environ(stack: LiveStack, tmp_path: Path) -> dict[str, str]:
    """Of a program and an operator of this stack."""
    return {
        **os.environ,
        "BOTOBS_HOME": str(stack.home.path),
        "XDG_STATE_HOME": str(tmp_path),
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }


def listed(environ: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """What `botobs orders` says."""
    command = [sys.executable, "-m", "botobs", "orders", "--json", "--last", "1h"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def summary(stack: LiveStack) -> str:
    """What the alert says of itself where it is looked at."""
    with stack.client("alertmanager") as http:
        found = http.get("/api/v2/alerts", params={"filter": f'alertname="{ALERT}"'}).json()
    return " ".join(each["annotations"]["summary"] for each in found)


def block(stack: LiveStack, link: str) -> str:
    """What stands about orders on the page that a link of a message leads to."""
    address = httpx.URL(link)
    with Server(stack.home, address.port or 0) as server, httpx.Client(timeout=120) as http:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            assert http.get(server.url(), follow_redirects=True).status_code == 200
            assert http.get(address).status_code == 200
            lines = http.get(address.copy_with(path=f"/blocks{address.path}")).text.splitlines()
        finally:
            server.stop()
            thread.join()
    return next(str(made["html"]) for made in map(json.loads, lines) if made["block"] == "orders")


def test_told_named_found_settled_and_over(stack: LiveStack, inbox: Inbox, environ: dict[str, str]) -> None:
    def reported(what: str) -> list[Message]:
        return [each for each in inbox.since() if each.subject.startswith(f"[{what}] {ALERT}: ")]

    program = subprocess.Popen(
        [sys.executable, "-m", "tests.support.reconciled", "unknown"],
        stdin=subprocess.PIPE,
        env=environ,
        cwd=ROOT,
    )
    try:
        assert eventually(lambda: reported("CRITICAL"), within=300)
        # It counts them,
        assert eventually(lambda: "3 orders" in summary(stack), within=120)
        # its link names them,
        link = next(word for word in reported("CRITICAL")[-1].text.split() if f"/runbooks/{ALERT}" in word)

        def shown() -> bool:
            page = block(stack, link)
            return "3 orders are of unknown outcome" in page and all(name in page for name in SENT)

        assert eventually(shown, within=120)

        # and so does the command.
        def named() -> bool:
            code, said = listed(environ)
            orders = {order["client_order_id"]: order for order in said["orders"]}
            assert code == 1
            assert sorted(orders) == sorted(SENT)
            assert {order["state"] for order in orders.values()} == {"unknown"}
            assert {order["symbol"] for order in orders.values()} == {"BTC/USDT"}
            return True

        assert eventually(named)
        assert not reported("RESOLVED")
    finally:
        assert program.stdin is not None
        program.stdin.close()
    # Reconcile finds and settles them, and the alert is over.
    assert eventually(lambda: reported("RESOLVED"), within=300)
    assert program.wait(timeout=120) == 0
    assert eventually(lambda: listed(environ)[0] == 0)
    settled = (
        'name = "order settled" && span.exchange.order.client_id = "{}" && span.botobs.order.outcome = "{}"'
    )
    queries = [f"{{ {settled.format(*each)} }}" for each in SENT.items()]
    assert eventually(lambda: all(map(stack.search, queries))), queries
