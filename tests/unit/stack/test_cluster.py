"""A cluster's members, settings and secrets, before any of them runs."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
import yaml

from botobs._ops.access import secrets
from botobs._ops.components.cluster import members, rules, settings
from botobs._ops.components.cluster import secrets as cluster_secrets
from botobs._ops.components.ports import PORTS
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.home.render import render_tree
from botobs._ops.stack import configuration
from botobs._ops.stack.options import Options
from tests.support.configs import ROOT

_VALUES = {
    "BOTOBS_DATA": "/data",
    "BOTOBS_SECRETS": "/secrets",
    "BOTOBS_CONFIG": "/config",
    **{port.variable: str(port.default) for port in PORTS},
}


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """The folder `config/` of a cluster's home."""
    home = Home(tmp_path)
    values = settings.variables(_VALUES)
    for folder in ("collector", "prometheus", "mimir", "tempo"):
        render_tree(ROOT / folder, home.config / folder, values, frozenset({"build", "tests", "README.md"}))
    settings.render(home, values)
    return home.config


def test_no_two_listeners_have_one_port() -> None:
    numbers = [port.default for port in PORTS]
    assert sorted(set(numbers)) == sorted(numbers)


def test_every_member_has_its_own_file(rendered: Path) -> None:
    listening = set()
    for folder, some in (("mimir", members.MIMIRS), ("tempo", members.TEMPOS)):
        for member in some:
            config = yaml.safe_load((rendered / folder / f"{member.name}.yaml").read_text(encoding="utf-8"))
            listening.add(config["server"]["http_listen_port"])
            if "GOSSIP_PORT" not in member.ports:
                continue
            assert config["memberlist"]["bind_port"] == member.ports["GOSSIP_PORT"].default
            assert f"127.0.0.1:{config['memberlist']['bind_port']}" in config["memberlist"]["join_members"]
    assert len(listening) == len(members.MIMIRS) + len(members.TEMPOS)


def test_who_scrapes_evaluates_nothing_and_sends_everything_on(rendered: Path) -> None:
    agent = yaml.safe_load((rendered / "prometheus" / "agent.yml").read_text(encoding="utf-8"))
    whole = yaml.safe_load((rendered / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert agent["scrape_configs"] == whole["scrape_configs"]
    assert agent["remote_write"][0]["headers"] == {"X-Scope-OrgID": "botobs"}
    assert "write_relabel_configs" not in agent["remote_write"][0]
    assert not {"rule_files", "alerting", "storage"} & set(agent)


def test_a_tenant_is_let_in_by_its_own_password_alone(tmp_path: Path) -> None:
    secrets.ensure(tmp_path)
    cluster_secrets.ensure(tmp_path, ["one", "two"])
    hashes = dict(
        line.split(":", 1)
        for line in (tmp_path / "tenants" / "htpasswd").read_text(encoding="utf-8").splitlines()
    )
    for tenant, other in (("one", "two"), ("two", "one")):
        raw = base64.b64decode(hashes[tenant].removeprefix("{SSHA}"))
        digest, salt = raw[:20], raw[20:]
        passwords = {name: secrets.read_secret(tmp_path / "tenants" / f"{name}.password") for name in hashes}
        assert hashlib.sha1(passwords[tenant].encode() + salt).digest() == digest
        assert hashlib.sha1(passwords[other].encode() + salt).digest() != digest
    secrets.check_permissions(tmp_path)


def test_secrets_stay_what_they_are(tmp_path: Path) -> None:
    secrets.ensure(tmp_path)
    cluster_secrets.ensure(tmp_path, ["one"])
    before = cluster_secrets.environment(tmp_path)
    cluster_secrets.ensure(tmp_path, ["one", "two"])
    assert cluster_secrets.environment(tmp_path) == before


@pytest.mark.parametrize("name", ["../etc", "a b", "team/b", ".hidden"])
def test_a_tenant_needs_a_name_that_the_stores_take(name: str) -> None:
    with pytest.raises(StackError, match="tenant's name"):
        cluster_secrets.tenants_of({"BOTOBS_TENANTS": name})


def test_the_stacks_own_tenant_is_always_one() -> None:
    assert cluster_secrets.tenants_of({"BOTOBS_TENANTS": "a, b,a"}) == ["botobs", "a", "b"]
    assert cluster_secrets.tenants_of({"BOTOBS_TENANT": "desk"}) == ["desk"]


def test_what_prometheus_says_of_itself_is_asked_of_mimir() -> None:
    """No rule of the repository waits for a metric that a cluster has not."""
    folder = ROOT / "prometheus" / "rules"
    asked = [rule["expr"] for _, group in rules.groups(folder, "test") for rule in group["rules"]]
    left = {
        name for expr in asked for name in re.findall(r"\bprometheus_(?:tsdb|rule|notifications)\w+", expr)
    }
    assert left == set()
    assert any("cortex_discarded_samples_total" in expr for expr in asked)


def test_alerts_say_which_environment_they_are_of(tmp_path: Path) -> None:
    group = {
        "name": "g",
        "rules": [
            {"alert": "A", "expr": "increase(prometheus_rule_evaluation_failures_total[1m]) > 0", "labels": {"x": "y"}},
            {"record": "r", "expr": "up{job='prometheus'}"},
        ],
    }  # fmt: skip
    (tmp_path / "file.yml").write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
    [(key, found)] = rules.groups(tmp_path, "test")
    alert, record = found["rules"]
    assert key == ("file", "g")
    assert alert["labels"]["x"] == "y"
    assert "test" in alert["labels"]["deployment_environment_name"]
    assert "cortex_prometheus_rule_evaluation_failures_total" in alert["expr"]
    assert record == {"record": "r", "expr": "up{job='prometheus'}"}


@pytest.mark.parametrize(
    ("given", "orders"),
    [
        ({}, "1m"),
        ({"BOTOBS_ALERT_GROUP_INTERVAL": "2m"}, "2m"),
        ({"BOTOBS_ALERT_GROUP_INTERVAL_ORDERS": "30s"}, "30s"),
    ],
)
def test_an_urgent_group_waits_for_the_other_alertmanager(
    tmp_path: Path, given: dict[str, str], orders: str
) -> None:
    ports = {port.variable: port.default for port in PORTS}
    values = configuration.variables(Home(tmp_path), ports, Options(cluster=True, variables=given))
    assert values["BOTOBS_ALERT_GROUP_INTERVAL_ORDERS"] == orders
    alone = configuration.variables(Home(tmp_path), ports, Options(variables=given))
    assert alone.get("BOTOBS_ALERT_GROUP_INTERVAL_ORDERS") == given.get("BOTOBS_ALERT_GROUP_INTERVAL_ORDERS")
