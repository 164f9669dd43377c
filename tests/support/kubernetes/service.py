"""A service that sends one span, on the host or in a pod by the manifest of docs/how-to/kubernetes.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.support import configs
from tests.support.containers import images
from tests.support.kubernetes.installation import Installation
from tests.support.waiting import eventually

_PROGRAM = configs.ROOT / "tests" / "integration" / "compose" / "programs" / "service.py"
PAGE = configs.ROOT / "docs" / "how-to" / "kubernetes.md"
#: The namespace of services.
NAMESPACE = "trading"


def on_the_host(name: str, environ: Mapping[str, str]) -> bool:
    """Run it; whether all was delivered."""
    words = [sys.executable, str(_PROGRAM), name]
    environ = {**os.environ, **environ, "PYTHONPATH": str(configs.ROOT)}
    return subprocess.run(words, env=environ, capture_output=True, check=False).returncode == 0


def in_a_pod(botobs: Installation, name: str) -> str:
    """Run it to its end, in a namespace that has the page's Secret; returns what it has said."""
    # A network plug-in may refuse what a pod sends before it has heard of it, and this one ends at once.
    spec = {**pod_spec([sys.executable, str(_PROGRAM), name], {}), "restartPolicy": "OnFailure"}
    metadata = {"name": name, "namespace": NAMESPACE}
    botobs.cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def ended() -> str:
        (pod,) = botobs.cluster.get("pod", name, "--namespace", NAMESPACE)
        phase = str(pod["status"]["phase"])
        return phase if phase in ("Succeeded", "Failed") else ""

    phase = eventually(ended, within=300)
    said = botobs.kubectl("logs", name, "--namespace", NAMESPACE)
    assert phase == "Succeeded", said
    return said


def give_secret(botobs: Installation, token: str) -> None:
    """Make the Secret of the page's pod, in the namespace of services."""
    ensure_namespace(botobs, NAMESPACE)
    (secret,) = (volume["secret"]["secretName"] for volume in page_spec()["volumes"] if "secret" in volume)
    botobs.kubectl("delete", "secret", secret, "--namespace", NAMESPACE, "--ignore-not-found")
    botobs.kubectl(
        "create", "secret", "generic", secret, "--namespace", NAMESPACE,
        f"--from-file=ca.pem={botobs.home.secrets / 'ca.pem'}", f"--from-literal=token={token}",
    )  # fmt: skip


def ensure_namespace(botobs: Installation, name: str) -> None:
    """Make a namespace where it is missing."""
    botobs.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def page_spec() -> dict[str, Any]:
    """What the page says of a service's pod."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if "BOTOBS_ENDPOINT" in block)
    spec: dict[str, Any] = yaml.safe_load(found)
    return spec


def pod_spec(command: Sequence[str], environ: Mapping[str, str]) -> dict[str, Any]:
    """The page's pod with a program of this checkout, which is mounted from the node: it has this machine's files.

    Args:
        command: Its command line.
        environ: Its variables, beside the page's.
    """
    spec = page_spec()
    (container,) = spec["containers"]
    paths = dict.fromkeys([Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), configs.ROOT])
    volumes = [
        {"name": f"program-{number}", "hostPath": {"path": str(path)}} for number, path in enumerate(paths)
    ]
    mounts = [
        {"name": f"program-{number}", "mountPath": str(path), "readOnly": True}
        for number, path in enumerate(paths)
    ]
    variables = {"PYTHONPATH": str(configs.ROOT), **environ}
    made = {
        **container,
        "image": images.SERVICE,
        "command": list(command),
        "env": [*container["env"], *({"name": name, "value": value} for name, value in variables.items())],
        "volumeMounts": [*container["volumeMounts"], *mounts],
    }
    return {
        **spec,
        "securityContext": {**spec["securityContext"], "runAsUser": 65530, "runAsNonRoot": True},
        "containers": [made],
        "volumes": [*spec["volumes"], *volumes],
        "automountServiceAccountToken": False,
    }
