"""Prepared and started by root, on a host whose root is no shared mount, as under WSL and on Docker Desktop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.compose.conftest import prepared
from tests.support.containers.engine import Engine
from tests.support.containers.project import Project
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def root(engine: Engine) -> Iterator[Project]:
    """Everything, started by root."""
    engine.make_root("rprivate")
    with prepared(engine, 0) as started:
        started.start()
        started.scraped()
        yield started


def test_everything_runs_and_is_healthy(root: Project) -> None:
    states = {name: root.state(name) for name in root.compose("ps", "--services").split()}
    assert {"collector", "prometheus", "tempo", "mimir", "alertmanager", "postgres"} <= set(states)
    assert all(state["Running"] for state in states.values())

    def healthy() -> bool:
        health = {name: root.state(name).get("Health", {}).get("Status", "unasked") for name in states}
        assert set(health.values()) <= {"healthy", "unasked"}, health
        return True

    assert eventually(healthy, within=120)


def test_the_database_answers(root: Project) -> None:
    """As root, the official image would need capabilities that its container does not have."""
    assert root.see("postgres", "id", "-u").stdout.strip() == "65532"
    assert eventually(lambda: root.query("pg_up == 1"))


def test_no_container_reads_what_is_root_s(root: Project) -> None:
    for path in (root.home.secrets / "ca.key", root.home.secrets / "operator.password"):
        assert path.read_bytes()
        assert root.see("collector", "cat", f"/hostfs{path}").returncode != 0
    assert root.see("collector", "cat", "/hostfs/etc/shadow").returncode != 0


def test_the_engine_would_have_refused_a_propagation_of_ours(root: Project) -> None:
    """Why docker-compose.yml names none."""
    mount = "type=bind,source=/,target=/hostfs,readonly,bind-propagation=rslave"
    refused = root.engine.docker("run", "--rm", "--mount", mount, "--entrypoint", "/stand-in/busybox",
                                 "otel/opentelemetry-collector-contrib:0.158.0", "true", check=False)  # fmt: skip
    assert "not a shared or slave mount" in refused.stderr
