"""What holds for every configuration file, whichever program reads it."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from botobs._ops.settings import outage
from botobs._sdk import units
from tests.support import configs

FILES = configs.config_files()
YAML = [file for file in FILES if file.suffix != ".ini"]

_LOCAL = {"127.0.0.1", "0.0.0.0", "localhost"}
#: What a receiver asks that nobody has chosen: the settings' default is `nobody`.
_OF_RECEIVERS = {"alertmanager/alertmanager.yml": {"api.telegram.org", "events.pagerduty.com"}}
_HOST_AND_PORT = re.compile(r"^(?:https?://)?([A-Za-z0-9.-]+):\d{2,5}(?:/.*)?$")
_SECRET_NAME = re.compile(r"password|secret|token|api_?key|credential", re.IGNORECASE)


def _name(file: Path) -> str:
    return str(file.relative_to(configs.ROOT))


def _hosts(text: str) -> set[str]:
    match = _HOST_AND_PORT.match(text)
    hosts = {match[1]} if match else set()
    if "://" in text and (host := urlsplit(text).hostname):
        hosts.add(host)
    return hosts


def _pairs(content: Any) -> list[tuple[str, str]]:
    if isinstance(content, dict):
        own = [(key, value) for key, value in content.items() if isinstance(value, str)]
        return own + [pair for value in content.values() for pair in _pairs(value)]
    return [pair for each in content for pair in _pairs(each)] if isinstance(content, list) else []


@pytest.mark.parametrize("file", FILES, ids=_name)
def test_defaults_are_enough(file: Path) -> None:
    """With nothing set but the folders, no variable is left over and the file can be parsed."""
    text = configs.render(file)
    assert "${BOTOBS_" not in text
    if file.suffix == ".ini":
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(text)
        assert parser.sections()
    else:
        assert configs.parsed(text)


@pytest.mark.parametrize("file", YAML, ids=_name)
def test_no_host_but_this_one(file: Path) -> None:
    """What is shipped talks to this machine alone, until a setting says otherwise."""
    found = {host for text in configs.strings(configs.parsed(configs.render(file))) for host in _hosts(text)}
    assert found <= _LOCAL | _OF_RECEIVERS.get(_name(file), set())


@pytest.mark.parametrize("file", YAML, ids=_name)
def test_secrets_are_files(file: Path) -> None:
    """A setting with a secret's name holds a path, nothing, or a variable of the process's own environment."""
    for key, value in _pairs(configs.parsed(configs.render(file))):
        # The tokens of a ring are places in it.
        if _SECRET_NAME.search(key) and key != "tokens_file_path":
            assert value == "" or "/secrets/" in value or re.fullmatch(r"\$\{[A-Z_]+\}", value), key


def test_grafana_lets_nobody_in_by_itself() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(configs.render(configs.ROOT / "grafana" / "grafana.ini"))
    assert parser["server"]["protocol"] == "https"
    assert not parser["auth.anonymous"].getboolean("enabled")
    assert not parser["users"].getboolean("allow_sign_up")
    assert parser["users"]["auto_assign_org_role"] == "Viewer"
    for key in ("admin_password", "secret_key"):
        assert parser["security"][key].startswith("$__file{/secrets/")


def test_data_sources_lead_to_each_other() -> None:
    content = configs.load("grafana/provisioning/datasources/botobs.yaml")
    sources = {source["uid"]: source for source in content["datasources"]}
    assert set(sources) == {"prom", "tempo"}
    assert sources["prom"]["jsonData"]["exemplarTraceIdDestinations"] == [
        {"name": "trace_id", "datasourceUid": "tempo", "urlDisplayLabel": "Open the trace"}
    ]
    for link in ("serviceMap", "tracesToMetrics"):
        assert sources["tempo"]["jsonData"][link]["datasourceUid"] == "prom"
    assert not any(source["editable"] for source in sources.values())


def test_tempo_and_mimir_demand_a_certificate() -> None:
    for name in ("tempo/tempo.yaml", "mimir/mimir.yaml"):
        server = configs.load(name)["server"]
        for listener in ("http_tls_config", "grpc_tls_config"):
            assert server[listener]["client_auth_type"] == "RequireAndVerifyClientCert"


def test_the_window_for_late_samples_is_the_horizon() -> None:
    """An older sample is refused together with its whole request."""
    values = {"BOTOBS_HORIZON": "36h"}
    prometheus = configs.load("prometheus/prometheus.yml", values)
    assert prometheus["storage"]["tsdb"]["out_of_order_time_window"] == "36h"
    assert configs.load("mimir/mimir.yaml", values)["limits"]["out_of_order_time_window"] == "36h"
    guard = configs.load("collector/collector.yaml", values)["processors"]["filter/too_old"]
    assert 'Duration("36h")' in guard["metric_conditions"][0]


def test_both_stores_promote_the_same_labels() -> None:
    prometheus = configs.load("prometheus/prometheus.yml")["otlp"]["promote_resource_attributes"]
    mimir = configs.load("mimir/mimir.yaml")["limits"]["promote_otel_resource_attributes"]
    assert mimir.split(",") == prometheus


@pytest.mark.parametrize("name", ["tempo/tempo.yaml", "tempo/cluster.yaml"])
def test_tempo_starts_with_the_shortest_outage(name: str) -> None:
    # It refuses a `query_backend_after` that is longer than `query_ingesters_until`; its own default is 15m.
    search = configs.load(name, {"BOTOBS_HORIZON": "10m"})["query_frontend"]["search"]
    assert outage.plan({"BOTOBS_HORIZON": "10m"}).seconds == units.seconds(search["query_backend_after"])
    assert search["query_ingesters_until"] == "10m"
