"""Runs what the chart renders for a pod as processes of this machine, its paths moved into a folder."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import httpx

from botobs._ops.access import secrets
from botobs._ops.home.private import write_secret
from testbed.otlp_receiver import OtlpReceiver
from tests.support import charts
from tests.support.waiting import eventually


def make_secrets(folder: Path, tenants: tuple[str, ...]) -> None:
    """Make what a person who installs the chart makes, in `folder`; gateways let these tenants in."""
    names = [f"botobs-{part}.{charts.NAMESPACE}.svc" for part in ("agent", "gateway", "postgres-exporter")]
    secrets.ensure(folder, names)
    (folder / "tenants").mkdir(mode=0o700)
    lines = []
    for tenant in tenants:
        write_secret(folder / "tenants" / f"{tenant}.password", "word")
        header = base64.b64encode(f"{tenant}:word".encode()).decode()
        write_secret(folder / "tenants" / f"{tenant}.authorization", f"Basic {header}")
        lines.append(f"{tenant}:{bcrypt.hashpw(b'word', bcrypt.gensalt(4)).decode()}\n")
    write_secret(folder / "tenants" / "htpasswd", "".join(lines))


def stand_in_for_mimir(secrets_folder: Path) -> OtlpReceiver:
    """What takes metrics from who shows a certificate; close it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(secrets_folder / "ca.pem"))
    context.load_cert_chain(secrets_folder / "server.pem", secrets_folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return OtlpReceiver(tls=context)


def lay_out(manifests: list[charts.Manifest], part: str, secrets_folder: Path, target: Path) -> Path:
    """Write a part's ConfigMap as its pod sees it, below `target`; returns the folder of the files."""
    folder = target / "config"
    folder.mkdir(parents=True)
    for name, text in charts.named(manifests, "ConfigMap", f"botobs-{part}")["data"].items():
        moved = text.replace("/secrets/", f"{secrets_folder}/").replace("/data/", f"{target}/data/")
        (folder / name).write_text(moved.replace("/hostfs", "/"), encoding="utf-8")
    return folder


def command(manifests: list[charts.Manifest], part: str, program: Path, folder: Path) -> list[str]:
    """The command line of a part's container, for files that lie in `folder`."""
    (workload,) = [each for each in charts.workloads(manifests) if charts.part(each) == part]
    args = charts.pod(workload)["spec"]["containers"][0]["args"]
    return [str(program), *(word.replace("/config/", f"{folder}/") for word in args)]


@contextmanager
def running(words: list[str], log: Path, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """Run a program until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env={**os.environ, **(environ or {})})
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_healthy(port: int, secrets_folder: Path, log: Path) -> None:
    """Ask for health as the kubelet does, over TLS and without a certificate, until it is well.

    Raises:
        AssertionError: It never was; the message is what the program said.
    """
    context = ssl.create_default_context(cafile=str(secrets_folder / "ca.pem"))

    def healthy() -> bool:
        try:
            return httpx.get(f"https://127.0.0.1:{port}/", verify=context).is_success
        except httpx.TransportError:
            return False

    assert eventually(healthy), log.read_text(encoding="utf-8")
