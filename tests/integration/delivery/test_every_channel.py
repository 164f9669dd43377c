"""Each channel gets from a real Alertmanager what it documents, whatever bots and symbols are called."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import Inbox, MailSink
from botobs._ops.settings import channels
from tests.support import certificates
from tests.support.alerting import Alerting, quiet_for
from tests.support.channels import KINDS, Fake
from tests.support.waiting import eventually

Make = Callable[..., Alerting]

#: What a bot, an exchange or a symbol may be called.
HOSTILE = [
    "<!channel> & <@U012> ",
    "@everyone @here <@123> @trading_team /stop",
    "**b** _i_ ~~s~~ `c` [x](https://evil.example) ||spoiler||",
    "<b>bold</b><script>alert(1)</script>&nbsp;\"quoted\" 'x'",
    "line\r\nBcc: victim@example.com\r\n\r\nbody",
    "$(rm -rf ~) `id` {{ .Labels }} ${HOME}",
    "\u202eright to left\u2066 zero\u200bwidth \x07 \x1b[31m",
    "交易所 команда 🚀" + "🚀" * 500,
    # It takes five characters for one at Slack.
    "&" * 300,
]
_FILES = {
    "slack": ("slack.url",),
    "discord": ("discord.url",),
    "teams": ("teams.url",),
    "webhook": ("webhook.url",),
}


class Everywhere:
    """An Alertmanager with every channel on, and what is at their other ends."""

    def __init__(self, alerting: Alerting, inbox: Inbox, fakes: dict[str, Fake]) -> None:
        self.alerting = alerting
        self.inbox = inbox
        self.fakes = fakes

    def taken(self) -> dict[str, int]:
        """How many messages each channel has."""
        return {"email": len(self.inbox.since())} | {
            name: len(fake.taken) for name, fake in self.fakes.items()
        }

    def refused(self) -> list[str]:
        """What they refused."""
        return [f"{name}: {each}" for name, fake in self.fakes.items() for each in fake.refused]

    def texts(self) -> dict[str, str]:
        """Title and text of the newest message of each channel, as a person sees it."""
        mail = self.inbox.since()[-1]
        found = {name: "\n".join(fake.taken[-1]) for name, fake in self.fakes.items()}
        return found | {"email": f"{mail.subject}\n{mail.text}"}

    def expect(self, each: int) -> None:
        """Wait until every channel has taken so many messages, and see that none was refused."""

        def arrived() -> bool:
            if not self.refused():
                assert set(self.taken().values()) == {each}, self.taken()
            return True

        assert eventually(arrived, within=60)
        assert self.refused() == []


Build = Callable[..., Everywhere]


@pytest.fixture
def everywhere(make: Make, tmp_path: Path) -> Iterator[Build]:
    """Builds one: with the channels' rates kept if `limited`, and with further settings."""
    inbox = Inbox()
    with ExitStack() as around:

        def build(limited: bool = False, **settings: str) -> Everywhere:
            mail = around.enter_context(MailSink(inbox))
            authority = _pushover_certificate(tmp_path)
            fakes = {
                name: around.enter_context(Fake(name, authority if name == "pushover" else None, limited))
                for name in KINDS
            }
            alerting = _alertmanager(make, mail, inbox, fakes, settings)
            _lead_pushover_here(alerting, fakes["pushover"].address, tmp_path / "pushover" / "ca.pem")
            alerting.start()
            return Everywhere(alerting, inbox, fakes)

        yield build


def _alertmanager(
    make: Make, mail: MailSink, inbox: Inbox, fakes: dict[str, Fake], settings: dict[str, str]
) -> Alerting:
    alerting = make(
        mail.port,
        fakes["slack"].url,
        inbox,
        BOTOBS_ALERT_RECEIVER=",".join(channels.BY_NAME),
        BOTOBS_TELEGRAM_URL=fakes["telegram"].address,
        BOTOBS_TELEGRAM_CHAT="-1001234567890",
        BOTOBS_PAGERDUTY_URL=fakes["pagerduty"].url,
        **settings,
    )
    secrets = alerting.home.secrets / "alertmanager"
    for name, files in _FILES.items():
        write_secret(secrets / files[0], fakes[name].url + "\n")
    write_secret(secrets / "telegram.token", "12:token\n")
    write_secret(secrets / "pagerduty.key", "0123456789abcdef0123456789abcdef\n")
    # Alertmanager takes these two as they are.
    write_secret(secrets / "pushover.token", "a" * 30)
    write_secret(secrets / "pushover.user", "u" * 30)
    return alerting


def _pushover_certificate(tmp_path: Path) -> ssl.SSLContext:
    folder = tmp_path / "pushover"
    folder.mkdir()
    certificates.authority(folder)
    pem, key = certificates.issue(folder / "ca.pem", folder / "ca.key", folder, 1, ("api.pushover.net",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context


def _lead_pushover_here(alerting: Alerting, proxy: str, authority: Path) -> None:
    """Its address stands in Alertmanager's source: a proxy takes its place."""
    path = alerting.home.config / "alertmanager" / "alertmanager.yml"
    content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    [receiver] = (each for each in content["receivers"] if each["name"] == "pushover")
    way = {"proxy_url": proxy, "tls_config": {"ca_file": str(authority)}}
    receiver["pushover_configs"][0]["http_config"] = way
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_every_channel_takes_a_message_its_end_and_hostile_names(everywhere: Build) -> None:
    all_channels = everywhere()
    labels = {"severity": "critical", "area": "bots", "owner": "trading", "service_name": "engine"}
    all_channels.alerting.fire("BotHeartbeatLost", botobs_bot_id="grid-1", exchange_name="okx", **labels)
    all_channels.expect(1)
    for name, text in all_channels.texts().items():
        assert "BotHeartbeatLost" in text, name
        if name != "webhook":
            for words in ("okx, bot grid-1, engine, test, since 20", "Owner: trading", "It is 1 (limit 0)."):
                assert words in text, (name, text)
            assert "botobs runbook BotHeartbeatLost" in text, (name, text)
        if name not in ("webhook", "pushover"):
            for words in (
                "Costs: Nobody watches",
                "First: Restart",
                "Last error: RequestTimeout",
                "botobs silence add alertname=BotHeartbeatLost",
            ):
                assert words in text, (name, text)
            assert "127.0.0.1" not in text, "a link that opens nowhere else"

    all_channels.alerting.resolve("BotHeartbeatLost", botobs_bot_id="grid-1", exchange_name="okx", **labels)
    all_channels.expect(2)
    for name, text in all_channels.texts().items():
        assert name == "webhook" or (
            "[RESOLVED]" in text and "after 1m 0s" in text.replace("59s", "1m 0s")
        ), text
        assert name in ("webhook", "pushover") or "Over: The bot takes turns again" in text, (name, text)

    for number, name in enumerate(HOSTILE):
        all_channels.alerting.fire(
            "ExchangeBookCrossed", exchange_name=name, botobs_bot_id=name, service_name=name, severity="critical",
            owner=name, deployment_environment_name=name,
        )  # fmt: skip
        all_channels.expect(3 + number)
        for channel, text in all_channels.texts().items():
            title = text.partition("\n")[0]
            assert channel == "webhook" or title.isprintable(), (channel, title)
            assert "\nBcc:" not in text
            assert (
                channel == "webhook"
                or "silence add" not in text
                or "$(rm" not in text.partition("silence add")[2]
            )


@pytest.mark.parametrize(
    "name", ["['{{ .Receiver }}']", "{a: '{{ .Receiver }}'}", "'{{ .Receiver }}': ", "- '{{ .Receiver }}'"]
)
def test_a_name_is_no_template(everywhere: Build, name: str) -> None:
    # Rules begin sentences with names.
    all_channels = everywhere()
    labels = {"service_name": name, "severity": "critical"}
    all_channels.alerting.fire_many("ServiceErrorsHigh", [labels], summary=f"{name} fails")
    all_channels.expect(1)
    for channel, text in all_channels.texts().items():
        assert "{{ .Receiver }}" in text, (channel, text)


@pytest.mark.parametrize(
    "description",
    [
        "It failed for a reason that takes long to tell. ",
        pytest.param("<p>&amp;</p> @a/b *c* _d_ 🚀", id="marks"),
        pytest.param("&", id="ampersands"),
    ],
)
def test_three_hundred_alerts_are_one_message_that_can_be_read(everywhere: Build, description: str) -> None:
    # Long enough for a slow machine to take all of them in before the first message.
    all_channels = everywhere(BOTOBS_ALERT_GROUP_WAIT_CRITICAL="5s")
    labels = {"service_name": "m", "severity": "critical"}
    all_channels.alerting.fire_many(
        "BotFailed",
        [{"botobs_bot_id": f"bot <!channel> *{number}* 🚀", **labels} for number in range(300)],
        description=description * 200,
    )
    all_channels.expect(1)
    for name, text in all_channels.texts().items():
        if name != "webhook":
            assert "BotFailed (300): m, test, since 20" in text, name
            assert "of 300 are shown" in text, name
            assert "botobs runbook BotFailed" in text, (name, text)
            assert len(text.splitlines()) < 100, name


def test_the_rate_of_each_channel_is_kept_and_all_arrives(everywhere: Build) -> None:
    all_channels = everywhere(limited=True)
    # More groups at once than Discord, Teams and Slack take in their seconds.
    for number in range(18):
        all_channels.alerting.fire(f"Alert{number}", severity="critical", service_name="m")
    assert eventually(lambda: set(all_channels.taken().values()) == {18}, within=180), all_channels.taken()
    assert {each.status for fake in all_channels.fakes.values() for each in fake.refused} <= {429}
    assert any(fake.refused for fake in all_channels.fakes.values()), "no limit was reached"
    quiet_for(2)
    assert set(all_channels.taken().values()) == {18}


def test_alerts_are_routed_by_severity_area_and_team(everywhere: Build) -> None:
    routes = {
        "BOTOBS_ALERT_PAGERDUTY": channels.matchers("severity=critical"),
        "BOTOBS_ALERT_TELEGRAM": channels.matchers("area=orders|bots"),
        "BOTOBS_ALERT_TEAMS": channels.matchers("owner=platform severity!=critical"),
        "BOTOBS_ALERT_DISCORD": channels.NONE,
        "BOTOBS_CONSOLE_URL": "https://console.example.com",
        "BOTOBS_DASHBOARD_URL": "https://grafana.example.com",
    }
    all_channels = everywhere(**routes)
    fire = all_channels.alerting.fire
    fire("A", severity="critical", area="orders", owner="trading")
    fire("B", severity="warning", area="database", owner="platform")
    fire("C", severity="warning", area="bots", owner="trading")
    wanted = {
        "pagerduty": {"A"}, "telegram": {"A", "C"}, "teams": {"B"}, "discord": set(), "slack": {"A", "B", "C"},
    }  # fmt: skip

    def found() -> dict[str, set[str]]:
        return {
            name: {title.split("] ")[1][0] for title, _ in all_channels.fakes[name].taken} for name in wanted
        }

    assert eventually(lambda: found() == wanted, within=120), found()
    quiet_for(2)
    assert found() == wanted
    text = all_channels.fakes["slack"].taken[-1][1]
    for link in (
        "console.example.com/runbooks/",
        "console.example.com/silences/",
        "grafana.example.com/d/botobs-overview",
    ):
        assert f"https://{link}" in text
    assert "url=https%3A%2F%2Fconsole.example.com%2Frunbooks%2F" in all_channels.fakes["pushover"].raw[-1]
