"""docker-compose.yml, started by an ordinary user: it holds what `make smoke` asks of a stack."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import psutil
import pytest

from botobs._ops.access import clients
from tests.support import configs
from tests.support.containers import images, trading
from tests.support.containers.project import Project
from tests.support.waiting import eventually

_PROGRAM = Path(__file__).parent / "programs" / "service.py"


def test_what_smoke_checks_is_seen(project: Project) -> None:
    """The services run on the host, find the stack by what the guide says, and trade."""
    found = trading.trade(project, orders=40)
    assert [f"{each.name}: {each.detail}" for each in found if not each.seen] == []


def test_a_container_of_ones_own_reaches_the_intake_by_its_name(project: Project) -> None:
    """As the guide says: on the network of the stack, with the authority and a token mounted."""
    token = project.folder / "inside.token"
    project.botobs("token", "create", "inside", "--output", str(token), "--home", str(project.home.path))
    # In a folder that is closed to others, and for whoever runs in the container to read.
    token.chmod(0o644)
    authority = project.home.containers / "secrets" / "ca.pem"
    given = {authority: "/etc/botobs/ca.pem", token: "/etc/botobs/token"}
    programs = [Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), configs.ROOT]
    mounts = {**{path: str(path) for path in programs}, **given}
    environ = {
        "BOTOBS_ENDPOINT": "https://intake:4318",
        "BOTOBS_CERTIFICATE": "/etc/botobs/ca.pem",
        "BOTOBS_TOKEN_FILE": "/etc/botobs/token",
        "PYTHONPATH": str(configs.ROOT),
    }
    words = [
        *(word for source, target in mounts.items() for word in ("--volume", f"{source}:{target}:ro")),
        *(word for name, value in environ.items() for word in ("--env", f"{name}={value}")),
        "--user=65530", "--cap-drop=ALL", "--read-only", "--tmpfs=/tmp", "--network=botobs_observability",
    ]  # fmt: skip
    done = project.engine.docker(
        "run", "--rm", *words, images.SERVICE, sys.executable, str(_PROGRAM), "inside"
    )
    assert "decided" in done.stdout, done.stderr
    with project.client("tempo") as http:
        query = {"q": '{ resource.service.name = "inside" && name = "decide" }'}
        assert eventually(lambda: http.get("/api/search", params=query).json().get("traces"))
    assert eventually(lambda: project.query('process_cpu_time_seconds_total{service_name="inside"}'))


def test_a_token_is_valid_at_once_and_invalid_at_once(project: Project) -> None:
    """Although the container has a copy, and was not started again."""
    began = project.state("intake")["StartedAt"]
    home = ("--home", str(project.home.path))
    token = project.botobs("token", "create", "late", *home).splitlines()[0]

    def answer() -> int:
        with httpx.Client(verify=clients.ssl_context(project.home.secrets), trust_env=False) as http:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"}
            return http.post(
                f"{project.addresses['intake']}/v1/traces", content=b"", headers=headers
            ).status_code

    assert eventually(lambda: answer() == 200)
    project.botobs("token", "revoke", "late", *home)
    assert eventually(lambda: answer() == 401)
    assert project.state("intake")["StartedAt"] == began


def test_the_host_is_measured_and_not_the_container(project: Project) -> None:
    disk = psutil.disk_usage("/")
    parts = project.query('system_filesystem_usage_bytes{mountpoint="/"}')
    assert sum(float(each["value"][1]) for each in parts) == pytest.approx(disk.total, rel=0.01)
    (memory,) = project.query("system_memory_limit_bytes")
    assert float(memory["value"][1]) == pytest.approx(psutil.virtual_memory().total, rel=0.01)
    (received,) = project.query('sum(system_network_io_bytes_total{direction="receive"})')
    counters = psutil.net_io_counters(pernic=True)
    ours = sum(
        each.bytes_recv for name, each in counters.items() if not name.startswith(("lo", "veth", "br-"))
    )
    # The host's counters have grown since: the container's own would be those of one more interface, and far smaller.
    assert ours * 0.5 <= float(received["value"][1]) <= ours


def test_a_command_without_its_file_says_what_is_missing(project: Project) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        environ = {**project.environ, "COMPOSE_FILE": str(configs.ROOT / "docker-compose.yml")}
        done = subprocess.run(
            ["docker", "compose", "up", "--detach"],
            cwd=elsewhere,
            env=environ,
            capture_output=True,
            text=True,
        )
    assert done.returncode != 0
    assert "run botobs compose first" in done.stderr
