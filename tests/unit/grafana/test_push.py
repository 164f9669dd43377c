"""`botobs grafana push` brings a Grafana to what it should be, says what differs, and changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.access import secrets
from botobs._ops.cli import main
from botobs._ops.home.home import Home
from botobs._ops.home.render import render_tree
from testbed.dashboards import ROOT, dashboards
from tests.support.fake_grafana import TOKEN, FakeGrafana, fake_grafana

pytestmark = pytest.mark.slow


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGrafana]:
    monkeypatch.setenv("BOTOBS_GRAFANA_TOKEN", TOKEN)
    with fake_grafana() as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home as a stack leaves it: secrets, and Grafana's files rendered."""
    home = Home(tmp_path_factory.mktemp("home"))
    secrets.ensure(home.secrets)
    values = {"BOTOBS_SECRETS": str(home.secrets), "BOTOBS_CONFIG": str(home.config)}
    render_tree(ROOT / "grafana" / "provisioning", home.config / "grafana" / "provisioning", values)
    return home


def push(grafana: FakeGrafana, home: Home, *arguments: str) -> int:
    return main(["grafana", "push", "--url", grafana.url, "--home", str(home.path), *arguments])


def test_everything_is_created(grafana: FakeGrafana, home: Home) -> None:
    assert push(grafana, home) == 0
    assert set(grafana.folders) == {"botobs"}
    assert set(grafana.sources) == {"prom", "tempo", "orders"}
    assert set(grafana.dashboards) == set(dashboards())
    assert {content["meta"]["folderUid"] for content in grafana.dashboards.values()} == {"botobs"}
    assert [each["targetUID"] for each in grafana.correlations["tempo"]] == ["orders"]


def test_what_is_sent_is_what_grafana_expects(grafana: FakeGrafana, home: Home) -> None:
    """Its files double dollars and name secrets by path; its API takes neither."""
    push(grafana, home)
    prom, tempo = grafana.sources["prom"], grafana.sources["tempo"]
    assert prom["secureJsonData"]["basicAuthPassword"] == secrets.read_secret(
        home.secrets / "operator.password"
    )
    assert prom["secureJsonData"]["tlsCACert"].startswith("-----BEGIN CERTIFICATE-----")
    assert "$__tags" in tempo["jsonData"]["tracesToMetrics"]["queries"][0]["query"]
    assert "$$" not in json.dumps(grafana.sources) + json.dumps(grafana.correlations)
    assert "editable" not in prom


def test_a_second_push_changes_nothing(
    grafana: FakeGrafana, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, home)
    before = len(grafana.writes)
    assert before
    capsys.readouterr()
    assert push(grafana, home) == 0
    assert len(grafana.writes) == before
    assert "changed 0 of " in capsys.readouterr().out


def test_a_dry_run_writes_nothing(
    grafana: FakeGrafana, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(grafana, home, "--dry-run") == 0
    assert not grafana.writes
    assert "would change 14 of 14" in capsys.readouterr().out


def test_what_somebody_changed_is_shown_and_put_back(
    grafana: FakeGrafana, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, home)
    grafana.dashboards["botobs-orders"]["dashboard"]["title"] = "My orders"
    grafana.sources["tempo"]["url"] = "https://elsewhere:3200"
    grafana.correlations["tempo"][0]["config"]["field"] = "spanID"
    grafana.writes.clear()
    capsys.readouterr()
    assert push(grafana, home) == 0
    shown = capsys.readouterr().out
    assert '- "title": "My orders"' in shown
    assert '+ "title": "Orders"' in shown
    assert '- "url": "https://elsewhere:3200"' in shown
    assert grafana.writes == [
        ("PUT", "/api/datasources/uid/tempo"),
        ("PATCH", "/api/datasources/uid/tempo/correlations/c0"),
        ("POST", "/api/dashboards/db"),
    ]
    assert grafana.dashboards["botobs-orders"]["dashboard"]["title"] == "Orders"
    assert grafana.correlations["tempo"][0]["config"]["field"] == "tags"


def test_what_is_not_ours_is_left_alone(grafana: FakeGrafana, home: Home) -> None:
    grafana.sources["loki"] = {"uid": "loki", "name": "Loki"}
    grafana.provisioned |= {"prom"}
    grafana.sources["prom"] = {"uid": "prom", "name": "Prometheus", "url": "http://from-a-file"}
    assert push(grafana, home) == 0
    assert grafana.sources["loki"] == {"uid": "loki", "name": "Loki"}
    assert grafana.sources["prom"]["url"] == "http://from-a-file"


def test_secrets_are_sent_again_on_request_and_never_shown(
    grafana: FakeGrafana, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, home)
    grafana.writes.clear()
    assert push(grafana, home, "--secrets") == 0
    assert ("PUT", "/api/datasources/uid/prom") in grafana.writes
    shown = capsys.readouterr().out
    assert "basicAuthPassword: a secret" in shown
    assert secrets.read_secret(home.secrets / "operator.password") not in shown
    assert TOKEN not in shown


def test_addresses_can_be_those_that_the_grafana_sees(grafana: FakeGrafana, home: Home) -> None:
    push(grafana, home, "--prometheus-url", "https://prometheus:9090")
    assert grafana.sources["prom"]["url"] == "https://prometheus:9090"


def test_dashboards_alone(grafana: FakeGrafana, home: Home) -> None:
    assert push(grafana, home, "--dashboards-only") == 0
    assert not grafana.sources
    assert set(grafana.dashboards) == set(dashboards())


def test_for_machines(grafana: FakeGrafana, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(grafana, home, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"kind": "dashboard", "name": "Orders", "action": "create"} in answer


@pytest.mark.parametrize("token", ["wrong", ""])
def test_a_refusal_names_the_way_out(
    grafana: FakeGrafana,
    home: Home,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BOTOBS_GRAFANA_TOKEN", token)
    assert push(grafana, home) == 1
    assert "Grafana refuses /api/folders/botobs with 401" in capsys.readouterr().err


def test_without_any_credentials(
    grafana: FakeGrafana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOTOBS_GRAFANA_TOKEN")
    assert push(grafana, Home(tmp_path), "--dashboards-only") == 1
    assert "--token-file or --password-file" in capsys.readouterr().err


def test_a_home_without_data_sources(
    grafana: FakeGrafana, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(grafana, Home(tmp_path)) == 1
    assert "--dashboards-only" in capsys.readouterr().err


def test_nobody_there(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTOBS_GRAFANA_TOKEN", TOKEN)
    with fake_grafana() as gone:
        pass
    assert push(gone, home) == 1
    assert "does not answer" in capsys.readouterr().err
