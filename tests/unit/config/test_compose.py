"""docker-compose.yml: valid by the specification's schema, whole in itself, and no wider open than it says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from botobs._ops.access import containers
from botobs._ops.components import collector, intake
from botobs._ops.home.home import Home
from botobs._ops.settings.values import defaults
from tests.support.configs import PARTS, ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
#: Prepares the volumes and ends; everything else runs on.
PARTS_OF_THE_STACK = {name: service for name, service in SERVICES.items() if name != "ownership"}

_EXACT = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?$")
_HOME = "${BOTOBS_COMPOSE_HOME:?run botobs compose first}"


def _names(entries: list[Any], key: str = "source") -> list[str]:
    return [entry[key] if isinstance(entry, dict) else entry.split(":")[0] for entry in entries]


def test_it_is_a_compose_file() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)
    assert [f"{'/'.join(map(str, error.path))}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("name", SERVICES)
def test_everything_it_names_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(_names(service.get("secrets", []))) <= set(COMPOSE["secrets"])
    assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    mounted = [entry for entry in service.get("volumes", []) if isinstance(entry, str)]
    volumes = [entry.split(":")[0] for entry in mounted if entry[0] not in "/.$"]
    assert set(volumes) <= set(COMPOSE["volumes"])


def test_a_shell_that_names_another_stack_changes_nothing() -> None:
    """Compose prefers the shell's variables to the file's: what commands read by themselves names no mount here."""
    assert "BOTOBS_HOME" not in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_every_volume_and_secret_is_used() -> None:
    entries = [entry for service in PARTS_OF_THE_STACK.values() for entry in service.get("volumes", [])]
    sources = {entry.split(":")[0] for entry in entries if isinstance(entry, str)}
    assert set(COMPOSE["volumes"]) <= sources
    used = {name for service in SERVICES.values() for name in _names(service.get("secrets", []))}
    assert set(COMPOSE["secrets"]) == used


def test_every_volume_is_handed_over() -> None:
    """To the user of the part that has it, with all that is in it."""
    handed = {entry.split(":")[0]: entry.split(":")[1] for entry in SERVICES["ownership"]["volumes"]}
    assert set(handed) == set(COMPOSE["volumes"])
    (script,) = SERVICES["ownership"]["command"]
    owners = {
        path: user for user, paths in re.findall(r"chown -R (\S+) ([^;]+)", script) for path in paths.split()
    }
    assert owners == {path: SERVICES[name]["user"] for name, path in handed.items()}


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_those_of_the_lock_file(name: str) -> None:
    image = SERVICES[name]["image"]
    assert _EXACT.match(image)
    pins = tomllib.loads((ROOT / "versions.toml").read_text(encoding="utf-8"))
    pinned = pins.get("postgres" if name == "ownership" else name.replace("-", "_"))
    assert pinned is None or image == pinned["image"]


@pytest.mark.parametrize("name", PARTS_OF_THE_STACK)
def test_containers_are_confined(name: str) -> None:
    service = PARTS_OF_THE_STACK[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service and "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    # The collector sees every process of the host: one of its own user's would be open to it.
    assert service["user"] == ("65531:65531" if name == "collector" else "65532:65532")


def test_the_host_is_shown_to_the_collector_alone_and_without_a_word_on_propagation() -> None:
    """A `rslave` is refused where the root is no shared mount, a `rprivate` where the engine's data is below it."""
    mounts = [
        (name, entry)
        for name, service in SERVICES.items()
        for entry in service.get("volumes", [])
        if isinstance(entry, dict) and not entry.get("source", "").startswith(_HOME)
    ]
    assert {name for name, _ in mounts} == {"collector"}
    assert all(entry["read_only"] and entry["type"] == "bind" for _, entry in mounts)
    assert not any("bind" in entry for _, entry in mounts)
    shown = {entry["source"]: entry["target"] for _, entry in mounts}
    assert shown.pop("/") == "/hostfs"
    assert {source for source in shown if re.search(r"\d", source)} == {
        "/proc/1/mountinfo",
        "/proc/1/net/dev",
    }
    shown["/proc/net/dev"] = shown.pop("/proc/1/net/dev")
    assert shown == {source: f"/hostfs{source}" for source in shown}
    # Its processes are hidden behind a folder with a place for each of these.
    (places,) = (
        entry
        for entry in SERVICES["collector"]["volumes"]
        if "/hostfs/proc" in str(entry) and _HOME in str(entry)
    )
    assert places == {
        "type": "bind",
        "source": f"{_HOME}/containers/proc",
        "target": "/hostfs/proc",
        "read_only": True,
    }


def test_there_is_a_place_for_each_of_the_host_s_files(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    containers.make_places(home)
    made = {str(path.relative_to(home.containers)) for path in home.containers.rglob("*") if path.is_file()}
    targets = {entry["target"] for entry in SERVICES["collector"]["volumes"] if isinstance(entry, dict)}
    assert {f"/hostfs/{name}" for name in made} == {
        each for each in targets if each.startswith("/hostfs/proc/")
    }
    assert {path.stat().st_mode & 0o777 for path in (home.containers / "proc").rglob("*")} == {0o755, 0o644}


def test_secrets_are_the_copies_for_containers() -> None:
    for name, entry in COMPOSE["secrets"].items():
        assert entry == {"file": f"{_HOME}/containers/secrets/{name}"}


@pytest.mark.parametrize("name", SERVICES)
def test_only_loopback_is_published(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{BOTOBS_[A-Z_]+_PORT:-\d+\}:\d+", port)


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_is_a_value(name: str) -> None:
    """Environment and command line are in the container's metadata, for everybody to read."""
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        assert not re.search(r"PASS|SECRET|TOKEN|KEY", key) or str(value).startswith("/secrets/")
    assert not re.search(
        r"(password|token|secret)[=:](?!/secrets/)", " ".join(map(str, service.get("command", [])))
    )


@pytest.mark.parametrize("name", PARTS_OF_THE_STACK)
def test_health_is_asked_or_the_reason_given(name: str) -> None:
    health = PARTS_OF_THE_STACK[name]["healthcheck"]
    assert health.get("disable") is True or health["test"][0] == "CMD"


#: Told all by its arguments.
_WITHOUT_FILES = {"intake"}


@pytest.mark.parametrize("name", sorted(PARTS_OF_THE_STACK.keys() - _WITHOUT_FILES))
def test_the_rendered_files_are_mounted_where_they_are_looked_for(name: str) -> None:
    part = name.split("-")[0]
    assert part in PARTS
    # Not in the short form, which a home with a colon in its name would cut.
    mount = {
        "type": "bind",
        "source": f"{_HOME}/config/{part}",
        "target": f"/config/{part}",
        "read_only": True,
    }
    assert mount in PARTS_OF_THE_STACK[name]["volumes"]
    words = [
        *map(str, PARTS_OF_THE_STACK[name].get("command", [])),
        *map(str, PARTS_OF_THE_STACK[name].get("environment", {}).values()),
    ]
    for path in re.findall(rf"/config/{part}/([\w./-]+\.\w+)", " ".join(words)):
        assert (ROOT / part / path).is_file()


#: Files that no container of docker-compose.yml reads.
_OF_CLUSTERS = {"cluster", "agent", "agent-sampling", "gateway", "moving", "sampler-gateways"}


@pytest.mark.parametrize("name", PARTS_OF_THE_STACK)
def test_secrets_that_the_files_name_are_given(name: str) -> None:
    """A configuration that reads `/secrets/x` is in a container that has `x`."""
    part = name.split("-")[0]
    if part == "postgres":
        return
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / part).rglob("*")
        if file.suffix in (".yaml", ".yml", ".ini")
        and file.stem not in _OF_CLUSTERS
        and not {"build", "rules", "tests"} & set(file.relative_to(ROOT).parts)
    )
    wanted = set(re.findall(r"\$\{BOTOBS_SECRETS\}/([\w.-]+)(?=[\s}\"])", text))
    given = {entry["target"].removeprefix("/secrets/") for entry in PARTS_OF_THE_STACK[name]["secrets"]}
    assert wanted <= given


def test_without_a_word_the_limits_are_those_of_the_defaults() -> None:
    """Where `botobs compose` of an earlier version has written no value for them."""
    values = defaults()
    limits = {"collector": collector.memory_limit(values), "intake": intake.memory_limit(values)}
    for name, limit in limits.items():
        variable = f"BOTOBS_{name.upper()}_GOMEMLIMIT"
        assert SERVICES[name]["environment"]["GOMEMLIMIT"] == f"${{{variable}:-{limit}}}"
