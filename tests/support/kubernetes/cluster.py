"""A cluster from entering to leaving, with the commands by which a person uses it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import permutations
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.programs.versions import pins
from tests.support.containers import debian
from tests.support.kubernetes import node as nodes
from tests.support.kubernetes.control import SERVICES, ControlPlane
from tests.support.kubernetes.machine import GATEWAY, Machine, Network, route
from tests.support.kubernetes.node import Node
from tests.support.waiting import eventually

_FIRST_NUMBER = 11


class Cluster:
    """One control plane and some nodes.

    Args:
        count: Nodes.

    Attributes:
        folder: All that it writes.
        nodes: By name.
        programs: Paths of its programs, and of Helm.
    """

    def __init__(self, count: int = 1) -> None:
        self._names = [f"node-{number + 1}" for number in range(count)]
        self.nodes: dict[str, Node] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        debian.install(nodes.PACKAGES)
        self.programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="botobs-cluster-", dir="/tmp"))
        self.folder.chmod(0o711)
        self._stack.callback(shutil.rmtree, self.folder)
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._stack.enter_context(Network())
        self._control = self._stack.enter_context(
            ControlPlane(self.folder / "control", self.programs, self._names)
        )
        self._admin = self._control.kubeconfig("admin")
        for number, name in enumerate(self._names):
            # Also those of a cluster that was killed.
            nodes.remove_groups(name)
            self._stack.callback(nodes.remove_groups, name)
            machine = self._stack.enter_context(Machine(name, _FIRST_NUMBER + number, self.folder / name))
            kubeconfigs = {
                "kubelet": self._control.kubeconfig(name),
                **{user: self._control.kubeconfig(user) for user in ("kube-proxy", "network-policies")},
            }
            self.nodes[name] = Node(machine, number, self.programs, kubeconfigs, GATEWAY, SERVICES)
            self.nodes[name].start()
            route(self.nodes[name].pods, machine)
        route(SERVICES, next(iter(self.nodes.values())).machine)
        for one, other in permutations(self.nodes.values(), 2):
            one.machine.run("ip", "route", "replace", other.pods, "via", other.machine.address)
        eventually(self._ready, within=300)
        for node in self.nodes.values():
            node.enforce_policies()

    def _ready(self) -> bool:
        found = self.get("nodes")
        ready = {
            node["metadata"]["name"]
            for node in found
            for condition in node["status"].get("conditions", [])
            if condition["type"] == "Ready" and condition["status"] == "True"
        }
        assert ready == set(self._names), "\n".join(node.log("kubelet") for node in self.nodes.values())
        return True

    def lose(self, name: str) -> None:
        """A node's power fails, and its disk is gone with it."""
        machine = self.nodes.pop(name).machine
        machine.stop()
        shutil.rmtree(machine.folder)

    def load(self, image: str, archive: Path, changes: Mapping[str, Sequence[str]]) -> None:
        """Give an image to every node."""
        for node in self.nodes.values():
            node.load(image, archive, changes)

    @contextmanager
    def without_names(self) -> Iterator[None]:
        """No name is resolved until the block ends."""
        self._control.stop_names()
        try:
            yield
        finally:
            self._control.start_names()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which `kubectl` and `helm` speak to this cluster."""
        path = os.pathsep.join({str(self.programs[name].parent) for name in ("kubectl", "helm")})
        return {
            "PATH": f"{path}{os.pathsep}{os.environ.get('PATH', '')}",
            "KUBECONFIG": str(self._admin),
            "HOME": str(self.folder),
        }

    def run(self, *words: str, given: str | None = None) -> str:
        """Run a command, `kubectl` or `helm` as a rule, and return what it says.

        Raises:
            AssertionError: It failed.
        """
        return self._run(words, given).stdout

    def warned(self, *words: str) -> str:
        """The same, for what it says beside its answer."""
        return self._run(words, None).stderr

    def _run(self, words: Sequence[str], given: str | None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            words,
            env=self.environ,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Make objects, or change them into these."""
        text = yaml.safe_dump_all([dict(manifest) for manifest in manifests])
        self.run("kubectl", "apply", "--server-side", "--force-conflicts", "--filename=-", given=text)

    def get(self, *words: str) -> list[dict[str, Any]]:
        """Objects, as `kubectl get` finds them."""
        found = json.loads(self.run("kubectl", "get", *words, "--output=json"))
        return list(found["items"]) if "items" in found else [found]


def _programs() -> dict[str, Path]:
    binaries = Binaries()
    parts = ("kubernetes", "dns", "policies", "helm")
    binaries.require(parts, Silent())
    return {program: binaries[program] for name in parts for program in pins()[name].packages}
