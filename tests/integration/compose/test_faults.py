"""Containers are killed and made anew while services send: nothing that was acknowledged is missing."""

from __future__ import annotations

import shutil

import pytest

from testbed.sender import Sender
from tests.integration.compose.conftest import OPERATOR
from tests.support.containers.project import Project
from tests.support.platforms import Record, complete, flows, read_back, services
from tests.support.waiting import eventually

#: Without Tempo: what it had in memory is lost, as docs/delivery.md says and the lane `pipeline` measures.
_KILLED = ("intake", "collector", "prometheus", "mimir")
#: A request of spans from each of the queue's eight consumers, and one of points.
_UNDER_WAY = 8 * 200 + 1000


@pytest.fixture
def sender(project: Project) -> Sender:
    """Sends spans and points from the host, until it is left."""
    return services(project)


def _kill(project: Project, service: str) -> None:
    before = project.state(service)["StartedAt"]
    project.process(service).kill()
    assert eventually(lambda: project.state(service)["StartedAt"] != before)


def test_a_container_that_dies_costs_nothing(
    project: Project, sender: Sender, record_property: Record
) -> None:
    """As when it runs out of memory: the engine starts it again."""
    with sender:
        flows(sender)
        for service in _KILLED:
            _kill(project, service)
            flows(sender)
    complete(project, sender, "containers killed", record_property)


def test_an_upgrade_costs_nothing(project: Project, sender: Sender, record_property: Record) -> None:
    """As when every image is another: all containers are made anew, on the same volumes."""
    before = {service: project.container(service) for service in (*_KILLED, "tempo")}
    with sender:
        flows(sender)
        project.compose("up", "--detach", "--force-recreate")
        flows(sender)
    assert all(project.container(service) != was for service, was in before.items())
    complete(project, sender, "containers made anew", record_property)


def test_an_engine_that_is_restarted(project: Project, sender: Sender, record_property: Record) -> None:
    """All parts come back. What was under way to a store while it stopped may be missing, as docs/delivery.md says."""
    with sender:
        flows(sender)
        project.engine.restart()
        flows(sender)
    project.scraped()
    assert read_back(project, sender, "engine restarted", record_property).missing <= _UNDER_WAY


def test_a_stopped_project_goes_on_with_what_it_had(
    project: Project, sender: Sender, record_property: Record
) -> None:
    """Also where its volumes belong to somebody else, as those of earlier versions to who prepared them."""
    with sender:
        flows(sender)
    project.compose("stop")
    for service in ("intake", "collector", "prometheus", "alertmanager", "postgres", "mimir"):
        assert project.state(service)["ExitCode"] == 0, f"{service} did not end in good order"
    volumes = project.engine.folder / "root" / "volumes"
    for path in volumes.glob("botobs_*/_data/**/*"):
        shutil.chown(path, OPERATOR, OPERATOR)
    project.compose("up", "--detach")
    project.scraped()
    complete(project, sender, "stopped and started", record_property)
