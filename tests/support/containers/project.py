"""docker-compose.yml as a person starts it: `botobs compose`, then the command that it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import httpx
import psutil

from botobs._ops.access import clients
from botobs._ops.components.ports import free_ports
from botobs._ops.home.home import Home
from tests.support import configs
from tests.support.containers.engine import Engine
from tests.support.containers.layer import BUSYBOX
from tests.support.waiting import eventually

#: What is published, by service: the variable that moves it.
PUBLISHED = {
    "intake": "BOTOBS_OTLP_HTTP_PORT",
    "intake-grpc": "BOTOBS_OTLP_GRPC_PORT",
    "prometheus": "BOTOBS_PROMETHEUS_PORT",
    "tempo": "BOTOBS_TEMPO_HTTP_PORT",
    "mimir": "BOTOBS_MIMIR_HTTP_PORT",
    "alertmanager": "BOTOBS_ALERTMANAGER_PORT",
    "postgres": "BOTOBS_POSTGRES_PORT",
    "grafana": "BOTOBS_GRAFANA_PORT",
}
#: Grafana's image cannot be had here; its provisioning is checked by tests of its own.
_OVERRIDE = "without-grafana.yml"
_WITHOUT_GRAFANA = "services: {grafana: {profiles: [grafana]}}\n"
_MAIN = "import sys; from botobs._ops.cli import main; sys.exit(main(sys.argv[1:]))"


@dataclass
class Project:
    """One prepared home and its containers.

    Attributes:
        engine: Where they run.
        folder: Holds the home and docker-compose.yml, as the folder of whoever types the commands.
        user: Id of that user.
        variables: Settings of the stack.
        metrics: Where metrics of services are read.
    """

    metrics: ClassVar[str] = "prometheus"

    engine: Engine
    folder: Path
    user: int
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = dict(zip(PUBLISHED, free_ports(len(PUBLISHED)), strict=True))
        # A place whose name a shell would cut.
        self.home = Home(self.folder / "the home")
        self.started = False
        (self.folder / _OVERRIDE).write_text(_WITHOUT_GRAFANA)

    @property
    def addresses(self) -> dict[str, str]:
        """Where the host reaches each service."""
        return {name: f"https://127.0.0.1:{port}" for name, port in self.ports.items()}

    @property
    def endpoint(self) -> str:
        """Where services of the host send."""
        return self.addresses["intake"]

    @property
    def service(self) -> dict[str, str]:
        """How a service of the host is told where to send."""
        return {
            "BOTOBS_ENDPOINT": self.endpoint,
            "BOTOBS_CERTIFICATE": str(self.home.secrets / "ca.pem"),
            "BOTOBS_TOKEN_FILE": str(self.home.secrets / "service.token"),
        }

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the shell in which `docker compose` is called."""
        moved = {PUBLISHED[name]: str(port) for name, port in self.ports.items()}
        files = f"docker-compose.yml{os.pathsep}{self.folder / _OVERRIDE}"
        path = {"PYTHONPATH": str(configs.ROOT)}
        # As of somebody with another stack; what is typed here names this one.
        path["BOTOBS_HOME"] = "/elsewhere"
        return {**self.engine.environ, **path, **moved, **self.variables, "COMPOSE_FILE": files}

    def run(self, *words: str) -> str:
        """Run a program as the user in the folder, and return what it says.

        Raises:
            AssertionError: It failed.
        """
        return self._run([*self._as_user(), *words])

    def botobs(self, *words: str) -> str:
        """Run the command `botobs` as the user."""
        # This Python may lie in a folder that is closed to others: the user may read all, and write what is the user's.
        reads = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"] if self.user else []
        return self._run([*self._as_user(), *reads, sys.executable, "-c", _MAIN, *words])

    def _as_user(self) -> list[str]:
        if self.user == 0:
            return []
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]

    def _run(self, words: Sequence[str]) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def compose(self, *words: str) -> str:
        """Run `docker compose` on the project."""
        environment = str(self.home.path / "compose.env")
        return self.run("docker", "compose", "--ansi", "never", "--env-file", environment, *words)

    def start(self) -> None:
        """Prepare, and start by the very command that is printed."""
        shutil.chown(self.folder, self.user, self.user)
        said = self.botobs("compose", "--home", str(self.home.path))
        (command,) = (line.partition(": ")[2] for line in said.splitlines() if line.startswith("start with"))
        self.started = True
        self.run("sh", "-c", command)

    def stop(self) -> None:
        """Remove its containers and volumes."""
        if self.started:
            self.compose("down", "--volumes", "--timeout", "30")

    def container(self, service: str) -> str:
        """The id of a service's container."""
        (found,) = self.compose("ps", "--all", "--quiet", service).split()
        return found

    def see(self, service: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run an applet of busybox in a service's container, as its user."""
        return self.engine.docker("exec", self.container(service), BUSYBOX, *words, check=False)

    def state(self, service: str) -> dict[str, Any]:
        """The state of a service's container, as the engine has it."""
        found: Any = self.engine.inspect(self.container(service))["State"]
        return dict(found)

    def process(self, service: str) -> psutil.Process:
        """The first process of a service's container."""
        return psutil.Process(self.state(service)["Pid"])

    def client(self, part: str) -> httpx.Client:
        """An operator's client for a part; close it after use."""
        return clients.client(self.home.secrets, self.addresses[part])

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query at Prometheus."""
        with self.client("prometheus") as http:
            response = http.get("/api/v1/query", params={"query": promql})
            response.raise_for_status()
            return list(response.json()["data"]["result"])

    def scraped(self, within: float = 180) -> None:
        """Wait until everything that Prometheus scrapes is up."""

        def all_up() -> bool:
            try:
                found = {each["metric"]["job"]: each["value"][1] for each in self.query("up")}
            except httpx.HTTPError:
                return False
            assert {"collector", "intake", "prometheus", "tempo", "mimir", "alertmanager", "postgres"} <= set(
                found
            ), found
            assert set(found.values()) == {"1"}, found
            return True

        eventually(all_up, within=within)
