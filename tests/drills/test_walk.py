"""From the mail about a fault to its cause, by what the mail names alone: its links, its commands as they stand."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest

from botobs._ops.drills.catalogue import BY_NAME
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.sinks import Message
from botobs._ops.drills.target import Target
from botobs._ops.drills.timing import promised
from botobs._ops.web_console.server import Server
from tests.support.waiting import eventually

#: What is broken, and what has to be named as the cause of its alert; nothing where the alert is the cause itself. In
#: this order: causes keep their symptoms quiet for a while.
_WALKS = {
    "exchange-key-refused": None,
    "orders-unknown": "ExchangeErrorsHigh",
    "disk-full": None,
    "service-frozen": None,
    "service-killed": None,
    "exchange-ban": None,
    "database-down": None,
}
_LINK = re.compile(r"https?://\S+")
#: A command of a mail that asks, behind what it is for; the others change something.
_COMMAND = re.compile(r"^(?:Why|Traces): botobs (.+)$", re.MULTILINE)
_PATIENCE = 240.0


@pytest.fixture(scope="module")
def port() -> int:
    """Where the console will listen."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def demo(port: int) -> Iterator[DemoStack]:
    """The demo, whose messages lead to the console."""
    with DemoStack(TEST, variables={"BOTOBS_CONSOLE_URL": f"http://127.0.0.1:{port}"}) as running:
        yield running


@pytest.fixture(scope="module")
def target(demo: DemoStack) -> Iterator[Target]:
    """Its stack."""
    with Target(demo.running) as found:
        found.require(BY_NAME["service-killed"].needs, "service-killed")
        yield found


@pytest.fixture(scope="module")
def console(demo: DemoStack, target: Target, port: int) -> Iterator[httpx.Client]:
    """The browser of somebody who has opened the console once."""
    with Server(demo.home, port) as server, httpx.Client(follow_redirects=True, timeout=60) as client:
        thread = Thread(target=server.serve_forever)
        thread.start()
        client.get(server.url()).raise_for_status()
        yield client
        server.stop()
        thread.join()


@pytest.mark.parametrize("name", _WALKS)
def test_a_mail_leads_to_the_cause(name: str, demo: DemoStack, target: Target, console: httpx.Client) -> None:
    drill = BY_NAME[name]
    limit = promised(drill, TEST).latest + _PATIENCE
    assert eventually(lambda: _others(target) == set(), within=600), _others(target)
    began = time.time()
    with drill.fault(target, limit + 300):
        eventually(lambda: _mail(demo, drill.alert, began), within=limit)
        mail = _mail(demo, drill.alert, began)
        assert mail is not None
        for value in drill.labels.values():
            assert value in mail.subject + mail.text
        _links_open(console, mail)
        commands = _COMMAND.findall(mail.text)
        assert commands, mail.text
        for command in commands:
            _said(demo, *shlex.split(command))
        answers = _said(demo, "query", "--runbook", drill.alert)
        assert answers
        reported = json.loads(_said(demo, "why", drill.alert, "--json"))
    assert next((each["name"] for each in reported["explanations"]), None) == _WALKS[name]


def _others(target: Target) -> set[str] | None:
    """What fires beside the watchdog, which always does."""
    alerts = target.in_prometheus()
    return None if alerts is None else {each.name for each in alerts} - {"Watchdog"}


def _mail(demo: DemoStack, alert: str, began: float) -> Message | None:
    """The first mail about the fault."""
    return next(
        (
            each
            for each in demo.inbox.since(began)
            if each.channel == "email" and each.alert == alert and not each.resolved
        ),
        None,
    )


def _links_open(console: httpx.Client, mail: Message) -> None:
    links = _LINK.findall(mail.text)
    assert len(links) >= 2, mail.text
    for link in links:
        answer = console.get(link)
        assert answer.status_code == 200, f"{link}: {answer.status_code}"
        assert mail.alert in answer.text, link


def _said(demo: DemoStack, *command: str) -> str:
    """What a command says on the operator's machine."""
    done = subprocess.run(
        [sys.executable, "-m", "botobs", *command, "--home", str(demo.home.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    # `why` says by 1 that nothing explains it.
    assert done.returncode <= (command[0] == "why"), (
        f"botobs {' '.join(command)}: {done.stderr or done.stdout}"
    )
    return done.stdout
