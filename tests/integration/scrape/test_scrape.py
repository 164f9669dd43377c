"""A real Prometheus scrapes a service: the series are those that it gets pushed, found, protected, and counted once."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from botobs._ops.access import certificates
from botobs._ops.components.ports import free_ports
from botobs._sdk.export.scrape._families import PROMOTED
from botobs.semconv import all_metrics
from testbed.otlp_receiver import OtlpReceiver, receiving
from tests.support.certificates import issue
from tests.support.waiting import eventually

PROGRAM = Path(__file__).parent / "programs" / "recorder.py"
ROOT = Path(__file__).parents[3]
PATIENCE = 120
#: Labels whose values tell one process from another.
_OWN = {"instance", "service_instance_id", "process_pid"}
TOKEN = "a-token-of-this-test"


class Prometheus:
    """A Prometheus that takes OTLP as the stack's does, and scrapes whom the files in `targets` name."""

    def __init__(self, program: Path, folder: Path, scrape: Mapping[str, Any]) -> None:
        self.targets = folder / "targets"
        self.targets.mkdir()
        port = free_ports(1)[0]
        self.address = f"http://127.0.0.1:{port}"
        stack = yaml.safe_load(
            re.sub(r"\$\{[^}]*\}", "1s", (ROOT / "prometheus" / "prometheus.yml").read_text())
        )
        assert tuple(stack["otlp"]["promote_resource_attributes"]) == (*PROMOTED, "collector.instance.id")
        config = {
            "global": {"scrape_interval": "1s"},
            "otlp": stack["otlp"],
            "scrape_configs": [
                {"job_name": "bots", "file_sd_configs": [{"files": [f"{self.targets}/*.json"]}], **scrape}
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(
                [
                    program,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--web.enable-otlp-receiver",
                    "--enable-feature=exemplar-storage",
                ],
                stdout=log,
                stderr=log,
            )

    def get(self, path: str, **parameters: str | list[str]) -> Any:
        """What an API answers; nothing while it does not."""
        try:
            answer = httpx.get(f"{self.address}/api/v1/{path}", params=parameters, timeout=30)
        except httpx.HTTPError:
            return []
        return answer.json()["data"] if answer.status_code == 200 else []

    def series(self, service: str) -> set[tuple[tuple[str, str], ...]]:
        """The series of a service, without what tells its processes apart."""
        found = self.get("series", **{"match[]": [f'{{job="{service}"}}']})
        return {
            tuple(
                sorted(
                    # Prometheus writes a bound of 30 as 30.0 where it scrapes it, and as 30 where it is pushed.
                    (name, str(float(value)) if name == "le" else value)
                    for name, value in each.items()
                    if name not in _OWN
                )
            )
            for each in found
            if each["__name__"] != "up" and not each["__name__"].startswith("scrape_")
        }


@pytest.fixture
def prometheus(binaries: Mapping[str, Path], tmp_path: Path) -> Iterator[Callable[..., Prometheus]]:
    """Starts one."""
    with ExitStack() as stack:

        def start(**scrape: Any) -> Prometheus:
            started = Prometheus(binaries["prometheus"], tmp_path, scrape)
            stack.callback(started.process.wait)
            stack.callback(started.process.kill)
            return started

        yield start


@contextmanager
def recorder(folder: Path, service: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The program, once it has recorded."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "BOTOBS_SERVICE_NAME": service,
        "BOTOBS_METRIC_INTERVAL": "1s",
        "BOTOBS_SHUTDOWN_TIMEOUT": "60s",
        **variables,
    }
    process = subprocess.Popen(
        [sys.executable, PROGRAM],
        env=environ,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("engine", ["fast", "stock"])
def test_the_same_series_as_pushed(
    prometheus: Callable[..., Prometheus], tmp_path: Path, engine: str
) -> None:
    server = prometheus()
    eventually(lambda: server.get("status/buildinfo"), PATIENCE)
    scrape = {"BOTOBS_SCRAPE_ADDRESS": "127.0.0.1:0", "BOTOBS_SCRAPE_TARGETS": str(server.targets)}
    with (
        receiving() as receiver,
        recorder(
            tmp_path, "pushed", BOTOBS_ENGINE=engine, BOTOBS_ENDPOINT=f"{server.address}/api/v1/otlp"
        ) as pushing,
        recorder(
            tmp_path, "pulled", BOTOBS_ENGINE=engine, BOTOBS_ENDPOINT=receiver.endpoint, **scrape
        ) as pulled,
    ):

        def same() -> bool:
            of_pushed, of_pulled = (
                {
                    tuple((key, value) for key, value in one if value != service)
                    for one in server.series(service)
                }
                for service in ("pushed", "pulled")
            )
            assert of_pushed
            assert sorted(of_pushed - of_pulled) == []
            assert sorted(of_pulled - of_pushed) == []
            return True

        eventually(same, PATIENCE)
        names = {dict(one)["__name__"] for one in server.series("pulled")}
        for metric in all_metrics():
            suffix = "_bucket" if metric.kind == "histogram" else ""
            assert metric.prometheus_name + suffix in names
        exemplars = server.get("query_exemplars", query='{job="pulled"}', start="0", end="4000000000")
        (span,) = receiver.spans
        ids = {each["labels"]["trace_id"] for one in exemplars for each in one["exemplars"]}
        assert ids == {span.trace_id.hex()}
        for process in (pushing, pulled):
            process.communicate("")
            assert process.returncode == 0
        # Pushed is what says how it ended alone.
        assert pushed_names(receiver) == {
            metric.name
            for metric in all_metrics()
            if metric.name.endswith((".goodbye.timestamp", ".death.timestamp"))
        }
        assert receiver.last_value("botobs.service.goodbye.timestamp") > 0
    assert list(server.targets.iterdir()) == []


def pushed_names(receiver: OtlpReceiver) -> set[str]:
    return {
        metric.name
        for one in receiver.metric_exports
        for scope in one.scope_metrics
        for metric in scope.metrics
    }


def test_each_process_is_found_and_strangers_get_nothing(
    prometheus: Callable[..., Prometheus], tmp_path: Path
) -> None:
    certificates.ensure(tmp_path)
    authority = tmp_path / "ca.pem"
    certificate, key = issue(authority, tmp_path / "ca.key", tmp_path, days=1)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    server = prometheus(
        authorization={"credentials_file": str(token)}, tls_config={"ca_file": str(authority)}
    )
    port = free_ports(1)[0]
    with recorder(
        tmp_path,
        "workers",
        FORKS="1",
        BOTOBS_SCRAPE_ADDRESS=f"127.0.0.1:{port}",
        BOTOBS_SCRAPE_TARGETS=str(server.targets),
        BOTOBS_SCRAPE_TOKEN_FILE=str(token),
        BOTOBS_SCRAPE_CERTIFICATE=str(certificate),
        BOTOBS_SCRAPE_KEY=str(key),
    ) as process:
        eventually(lambda: len(up(server)) == 2 and set(up(server).values()) == {"1"}, PATIENCE)
        trusted = ssl.create_default_context(cafile=authority)
        address = f"https://127.0.0.1:{port}"
        for path, headers, status in (
            ("/metrics", {}, 401),
            ("/metrics", {"Authorization": "Bearer other"}, 401),
            ("/metrics", {"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "identity"}, 200),
            ("/", {"Authorization": f"Bearer {TOKEN}"}, 404),
        ):
            answer = httpx.get(address + path, headers=headers, verify=trusted)
            assert answer.status_code == status
        process.communicate("")
    assert list(server.targets.iterdir()) == []


def up(server: Prometheus) -> dict[str, str]:
    """Whether each process was scraped, by its instance."""
    found = server.get("query", query='up{job="workers"}')
    return {one["metric"]["instance"]: one["value"][1] for one in found["result"]} if found else {}
