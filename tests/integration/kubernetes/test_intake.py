"""The intake in the agents' pods: put in front of collectors that run, killed, and what it takes out of telemetry."""

from __future__ import annotations

from botobs._ops.programs.versions import pins
from testbed.sender import Sender
from tests.support.kubernetes import service
from tests.support.kubernetes.installation import AGENTS, Installation
from tests.support.platforms import Record, complete, flows
from tests.support.waiting import eventually


def test_it_is_put_in_front_while_services_send(
    botobs: Installation, sender: Sender, record_property: Record
) -> None:
    """By one value; the address, the token and the authority of services stay what they are."""
    with sender:
        flows(sender)
        botobs.upgrade({"images": {"intake": pins()["intake"].image}})
        flows(sender)
    complete(botobs, sender, "intake put in front", record_property)
    (agent,) = botobs.pods(AGENTS)
    assert {each["name"] for each in agent["spec"]["containers"]} == {"collector", "intake"}


def test_one_that_dies_costs_nothing(botobs: Installation, sender: Sender, record_property: Record) -> None:
    with sender:
        flows(sender)
        before = botobs.starts(AGENTS)
        botobs.kill(botobs.pods(AGENTS)[0], "intake")
        assert eventually(lambda: botobs.starts(AGENTS) > before, within=180)
        flows(sender)
    botobs.wait()
    complete(botobs, sender, "intake killed", record_property)


def test_it_is_asked_for_its_figures(botobs: Installation) -> None:
    assert eventually(lambda: botobs.query('botobs_intake_requests_total{service_name="intake"}'), within=180)
    (up,) = botobs.query('up{service_name="intake"}')
    assert up["metric"]["service_instance_id"] == "intake-node-1" and up["value"][1] == "1"


def test_a_token_for_one_service_sends_no_other(botobs: Installation) -> None:
    """What collectors themselves cannot know."""
    token = botobs.home.path / "narrow.token"
    botobs.botobs("token", "create", "narrow", "--output", str(token))
    botobs.hand_out_secrets()
    environ = {
        "BOTOBS_ENDPOINT": botobs.endpoint,
        "BOTOBS_CERTIFICATE": str(botobs.home.secrets / "ca.pem"),
        "BOTOBS_TOKEN_FILE": str(token),
    }
    assert eventually(lambda: service.on_the_host("narrow", environ), within=180)
    assert not service.on_the_host("another", environ)
