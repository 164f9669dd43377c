"""Containers are killed and made anew while services send: nothing that was acknowledged is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from tests.integration.compose.conftest import OPERATOR
from tests.support.containers.project import Project
from tests.support.ledger import Delivery, wait_for_all
from tests.support.waiting import eventually

_SERVICES = ("collector", "prometheus", "tempo", "mimir")


@pytest.fixture
def sender(project: Project) -> Sender:
    """Sends spans and points from the host, until it is left."""
    sources: list[Source] = [Spans("compose-spans", 200), Points("compose-points")]
    return Sender(project.addresses["collector"], project.home.secrets, sources, pause=0.05)


def _killed(project: Project, service: str) -> None:
    """As when it runs out of memory: the engine starts it again."""
    before = project.state(service)["StartedAt"]
    project.process(service).kill()
    assert eventually(lambda: project.state(service)["StartedAt"] != before)


def _made_anew(project: Project, service: str) -> None:
    """As after a change of its image: another container on the same volume."""
    before = project.container(service)
    project.compose("up", "--detach", "--force-recreate", "--no-deps", service)
    assert project.container(service) != before


def _flows(sender: Sender, items: int = 1000) -> None:
    target = sender.items + items
    assert eventually(lambda: sender.items >= target, within=180), "nothing is acknowledged any more"


@pytest.mark.parametrize("happens", [_killed, _made_anew])
def test_nothing_acknowledged_is_missing(
    project: Project,
    sender: Sender,
    happens: Callable[[Project, str], None],
    record_property: Callable[[str, object], None],
) -> None:
    with sender:
        _flows(sender)
        for service in _SERVICES:
            happens(project, service)
            _flows(sender)
    _complete(project, sender, happens.__name__.strip("_").replace("_", " "), record_property)


def test_a_stopped_project_goes_on_with_what_it_had(
    project: Project, sender: Sender, record_property: Callable[[str, object], None]
) -> None:
    """Also where its volumes belong to somebody else, as those of earlier versions to who prepared them."""
    with sender:
        _flows(sender)
    project.compose("stop")
    for service in ("collector", "prometheus", "alertmanager", "postgres", "mimir"):
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
