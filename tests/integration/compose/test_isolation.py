"""What each container is, has, and can read: looked at in the running containers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.integration.compose.conftest import OPERATOR
from tests.support import configs
from tests.support.containers.project import Project

_COMPOSE = yaml.safe_load((configs.ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
#: What runs on; Grafana's image cannot be had here.
_SERVICES = [name for name in _COMPOSE["services"] if name not in ("ownership", "grafana")]
_COLLECTOR, _OTHERS = "65531", "65532"


@pytest.fixture(scope="module")
def program(project: Project) -> Iterator[psutil.Process]:
    """A program of the operator's, with a secret in its environment, as bots are started."""
    words = ["setpriv", f"--reuid={OPERATOR}", f"--regid={OPERATOR}", "--clear-groups", "sleep", "infinity"]
    environ = {**project.environ, "EXCHANGE_SECRET": "canary"}
    with subprocess.Popen(words, env=environ) as running:
        try:
            yield psutil.Process(running.pid)
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def files(project: Project) -> list[Path]:
    """Files of the operator's that nobody else may read."""
    key = project.folder / ".ssh" / "id_ed25519"
    key.parent.mkdir(mode=0o700)
    key.write_text("canary")
    key.chmod(0o600)
    for path in (key.parent, key):
        shutil.chown(path, OPERATOR, OPERATOR)
    return [
        key,
        *(path for path in project.home.secrets.rglob("*") if path.is_file()),
        project.home.path / "compose.env",
    ]


@pytest.mark.parametrize("service", _SERVICES)
def test_the_user_is_neither_root_nor_the_operator(project: Project, service: str) -> None:
    said = project.see(service, "id", "-u").stdout.strip()
    assert said == (_COLLECTOR if service == "collector" else _OTHERS)
    status = project.see(service, "cat", "/proc/self/status").stdout
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


@pytest.mark.parametrize("service", _SERVICES)
def test_it_goes_before_what_it_watches(project: Project, service: str) -> None:
    """Where the host's memory runs out; but for the database, which the platform may need."""
    score = Path(f"/proc/{project.process(service).pid}/oom_score_adj").read_text().strip()
    assert score == ("0" if service == "postgres" else "500")


@pytest.mark.parametrize("service", _SERVICES)
def test_it_has_the_secrets_that_the_file_names_and_no_others(project: Project, service: str) -> None:
    listed = project.see(service, "find", "/secrets", "-type", "f").stdout.split()
    named = {entry["target"] for entry in _COMPOSE["services"][service].get("secrets", [])}
    assert set(listed) == named
    for path in named:
        assert project.see(service, "head", "-c", "1", path).stdout, f"{path} cannot be read"


@pytest.mark.parametrize("service", _SERVICES)
def test_of_the_host_it_has_what_the_file_names(project: Project, service: str) -> None:
    found: Any = project.engine.inspect(project.container(service))["Mounts"]
    binds = {mount["Destination"]: mount["Source"] for mount in found if mount["Type"] == "bind"}
    secrets = {path for path in binds if path.startswith("/secrets/")}
    given = [entry for entry in _COMPOSE["services"][service].get("volumes", []) if isinstance(entry, dict)]
    named = {entry["target"] for entry in given if entry["type"] == "bind"}
    assert set(binds) - secrets == named - {"/secrets/alertmanager"}
    assert not any(mount["RW"] for mount in found if mount["Type"] == "bind")
    outside = {path for path, source in binds.items() if not Path(source).is_relative_to(project.home.path)}
    assert all(path.startswith("/hostfs") for path in outside) and bool(outside) == (service == "collector")
    volumes = {mount["Destination"] for mount in found if mount["Type"] == "volume"}
    assert len(volumes) <= 1


def test_the_collector_reads_no_secret_of_the_host(project: Project, files: list[Path]) -> None:
    assert {"ca.key", "operator.password", "id_ed25519"} <= {file.name for file in files}
    for file in files:
        assert file.read_bytes() or file.name.startswith(".")
        seen = project.see("collector", "cat", f"/hostfs{file}")
        assert seen.returncode != 0 and not seen.stdout, f"{file} can be read"
    # It does see the host: what is open to all can be read.
    assert project.see("collector", "cat", "/hostfs/proc/stat").stdout.startswith("cpu")


def test_the_collector_gets_nowhere_through_the_host_s_processes(
    project: Project, program: psutil.Process, files: list[Path]
) -> None:
    """Who has the same user as a process may read its environment, and its files through /proc."""
    closed = [
        f"/proc/{program.pid}/environ",
        f"/proc/{program.pid}/root{files[0]}",
        *(f"/proc/{project.process(name).pid}/environ" for name in _SERVICES if name != "collector"),
        f"/proc/{project.process('postgres').pid}/root/secrets/database-postgres.password",
        f"/proc/{project.process('prometheus').pid}/root/secrets/web.yml",
    ]
    for path in closed:
        assert Path(path).read_bytes(), path
        seen = project.see("collector", "cat", f"/hostfs{path}")
        assert seen.returncode != 0 and not seen.stdout, f"{path} can be read"
    # Of processes it sees none at all: command lines are open to every user of a host.
    assert project.see("collector", "ls", "/hostfs/proc/1").stdout.split() == ["mountinfo"]


def test_on_the_host_the_copies_are_the_operator_s_alone(project: Project) -> None:
    copies = project.home.containers / "secrets"
    assert (copies / "server.key").stat().st_mode & 0o004, "a container could not read it"
    words = ["setpriv", "--reuid=65531", "--regid=65531", "--clear-groups", "cat", str(copies / "server.key")]
    assert subprocess.run(words, capture_output=True).returncode != 0
