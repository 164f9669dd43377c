"""Each program accepts its rendered configuration, with nothing set and with everything turned on."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from botobs._ops.access import secrets
from botobs._ops.components.collector import FEATURES
from botobs._ops.home.render import render_tree
from botobs._ops.settings import channels
from tests.support.configs import PARTS, ROOT

_EVERYTHING = {
    "BOTOBS_COLLECTOR_METRICS_EXPORTERS": "[otlp_http/prometheus, otlp_http/mimir]",
    "BOTOBS_PROMETHEUS_REMOTE_WRITE": "[{url: 'https://127.0.0.1:9009/api/v1/push', headers: {X-Scope-OrgID: botobs}}]",
    "BOTOBS_ALERT_EMAIL": channels.ALL,
    "BOTOBS_ALERT_SLACK": channels.ALL,
    "BOTOBS_DEADMAN_RECEIVER": "deadman",
    "BOTOBS_SMTP_USERNAME": "botobs",
    "BOTOBS_HORIZON": "72h",
    "BOTOBS_BIND": "0.0.0.0",
    "BOTOBS_HOST_ROOT": "/",
}


@pytest.fixture(params=[{}, _EVERYTHING], ids=["defaults", "everything"])
def rendered(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder `config/` of a home."""
    home = {name: tmp_path / name for name in ("config", "data", "secrets")}
    secrets.ensure(home["secrets"])
    values = {f"BOTOBS_{name.upper()}": str(path) for name, path in home.items()}
    for part in PARTS:
        render_tree(ROOT / part, home["config"] / part, values | request.param, frozenset({"build", "tests"}))
    return home["config"]


def _run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_collector(binaries: Mapping[str, Path], rendered: Path) -> None:
    config = rendered / "collector" / "collector.yaml"
    _run(binaries["botobs-collector"], "validate", FEATURES, "--config", config)


def test_prometheus_and_its_rules(binaries: Mapping[str, Path], rendered: Path) -> None:
    _run(binaries["promtool"], "check", "config", rendered / "prometheus" / "prometheus.yml")


def test_web_configuration(binaries: Mapping[str, Path], rendered: Path) -> None:
    _run(binaries["promtool"], "check", "web-config", rendered.parent / "secrets" / "web.yml")


def test_alertmanager_and_its_templates(binaries: Mapping[str, Path], rendered: Path) -> None:
    _run(binaries["amtool"], "check-config", rendered / "alertmanager" / "alertmanager.yml")


@pytest.mark.parametrize("rendered", [_EVERYTHING], indirect=True, ids=["everything"])
def test_every_alert_is_routed(binaries: Mapping[str, Path], rendered: Path) -> None:
    config = f"--config.file={rendered / 'alertmanager' / 'alertmanager.yml'}"
    for file in sorted((rendered / "prometheus" / "rules").glob("*.yml")):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if name := rule.get("alert"):
                    receiver = "deadman" if name == "Watchdog" else "email,slack"
                    labels = [f"{key}={value}" for key, value in rule["labels"].items() if "{{" not in value]
                    verify = f"--verify.receivers={receiver}"
                    _run(
                        binaries["amtool"],
                        "config",
                        "routes",
                        "test",
                        config,
                        verify,
                        f"alertname={name}",
                        *labels,
                    )


def test_tempo(binaries: Mapping[str, Path], rendered: Path) -> None:
    _run(binaries["tempo"], f"-config.file={rendered / 'tempo' / 'tempo.yaml'}", "-config.verify=true")
