"""One table of the stack's settings: every second copy agrees with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from botobs import semconv
from botobs._ops.home.render import VARIABLE
from botobs._ops.settings import unknown
from botobs._ops.settings.table import GROUPS, TABLE
from tests.support import configs

_FOLDERS = (*configs.PARTS, "front")
_SUFFIXES = {".yaml", ".yml", ".conf", ".ini", ".sql", ".tmpl"}
#: Read by the stack itself, or by compose; no template has them.
_OF_THE_STACK = {
    "BOTOBS_HOME", "BOTOBS_ALERTMANAGER_PEER_TIMEOUT", "BOTOBS_TRACES_BYTES_PER_SECOND", "BOTOBS_SAMPLING",
    "BOTOBS_METRICS_BYTES_PER_SECOND", "BOTOBS_COLLECTOR_GOMEMLIMIT", "BOTOBS_MOVING", "BOTOBS_TENANTS",
    "BOTOBS_GRAFANA_TOKEN", "BOTOBS_INTAKE_MEMORY_MIB", "BOTOBS_ALERT_RECEIVER", "BOTOBS_CONSOLE_PORT",
    "BOTOBS_OPERATOR", "BOTOBS_OPERATOR_PASSWORD_FILE", "BOTOBS_COMPOSE_PROJECT", "BOTOBS_OIDC_ISSUER",
    "BOTOBS_OIDC_NAME", "BOTOBS_OIDC_ROLES", "BOTOBS_OIDC_OPERATOR", "BOTOBS_OIDC_READER",
    "BOTOBS_COLLECTOR_EDGE_SERIES",
}  # fmt: skip


def _uses() -> Iterator[tuple[str, str, str | None]]:
    """File, variable and default of each use in a template."""
    for folder in _FOLDERS:
        for file in sorted((configs.ROOT / folder).rglob("*")):
            if file.suffix in _SUFFIXES and not {"tests", "build"} & set(file.parts):
                for found in VARIABLE.finditer(file.read_text(encoding="utf-8")):
                    yield str(file.relative_to(configs.ROOT)), found[1], found[2]


def test_every_variable_of_a_template_is_a_setting_with_that_default() -> None:
    wrong = [
        (file, name, default)
        for file, name, default in _uses()
        if name not in TABLE or not (TABLE[name].decided or default == TABLE[name].default)
    ]
    assert wrong == []


def test_every_setting_lands_somewhere() -> None:
    used = {name for _, name, _ in _uses()}
    of_ports = {setting.name for setting in GROUPS["Ports"]}
    settable = {name for name, setting in TABLE.items() if not setting.decided}
    assert settable - used - of_ports == _OF_THE_STACK


def test_names_are_used_once() -> None:
    assert len(TABLE) == sum(len(group) for group in GROUPS.values())


def test_a_default_is_allowed() -> None:
    for setting in TABLE.values():
        if setting.default:
            # Raises ValueError.
            setting.kind.read(setting.default)


def test_compose_has_the_same_defaults() -> None:
    text = (configs.ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    # What follows from settings (tests/unit/config/test_compose.py).
    others = {"BOTOBS_COLLECTOR_GOMEMLIMIT", "BOTOBS_INTAKE_GOMEMLIMIT"}
    uses = [found for found in VARIABLE.finditer(text) if found[1] not in others]
    assert uses
    assert [found[0] for found in uses if found[2] != TABLE[found[1]].default] == []


def test_the_chart_knows_no_setting_that_the_table_lacks() -> None:
    chart = configs.ROOT / "deploy" / "helm" / "botobs"
    files = [*chart.glob("*.*"), *(chart / "templates").iterdir()]
    found = {
        name for file in files for name in re.findall(r"BOTOBS_[A-Z0-9_]*[A-Z0-9]", file.read_text("utf-8"))
    }
    # Made of a tier's name in a template, or the example of the text about templates.
    assert found - unknown.known() <= {"BOTOBS_NAME", "BOTOBS_SAMPLER", "BOTOBS_THRESHOLD", "BOTOBS_ALERT"}


def test_a_latency_is_a_boundary_of_the_histograms() -> None:
    kind = TABLE["BOTOBS_SLO_LATENCY_BUCKET"].kind
    assert [float(kind.read(f"{boundary:g}")) for boundary in semconv.DURATION_BUCKETS] == [
        *semconv.DURATION_BUCKETS
    ]
    with pytest.raises(ValueError):
        kind.read("0.3")


def test_the_scan_of_templates_finds_them() -> None:
    assert len({name for _, name, _ in _uses()}) > 150
