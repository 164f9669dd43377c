"""Containers are killed and made anew while services send: nothing that was acknowledged is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count

import pytest

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from tests.integration.compose.conftest import OPERATOR
from tests.support.containers.project import Project
from tests.support.ledger import Delivery, wait_for_all
from tests.support.waiting import eventually

#: Without Tempo: what it had in memory is lost, as docs/delivery.md says and the lane `pipeline` measures.
_KILLED = ("intake", "collector", "prometheus", "mimir")
_SENDERS = count()
#: A request of spans from each of the queue's eight consumers, and one of points from each of two.
_UNDER_WAY = 8 * 200 + 2 * 1000


@pytest.fixture
def sender(project: Project) -> Sender:
    """Sends spans and points from the host, until it is left."""
    number = next(_SENDERS)
    sources: list[Source] = [Spans(f"compose-spans-{number}"), Points(f"compose-points-{number}")]
    return Sender(project.addresses["intake"], project.home.secrets, sources, pause=0.05)


def _kill(project: Project, service: str) -> None:
    before = project.state(service)["StartedAt"]
    project.process(service).kill()
    assert eventually(lambda: project.state(service)["StartedAt"] != before)


def _flows(sender: Sender, items: int = 1000) -> None:
    target = sender.items + items
    assert eventually(lambda: sender.items >= target, within=180), "nothing is acknowledged any more"


def test_a_container_that_dies_costs_nothing(
    project: Project, sender: Sender, record_property: Callable[[str, object], None]
) -> None:
    """As when it runs out of memory: the engine starts it again."""
    with sender:
        _flows(sender)
        for service in _KILLED:
            _kill(project, service)
            _flows(sender)
    _complete(project, sender, "containers killed", record_property)


def test_an_upgrade_costs_nothing(
    project: Project, sender: Sender, record_property: Callable[[str, object], None]
) -> None:
    """As when every image is another: all containers are made anew, on the same volumes."""
    before = {service: project.container(service) for service in (*_KILLED, "tempo")}
    with sender:
        _flows(sender)
        project.compose("up", "--detach", "--force-recreate")
        _flows(sender)
    assert all(project.container(service) != was for service, was in before.items())
    _complete(project, sender, "containers made anew", record_property)


def test_an_engine_that_is_restarted(
    project: Project, sender: Sender, record_property: Callable[[str, object], None]
) -> None:
    """All parts come back. What was under way to a store while it stopped may be missing, as docs/delivery.md says."""
    with sender:
        _flows(sender)
        project.engine.restart()
        _flows(sender)
    project.scraped()
    found = wait_for_all(project, sender, within=240)
    record_property("engine restarted", f"{found.acknowledged} acknowledged, {found.missing} missing")
    assert found.missing <= _UNDER_WAY


def test_a_stopped_project_goes_on_with_what_it_had(
    project: Project, sender: Sender, record_property: Callable[[str, object], None]
) -> None:
    """Also where its volumes belong to somebody else, as those of earlier versions to who prepared them."""
    with sender:
        _flows(sender)
    project.compose("stop")
    for service in ("intake", "collector", "prometheus", "alertmanager", "postgres", "mimir"):
        assert project.state(service)["ExitCode"] == 0, f"{service} did not end in good order"
    volumes = project.engine.folder / "root" / "volumes"
    for path in volumes.glob("botobs_*/_data/**/*"):
        shutil.chown(path, OPERATOR, OPERATOR)
    project.compose("up", "--detach")
    project.scraped()
    _complete(project, sender, "stopped and started", record_property)


def _complete(
    project: Project, sender: Sender, fault: str, record_property: Callable[[str, object], None]
) -> None:
    found = wait_for_all(project, sender, within=240)
    record_property(fault, f"{found.acknowledged} acknowledged, {found.missing} missing")
    assert found == Delivery(found.acknowledged, 0)
