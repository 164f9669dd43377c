"""The values for the charts of others agree with the pinned versions, and with what they plug into."""

from __future__ import annotations

import configparser
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import charts, upstream
from tests.support.configs import ROOT, render
from tests.support.configs import load as load_config

_VERSIONS = tomllib.loads((ROOT / "versions.toml").read_text(encoding="utf-8"))
_PINS = _VERSIONS["charts"]


def test_every_chart_that_is_pinned_has_values() -> None:
    assert {file.stem for file in charts.VALUES.glob("*.yaml")} == set(_PINS)


@pytest.mark.parametrize("name", _PINS)
def test_the_command_installs_the_pinned_version(name: str) -> None:
    """In the file's head and on the page that leads through the installation."""
    pin = _PINS[name]
    page = (ROOT / "docs" / "how-to" / "kubernetes.md").read_text(encoding="utf-8")
    for text in ((charts.VALUES / f"{name}.yaml").read_text(encoding="utf-8"), page):
        joined = re.sub(r"\s*\\\n\s*", " ", text)
        assert re.search(
            rf"helm install {pin['part']} {name} --repo {re.escape(pin['repository'])} "
            rf"--version {re.escape(pin['version'])} --values {name}\.yaml",
            joined,
        ), name


@pytest.mark.parametrize("name", ["mimir-distributed", "alertmanager"])
def test_the_image_is_the_pinned_one(name: str) -> None:
    """Where the chart would bring another release; the other charts bring the pinned one."""
    image = _VERSIONS[_PINS[name]["part"]]["image"]
    assert upstream.values(name)["image"]["tag"] == image.rpartition(":")[2]


def _different(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Where what `theirs` says is missing in `ours`, or otherwise."""
    if isinstance(theirs, dict):
        for key, value in theirs.items():
            if not isinstance(ours, dict) or key not in ours:
                yield f"{path}{key} is missing"
            else:
                yield from _different(ours[key], value, f"{path}{key}.")
    elif ours != theirs:
        yield f"{path} {ours!r} is not {theirs!r}"


def test_mimir_is_told_what_a_cluster_on_one_machine_is() -> None:
    ours = upstream.values("mimir-distributed")["mimir"]["structuredConfig"]
    cluster = load_config("mimir/cluster.yaml")
    found = list(_different(ours["limits"], cluster["limits"]))
    # In Kubernetes one Secret has the users of all programs, and rulers are `scrape`.
    places = re.compile(
        r"ruler_alertmanager_client_config\.(alertmanager_url|basic_auth_username|tls_ca_path|tls_server_name)\b"
    )
    assert [line for line in found if not places.match(line)] == []
    for key in (
        "evaluation_interval",
        "poll_interval",
        "for_grace_period",
        "resend_delay",
        "notification_queue_capacity",
    ):
        assert ours["ruler"][key] == cluster["ruler"][key], key
    for key in ("replication_factor", "unregister_on_shutdown"):
        assert ours["ingester"]["ring"][key] == cluster["ingester"]["ring"][key], key
    for key in ("retention_period", "ship_interval"):
        assert ours["blocks_storage"]["tsdb"][key] == cluster["blocks_storage"]["tsdb"][key]
    assert ours["multitenancy_enabled"] is cluster["multitenancy_enabled"] is True
    assert ours["ingest_storage"]["enabled"] is cluster["ingest_storage"]["enabled"] is False


def test_mimir_takes_it(tools: Mapping[str, Path], tmp_path: Path) -> None:
    """Every key is one that Mimir knows."""
    config = upstream.mimir()
    (tmp_path / "mimir.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = subprocess.run(
        [str(tools["mimir"]), f"-config.file={tmp_path}/mimir.yaml", "-config.expand-env=true", "-modules"],
        env={"ALERTMANAGER_PASSWORD": "c"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ruler" in done.stdout


#: What is the place's: addresses, folders, gossip, names, keys, and encryption between Tempo's parts.
_OF_THE_PLACE = re.compile(
    r"^(server|memberlist|ingester_client|metrics_generator_client|querier|live_store)\.?"
    r"|partition_ring|instance_|\bring\.kvstore|\.?ring is missing|heartbeat|endpoint|\bpath\b|tokens_file|\.s3\.|_file"
    r"|lifecycler\.(id|address|min_ready|final_sleep)|metrics_generator\.storage"
)


def test_tempo_is_told_what_a_cluster_on_one_machine_is() -> None:
    found = [
        line
        for line in _different(upstream.tempo(), load_config("tempo/cluster.yaml"))
        if not _OF_THE_PLACE.search(line)
    ]
    assert found == []


def test_grafana_is_told_what_ours_is() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(render(ROOT / "grafana" / "grafana.ini"))
    ours = upstream.values("grafana")["grafana.ini"]
    for section in parser.sections():
        for key, value in parser[section].items():
            # Who signs in, and where, is the place's; this file has it for containers alone.
            if section == "auth.generic_oauth" or (section, key) in {
                ("server", "http_addr"),
                ("server", "root_url"),
                ("security", "admin_user"),
                ("security", "admin_password"),
                ("security", "secret_key"),
            }:
                continue
            said = ours[section][key]
            assert (str(said).lower() if isinstance(said, bool) else str(said)) == value, f"{section}.{key}"


def test_grafanas_sidecars_look_for_what_the_chart_makes(everything: list[charts.Manifest]) -> None:
    sidecar = upstream.values("grafana")["sidecar"]
    for part, prefix in (("dashboards", "botobs-dashboard-"), ("datasources", "botobs-datasources")):
        for manifest in charts.kind(everything, "ConfigMap"):
            name = manifest["metadata"]["name"]
            labels = manifest["metadata"]["labels"]
            found = labels.get(sidecar[part]["label"]) == sidecar[part]["labelValue"]
            assert found == name.startswith(prefix), name
            if found and part == "dashboards":
                assert sidecar[part]["folderAnnotation"] in manifest["metadata"]["annotations"]


def _mentioned(content: Any, key: str) -> Iterator[Any]:
    for name, value in content.items() if isinstance(content, dict) else enumerate(content):
        if name == key:
            yield value
        if isinstance(value, dict | list):
            yield from _mentioned(value, key)


@pytest.mark.parametrize("name", _PINS)
def test_what_they_mount_of_ours_exists(everything: list[charts.Manifest], name: str) -> None:
    for mounted in _mentioned(upstream.values(name), "configMap"):
        if isinstance(mounted, dict):
            data = charts.named(everything, "ConfigMap", mounted["name"])["data"]
            assert {item["key"] for item in mounted.get("items", [])} <= set(data)


@pytest.mark.parametrize("name", _PINS)
def test_no_secret_is_a_value(name: str) -> None:
    """That `botobs kubernetes secrets` makes all that is named, a unit test says."""
    values = upstream.values(name)
    for key in ("access_key_id", "secret_access_key", "access_key", "secret_key", "basic_auth_password"):
        for value in _mentioned(values, key):
            assert re.fullmatch(r"\$\{[A-Z_]+\}|\$__file\{/[\w/-]+\}", str(value)), key


def test_the_doors_are_where_the_chart_knocks() -> None:
    """Ports and names of the addresses in values.yaml are those of the values for the other charts."""
    ours = yaml.safe_load((charts.CHART / "values.yaml").read_text(encoding="utf-8"))
    assert ours["stores"]["mimir"]["url"] == "https://mimir-gateway:8443"
    assert ours["stores"]["tempo"] == {
        "otlpEndpoint": "tempo-distributor:4317",
        "url": "https://tempo-gateway:8443",
    }
    mimir, tempo = (
        upstream.values("mimir-distributed")["gateway"],
        upstream.values("tempo-distributed")["gateway"],
    )
    for ports, snippet in (
        (mimir["service"]["extraPorts"], mimir["nginx"]["config"]["httpSnippet"]),
        (tempo["service"]["additionalPorts"], tempo["nginxConfig"]["httpSnippet"]),
    ):
        assert [port["port"] for port in ports] == [port["targetPort"] for port in ports] == [8443]
        assert "listen 8443 ssl;" in snippet
        # Who shows no certificate of the authority gets nothing.
        assert "ssl_verify_client on;" in snippet and "ssl_client_certificate /secrets/ca.pem;" in snippet
    grpc = upstream.values("tempo-distributed")["traces"]["otlp"]["grpc"]["receiverConfig"]
    assert grpc["tls"]["client_ca_file"] == "/secrets/ca.pem"
