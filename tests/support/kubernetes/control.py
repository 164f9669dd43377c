"""What keeps a cluster: etcd, the API server, the controllers, the scheduler, and who resolves names."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.kubernetes.machine import GATEWAY
from tests.support.kubernetes.node import PODS
from tests.support.waiting import eventually

SERVICES = "198.18.200.0/24"
_SERVER = f"https://{GATEWAY}:6443"
_ETCD = f"http://{GATEWAY}:2379"
#: Who is known by a token, and which groups each is of.
_USERS = {
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kube-proxy": ("system:kube-proxy", "system:node-proxier"),
    "coredns": ("coredns", "system:masters"),
    "network-policies": ("network-policies", "system:masters"),
}
_NAMES = f"""\
cluster.local {{
    bind {GATEWAY}
    errors
    kubernetes cluster.local {{
        kubeconfig KUBECONFIG
        ttl 5
    }}
}}
"""


class ControlPlane:
    """It runs on this host, at the address that all machines have for it; from entering to leaving.

    Args:
        folder: All that it writes.
        programs: Paths of the programs, by name.
        nodes: Names of the nodes that may join.
    """

    def __init__(self, folder: Path, programs: Mapping[str, Path], nodes: Sequence[str]) -> None:
        self._folder, self._programs = folder, programs
        self._users = {**_USERS, **{node: (f"system:node:{node}", "system:nodes") for node in nodes}}
        self._tokens = {user: secrets.token_urlsafe(24) for user in self._users}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self._folder.mkdir()
        try:
            self._start_all()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all of it."""
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait()

    def _start_all(self) -> None:
        self._start("etcd", f"--data-dir={self._folder}/etcd", "--unsafe-no-fsync",
                    f"--listen-client-urls={_ETCD}", f"--advertise-client-urls={_ETCD}",
                    f"--listen-peer-urls=http://{GATEWAY}:2380",
                    f"--initial-advertise-peer-urls=http://{GATEWAY}:2380",
                    f"--initial-cluster=default=http://{GATEWAY}:2380")  # fmt: skip
        key = self._accounts_key()
        self._start("kube-apiserver", f"--etcd-servers={_ETCD}", f"--bind-address={GATEWAY}",
                    f"--advertise-address={GATEWAY}", f"--cert-dir={self._folder}/certificates",
                    f"--service-cluster-ip-range={SERVICES}", "--authorization-mode=Node,RBAC",
                    f"--token-auth-file={self._token_file()}", "--allow-privileged",
                    # Nobody resolves the names of nodes.
                    "--kubelet-preferred-address-types=InternalIP",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}")  # fmt: skip
        eventually(self._answers, within=300)
        self._start("kube-controller-manager", f"--kubeconfig={self.kubeconfig('kube-controller-manager')}",
                    f"--bind-address={GATEWAY}", "--leader-elect=false", f"--root-ca-file={self.authority}",
                    "--use-service-account-credentials",
                    f"--service-account-private-key-file={key}", f"--cluster-cidr={PODS}")  # fmt: skip
        self._start("kube-scheduler", f"--kubeconfig={self.kubeconfig('kube-scheduler')}",
                    f"--bind-address={GATEWAY}", "--leader-elect=false")  # fmt: skip
        (self._folder / "Corefile").write_text(_NAMES.replace("KUBECONFIG", f"{self.kubeconfig('coredns')}"))
        self.start_names()

    def start_names(self) -> None:
        """Start to resolve names."""
        self._start("coredns", f"-conf={self._folder}/Corefile")

    def stop_names(self) -> None:
        """Resolve none any more."""
        process = self._processes.pop("coredns")
        process.kill()
        process.wait()

    @property
    def authority(self) -> Path:
        """The certificate by which the API server is known; it has signed itself."""
        return self._folder / "certificates" / "apiserver.crt"

    def kubeconfig(self, user: str) -> Path:
        """The file by which a user, or a node, speaks to the cluster."""
        path = self._folder / f"{user}.kubeconfig"
        authority = base64.b64encode(self.authority.read_bytes()).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "c", "cluster": {"server": _SERVER, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "u", "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
        path.write_text(json.dumps(content))
        path.chmod(0o600)
        return path

    def log(self, program: str, last: int = 4000) -> str:
        """The last of what a program has said."""
        return (self._folder / f"{program}.log").read_text(errors="replace")[-last:]

    def _start(self, program: str, *words: str) -> None:
        # It ends with us, however we end.
        command = ["setpriv", "--pdeathsig=KILL", str(self._programs[program]), *words]
        with (self._folder / f"{program}.log").open("wb") as log:
            self._processes[program] = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder)

    def _answers(self) -> bool:
        for program, process in self._processes.items():
            assert process.poll() is None, f"{program} has ended:\n{self.log(program)}"
        if not self.authority.exists():
            return False
        headers = {"Authorization": f"Bearer {self._tokens['admin']}"}
        try:
            return httpx.get(f"{_SERVER}/readyz", headers=headers, verify=False, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _accounts_key(self) -> Path:
        """Signs the tokens of pods."""
        path = self._folder / "accounts.key"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        path.chmod(0o600)
        return path

    def _token_file(self) -> Path:
        path = self._folder / "tokens.csv"
        path.write_text(
            "".join(
                f'{self._tokens[user]},{name},{user},"{group}"\n'
                for user, (name, group) in self._users.items()
            )
        )
        path.chmod(0o600)
        return path
