"""A node: containerd, kubelet and kube-proxy on a machine, and the images that it has."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support.containers import debian
from tests.support.containers.layer import BUSYBOX, Layer
from tests.support.kubernetes.machine import Machine
from tests.support.waiting import eventually

PAUSE = "botobs-test/pause:1.0"
#: Debian's packages, by a program of each.
PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "ipset": "ipset",
    "busybox": "busybox-static",
}
#: Every pod of the cluster; a node's are one part of it.
PODS = "198.18.96.0/19"
_CONTAINERD = f"""\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
# A kernel may refuse to lower the score, and runc ends by it.
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "/var/lib/cni/net.d"
"""
#: Where both versions of cgroups are mounted, programs of containers are listed here too.
_UNIFIED = Path("/sys/fs/cgroup/unified")
#: A controller of cgroups and what a new group lacks until it is copied from the one above.
_CPUSET = ("cpuset.cpus", "cpuset.mems")
#: A node is a machine with a dozen programs, not one of this machine's many: in the words of each version of cgroups.
_WEIGHTS = {"cpu.shares": "12288", "cpu.weight": "1200"}


class Node:
    """A node on a machine, until the machine ends.

    Args:
        machine: Where it runs.
        number: From 0; decides which addresses its pods have.
        programs: Paths of `kubelet`, `kube-proxy` and `network-policies`.
        kubeconfigs: Its own files by the program's name.
        dns: Address at which names of services are resolved.
        services: The network of the services' addresses.

    Attributes:
        pods: The network of its pods.
    """

    def __init__(
        self,
        machine: Machine,
        number: int,
        programs: Mapping[str, Path],
        kubeconfigs: Mapping[str, Path],
        dns: str,
        services: str,
    ) -> None:
        self.machine, self.name = machine, machine.name
        self.pods = f"198.18.{96 + number}.0/24"
        self._programs, self._kubeconfigs, self._dns = programs, kubeconfigs, dns
        self._services = services
        self._folder = machine.folder

    def start(self) -> None:
        """Start what a node runs."""
        self._write("net.conflist", self._network(), self._folder / "var" / "lib" / "cni" / "net.d")
        (self._folder / "containerd.toml").write_text(_CONTAINERD)
        (self._folder / "resolv.conf").write_text("")
        make_groups(self.name)
        self._start("containerd", ["containerd", "--config", f"{self._folder}/containerd.toml"])
        eventually(self._containerd_answers, within=120)
        self.load(PAUSE, self._pause(), {"CMD": [BUSYBOX, "sleep", "2147483647"]})
        self._start("kubelet", [
            str(self._programs["kubelet"]), "--kubeconfig", str(self._kubeconfigs["kubelet"]),
            "--config", str(self._write("kubelet.yaml", self._kubelet())),
            "--hostname-override", self.name, "--node-ip", self.machine.address,
        ])  # fmt: skip
        proxy = self._write("kube-proxy.yaml", self._proxy())
        self._start("kube-proxy", [str(self._programs["kube-proxy"]), "--config", str(proxy)])

    def enforce_policies(self) -> None:
        """Start what lets through what network policies say, once the node is known."""
        self._start("network-policies", [
            str(self._programs["network-policies"]), "-node", self.name, "-services", self._services,
            "-kubeconfig", str(self._kubeconfigs["network-policies"]),
        ])  # fmt: skip

    def load(self, image: str, archive: Path, changes: Mapping[str, Sequence[str]]) -> None:
        """Make an image of an archive of its files.

        Args:
            changes: Its instructions, `ENTRYPOINT` and the like, with their words.
        """
        target = self._folder / "image-layout.tar"
        _write_image(target, _full_name(image), archive, changes)
        self.machine.run("ctr", "--namespace", "k8s.io", "images", "import", str(target))
        target.unlink()

    def log(self, program: str, last: int = 4000) -> str:
        """The last of what a program of the node has said."""
        return (self._folder / f"{program}.log").read_text(errors="replace")[-last:]

    def _start(self, name: str, words: Sequence[str]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self.machine.start(words, log)

    def _containerd_answers(self) -> bool:
        words = self.machine.inside(["ctr", "version"])
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def _write(self, name: str, content: Mapping[str, Any], folder: Path | None = None) -> Path:
        path = (folder or self._folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content) if name.endswith("conflist") else yaml.safe_dump(dict(content)))
        return path

    def _pause(self) -> Path:
        """What holds a pod's namespaces."""
        archive = self._folder / "layer.tar"
        with tarfile.open(archive, "w") as tar:
            Layer(tar).busybox()
        return archive

    def _network(self) -> dict[str, Any]:
        ranges = {"type": "host-local", "ranges": [[{"subnet": self.pods}]], "routes": [{"dst": "0.0.0.0/0"}]}
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True, "ipam": ranges}
        return {"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}

    def _kubelet(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            # Whoever reaches this network is on this machine, and has to be root to be on it.
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{group(self.name)}",
            "clusterDNS": [self._dns],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "failSwapOn": False,
            "localStorageCapacityIsolation": False,
            "oomScoreAdj": 0,
            "resolvConf": f"{self._folder}/resolv.conf",
            # Secrets that change are seen within this time.
            "syncFrequency": "10s",
            # The disk is the machine's: how full it is, is not this node's business.
            "evictionHard": {
                "memory.available": "100Mi",
                "nodefs.available": "1%",
                "imagefs.available": "1%",
            },
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
        }

    def _proxy(self) -> dict[str, Any]:
        return {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "clientConnection": {"kubeconfig": str(self._kubeconfigs["kube-proxy"])},
            "clusterCIDR": PODS,
            # What these would set is the whole machine's.
            "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "hostnameOverride": self.name,
            "mode": "iptables",
            "oomScoreAdj": 0,
        }


def group(node: str) -> str:
    """The name of a node's groups of processes."""
    return f"botobs-{node}"


def make_groups(node: str) -> None:
    """Make a node's group in every hierarchy: the kubelet wants it to be there."""
    for folder in _groups(node):
        folder.mkdir(exist_ok=True)
        for name, weight in _WEIGHTS.items():
            if (folder / name).exists():
                (folder / name).write_text(weight)
        if folder.parent.name == "cpuset":
            for name in _CPUSET:
                (folder / name).write_text((folder.parent / name).read_text())


def remove_groups(node: str) -> None:
    """Remove what is left of them, once nothing runs in them."""
    for folder in (*_groups(node), _UNIFIED / group(node)):
        if folder.is_dir():
            for path in sorted(folder.rglob("*/"), reverse=True):
                eventually(lambda path=path: _removed(path))  # type: ignore[misc]
            eventually(lambda folder=folder: _removed(folder))  # type: ignore[misc]


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return not folder.exists()
    return True


def _groups(node: str) -> Iterator[Path]:
    """Its folder in each hierarchy; there is one alone in the second version of cgroups."""
    base = Path("/sys/fs/cgroup")
    if (base / "cgroup.controllers").exists():
        yield base / group(node)
        return
    for hierarchy in base.iterdir():
        if hierarchy.is_dir() and not hierarchy.is_symlink() and hierarchy.name != "unified":
            yield hierarchy / group(node)


def _full_name(image: str) -> str:
    """As containerd writes it out."""
    first, _, rest = image.partition("/")
    if not rest:
        return f"docker.io/library/{image}"
    return image if "." in first else f"docker.io/{image}"


def _write_image(target: Path, name: str, layer: Path, changes: Mapping[str, Sequence[str]]) -> None:
    """An image of one layer as an archive that any runtime takes (OCI image layout)."""
    fields = {"ENTRYPOINT": "Entrypoint", "CMD": "Cmd"}
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = json.dumps({
        "architecture": _architecture(), "os": "linux",
        "config": {fields[key]: list(words) for key, words in changes.items()},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }).encode()  # fmt: skip
    kind = "application/vnd.oci.image"
    layers = [_about(f"{kind}.layer.v1.tar", digest, layer.stat().st_size)]
    own = _about(f"{kind}.config.v1+json", hashlib.sha256(config).hexdigest(), len(config))
    manifest = json.dumps({"schemaVersion": 2, "config": own, "layers": layers}).encode()
    listed = _about(f"{kind}.manifest.v1+json", hashlib.sha256(manifest).hexdigest(), len(manifest))
    listed["annotations"] = {"io.containerd.image.name": name}
    index = json.dumps({"schemaVersion": 2, "manifests": [listed]}).encode()
    with tarfile.open(target, "w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(tar, "index.json", index)
        for content in (config, manifest):
            _add(tar, f"blobs/sha256/{hashlib.sha256(content).hexdigest()}", content)
        tar.add(layer, f"blobs/sha256/{digest}")


def _about(media: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": size}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _architecture() -> str:
    found = debian.found("dpkg")
    assert found is not None
    said = subprocess.run([found, "--print-architecture"], capture_output=True, text=True, check=True)
    return said.stdout.strip()
