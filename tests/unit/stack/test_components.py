"""The table of components agrees with everything that is written by hand."""

from __future__ import annotations

import json
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import httpx
import pytest
import yaml

from botobs._ops.access import certificates
from botobs._ops.components import native, ports, targets
from botobs._ops.components.component import Component
from botobs._ops.components.context import Context
from botobs._ops.components.port import Auth, Port
from botobs._ops.components.ports import PORTS
from botobs._ops.components.table import BY_NAME, COMPONENTS
from botobs._ops.home.home import Home
from botobs._ops.programs.binaries import Binaries
from botobs._ops.programs.versions import pins
from botobs._ops.settings.values import defaults
from botobs._sdk import units
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


def test_every_image_names_its_registry() -> None:
    """Podman and CRI-O refuse a name that several registries may have. One that is built here is in none."""
    named = [service["image"] for service in _SERVICES.values() if "build" not in service]
    named += [pin.image for pin in pins().values() if pin.image and pin.image != pins()["intake"].image]
    assert [image for image in named if "." not in image.partition("/")[0]] == []


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
        asked = {component.scraped, component.health and component.health[0]} - {None}
        assert asked <= variables, component.name
        # A collector is reached through what stands in front of it.
        assert component.address in {None, *(port.variable for port in PORTS)}, component.name
        assert {port.component for port in component.ports} <= {component.name}


def test_components_start_in_some_order() -> None:
    order = list(TopologicalSorter({one.name: one.after for one in COMPONENTS}).static_order())
    assert set(order) == BY_NAME.keys()


def test_the_certificate_stands_for_every_container() -> None:
    assert set(_SERVICES) - {"ownership"} <= set(certificates.HOSTS)


def test_compose_starts_in_the_same_order() -> None:
    """And so stops in the opposite one: a store ends after who delivers to it."""
    for component in COMPONENTS:
        if component.in_compose:
            before = set(_SERVICES[component.name.replace("_", "-")].get("depends_on", ())) - {"ownership"}
            assert before == set(component.after), component.name


def test_compose_gives_it_the_time_to_stop() -> None:
    for component in COMPONENTS:
        if component.in_compose:
            grace = _SERVICES[component.name.replace("_", "-")]["stop_grace_period"]
            assert units.seconds(grace) >= component.stop_budget, component.name


_PLACES = {
    **{port.variable: str(port.default) for port in PORTS},
    **defaults(),
    "BOTOBS_BIND": "0.0.0.0",
    "BOTOBS_OTLP_BIND": "0.0.0.0",
    "secrets": "/secrets",
}
#: What a container's command lacks: it logs to docker, which bounds it.
_NATIVE_ALONE = {"--log.level=warn"}


@pytest.mark.parametrize(
    "component",
    [one for one in COMPONENTS if one.in_compose and one.arguments and not callable(one.arguments)],
    ids=lambda component: component.name,
)
def test_compose_starts_it_with_the_same_arguments(component: Component) -> None:
    assert not callable(component.arguments)
    service = _SERVICES[component.name.replace("_", "-")]
    port = next(port for port in component.ports if port.variable == component.address)
    places = {
        **_PLACES,
        "config": f"/config/{component.folder}",
        "data": f"/data/{component.name}",
        "url": f"https://127.0.0.1:{port.default}",
    }
    # Data is a volume in each image's own place, and what is not set has its default.
    expected = [word for word in native.filled(component.arguments, places) if word not in _NATIVE_ALONE]
    given = [re.sub(r"\$\{BOTOBS_[A-Z_]*:-([^}]*)\}", r"\1", word) for word in service["command"]]
    assert sorted(given) == sorted(expected)


_MADE_UP = Component(
    name="echo",
    purpose="a backend that somebody adds",
    program="echo",
    folder="echo",
    ports=(Port("BOTOBS_ECHO_PORT", 4999, "echo", "its API", Auth.CERTIFICATE),),
    arguments=("--config={config}/echo.yaml", "--data={data}", "--listen={BOTOBS_BIND}:{BOTOBS_ECHO_PORT}"),
    environ={"ECHO_CA": "{secrets}/ca.pem"},
    stores=True,
    address="BOTOBS_ECHO_PORT",
    health=("BOTOBS_ECHO_PORT", "/ready"),
    scraped="BOTOBS_ECHO_PORT",
    after=("tempo",),
    stop_budget=3,
)


class _Programs(Binaries):
    """Programs that need not be there."""

    def __getitem__(self, program: str) -> Path:
        return Path("/programs") / program


def test_one_entry_makes_a_component(tmp_path: Path) -> None:
    """Its port, configuration, command line, environment, readiness, place in the order, and scrape target."""
    table = (*COMPONENTS, _MADE_UP)
    listening = ports.of(table)
    chosen = ports.choose(["echo"], auto=False, known=listening)
    assert chosen == {"BOTOBS_ECHO_PORT": 4999}
    assert native.folders(table)[-1] == "echo"

    home = Home(tmp_path)
    values = {**_PLACES, **{name: str(number) for name, number in chosen.items()}}
    context = Context(home, _Programs(), values, httpx.AsyncClient())
    made = {each.name: each for each in native.processes(context, ["tempo", "echo"], table)}
    echo = made["echo"]
    assert echo.command == [
        "/programs/echo",
        f"--config={tmp_path}/config/echo/echo.yaml",
        f"--data={tmp_path}/data/echo",
        "--listen=0.0.0.0:4999",
    ]
    assert echo.environ["ECHO_CA"] == f"{tmp_path}/secrets/ca.pem"
    assert (tmp_path / "data" / "echo").is_dir()
    assert (echo.url, echo.stop_budget) == ("https://127.0.0.1:4999", 3)
    order = list(TopologicalSorter({name: process.after for name, process in made.items()}).static_order())
    assert order.index("tempo") < order.index("echo")

    targets.write(tmp_path / "targets", made, lambda one: f"127.0.0.1:{values[one.scraped or '']}", table)
    [target] = json.loads((tmp_path / "targets" / "echo.json").read_text(encoding="utf-8"))
    assert target == {"targets": ["127.0.0.1:4999"], "labels": {"service_instance_id": "echo-0"}}
    assert not (tmp_path / "targets" / "mimir.json").exists(), "it does not run"
