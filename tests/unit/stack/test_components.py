"""The table of components agrees with everything that is written by hand."""

from __future__ import annotations

import tomllib
from graphlib import TopologicalSorter

import pytest
import yaml

from botobs._ops.components.table import BY_NAME, COMPONENTS, Component
from botobs._ops.programs.versions import pins
from tests.support import configs

_SERVICES = yaml.safe_load((configs.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
_PROJECT = tomllib.loads((configs.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.name)
def test_a_component_has_its_program_and_its_configuration(component: Component) -> None:
    assert component.program is None or component.program in pins()
    assert (configs.ROOT / component.folder).is_dir()
    carried = _PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried[component.folder] == f"botobs/_assets/{component.folder}", "the wheel carries the folder"


@pytest.mark.parametrize(
    "component", [one for one in COMPONENTS if one.in_compose], ids=lambda component: component.name
)
def test_compose_runs_the_same_version(component: Component) -> None:
    service = _SERVICES[component.name.replace("_", "-")]
    if component.program is not None:
        assert service["image"].startswith(pins()[component.program].image)


def test_compose_has_no_component_that_the_table_lacks() -> None:
    helpers = {"ownership", "database"}
    named = {component.name.replace("_", "-") for component in COMPONENTS if component.in_compose}
    assert _SERVICES.keys() - helpers == named


def test_prometheus_scrapes_what_the_table_says() -> None:
    text = (configs.ROOT / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    jobs = {line.split()[-1] for line in text.splitlines() if line.strip().startswith("- job_name:")}
    # What an operator adds in files of their own.
    assert jobs - {"extra"} == {component.scrape_job for component in COMPONENTS if component.scraped}


def test_what_is_scraped_and_asked_is_a_port_of_the_component() -> None:
    for component in COMPONENTS:
        variables = {port.variable for port in component.ports}
        asked = {component.address, component.scraped, component.health and component.health[0]} - {None}
        assert asked <= variables, component.name
        assert {port.component for port in component.ports} <= {component.name}


def test_components_start_in_some_order() -> None:
    order = list(TopologicalSorter({one.name: one.after for one in COMPONENTS}).static_order())
    assert set(order) == BY_NAME.keys()
