"""OTEL_CONFIG_FILE: OpenTelemetry's declarative configuration is read for what botobs has a setting for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from botobs._sdk.settings import load

FILE = """
file_format: "1.0"
resource:
  attributes:
    - {name: service.name, value: "${NAME:-declared}"}
    - {name: team, value: "a, b"}
  attributes_list: service.version=7
tracer_provider:
  processors:
    - batch:
        schedule_delay: 2500
        exporter:
          otlp_http:
            endpoint: https://collector.example:4318/v1/traces
            headers: [{name: x-tenant, value: "${TENANT}"}]
            compression: none
            tls: {ca_file: /etc/ca.pem}
  sampler: {parent_based: {root: {trace_id_ratio_based: {ratio: 0.25}}}}
meter_provider:
  readers: [{periodic: {interval: 30000, exporter: {otlp_http: {}}}}]
"""


def test_what_there_is_a_setting_for(tmp_path: Path) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(FILE)
    found = load({}, {"OTEL_CONFIG_FILE": str(file), "TENANT": "desk", "HOME": str(tmp_path)}, tmp_path)
    assert found.problems == ()
    assert found.service_name == "declared"
    assert found.service_version == "7"
    assert found.resource_attributes["team"] == "a, b"
    assert found.endpoint == "https://collector.example:4318"
    assert found.headers == {"x-tenant": "desk"}
    assert (found.compression, found.certificate) == ("none", Path("/etc/ca.pem"))
    assert (found.span_interval, found.metric_interval, found.sampling_ratio) == (2.5, 30.0, 0.25)
    assert found.origins["endpoint"] == "OTEL_EXPORTER_OTLP_ENDPOINT of OTEL_CONFIG_FILE"


def test_it_stands_in_for_opentelemetrys_variables_and_below_botobs_own(tmp_path: Path) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(FILE)
    environ = {
        "OTEL_CONFIG_FILE": str(file),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://other.example:4318",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "redis",
        "BOTOBS_SERVICE_NAME": "ours",
    }
    found = load({}, environ, tmp_path)
    assert found.endpoint == "https://collector.example:4318"
    assert (found.enabled, found.service_name) == (False, "ours")
    assert found.disabled_instrumentations == ("redis",)


@pytest.mark.parametrize(("content", "enabled"), [({"disabled": True}, False), ({"disabled": False}, True)])
def test_json_without_pyyaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: dict[str, Any], enabled: bool
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    file = tmp_path / "otel.json"
    file.write_text(json.dumps(content))
    assert load({}, {"OTEL_CONFIG_FILE": str(file), "HOME": str(tmp_path)}, tmp_path).enabled is enabled


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "\xff", "", "tracer_provider: 3\nresource: []\n"])
def test_a_file_that_makes_no_sense_is_told_or_says_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "otel.yaml"
    file.write_text(content, encoding="latin-1")
    found = load({}, {"OTEL_CONFIG_FILE": str(file), "HOME": str(tmp_path)}, tmp_path)
    assert found.endpoint is None
    assert all("OTEL_CONFIG_FILE" in problem.text for problem in found.problems)
    assert bool(found.problems) == ("resource" not in content)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    found = load({}, {"OTEL_CONFIG_FILE": str(tmp_path / "none.yaml"), "HOME": str(tmp_path)}, tmp_path)
    assert "OTEL_CONFIG_FILE" in found.problems[0].text


def test_yaml_without_pyyaml_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    file = tmp_path / "otel.yaml"
    file.write_text(FILE)
    found = load({}, {"OTEL_CONFIG_FILE": str(file), "HOME": str(tmp_path)}, tmp_path)
    assert "PyYAML is not installed" in found.problems[0].text
