"""An Alertmanager with the stack's configuration and command line, between posted alerts and real sinks."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import secrets
from botobs._ops.access.secrets import write_secret
from botobs._ops.components import native
from botobs._ops.components.context import Context
from botobs._ops.components.ports import free_ports
from botobs._ops.components.table import BY_NAME
from botobs._ops.drills.sinks import Inbox, MailSink, slack_sink
from botobs._ops.home.home import Home
from botobs._ops.home.render import render_tree
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.settings import channels
from botobs._ops.settings.values import defaults
from tests.support.alerting import Alerting, Sinks
from tests.support.configs import ROOT

_PACE = {
    "BOTOBS_ENVIRONMENT": "test",
    "BOTOBS_ALERT_GROUP_WAIT": "500ms",
    "BOTOBS_ALERT_GROUP_WAIT_CRITICAL": "500ms",
    "BOTOBS_ALERT_GROUP_WAIT_ORDERS": "500ms",
    "BOTOBS_ALERT_GROUP_INTERVAL": "1s",
    "BOTOBS_ALERT_GROUP_INTERVAL_CRITICAL": "1s",
    "BOTOBS_ALERT_GROUP_INTERVAL_ORDERS": "1s",
    "BOTOBS_ALERT_RECEIVER": "email,slack",
    "BOTOBS_SMTP_HOST": "127.0.0.1",
    "BOTOBS_SMTP_REQUIRE_TLS": "false",
}


Make = Callable[..., Alerting]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Builds an Alertmanager from settings; it is stopped after the test."""
    binaries = Binaries()
    binaries.require(["alertmanager"], Silent())
    with ExitStack() as around:

        def build(mail_port: int, slack_url: str, inbox: Inbox, **variables: str) -> Alerting:
            home = Home(tmp_path / "home")
            home.create()
            secrets.ensure(home.secrets)
            write_secret(home.secrets / "alertmanager" / "slack.url", slack_url)
            values = {
                **_PACE,
                "BOTOBS_DATA": str(home.data),
                "BOTOBS_SECRETS": str(home.secrets),
                "BOTOBS_ALERTMANAGER_PORT": str(free_ports(1)[0]),
                "BOTOBS_SMTP_PORT": str(mail_port),
                **variables,
            }
            values |= channels.expanded(values)
            render_tree(
                ROOT / "alertmanager", home.config / "alertmanager", values, frozenset({"build", "README.md"})
            )
            context = Context(home, binaries, defaults() | values, httpx.AsyncClient())
            part = native.process(context, BY_NAME["alertmanager"])
            alerting = Alerting(home, inbox, list(part.command), part.url)
            around.callback(alerting.end)
            return alerting

        yield build


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    """A mail server and a Slack that take everything."""
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox) as slack:
        yield Sinks(inbox, mail, slack)


@pytest.fixture
def alerting(make: Make, sinks: Sinks) -> Alerting:
    """An Alertmanager that runs and reaches both."""
    built = make(sinks.mail.port, sinks.slack.url, sinks.inbox)
    built.start()
    return built


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """The authority and the server context of a mail server at 127.0.0.1."""
    folder = tmp_path / "mail"
    folder.mkdir(mode=0o700)
    secrets.ensure(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return folder / "ca.pem", context
