"""A service that sends one span, on the host or in a pod by the manifest of docs/how-to/kubernetes.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support import configs
from tests.support.containers import images
from tests.support.kubernetes.installation import Installation
from tests.support.waiting import eventually

_PROGRAM = configs.ROOT / "tests" / "integration" / "compose" / "programs" / "service.py"
_PAGE = configs.ROOT / "docs" / "how-to" / "kubernetes.md"
#: The namespace of services.
NAMESPACE = "trading"


def on_the_host(name: str, environ: Mapping[str, str]) -> bool:
    """Run it; whether all was delivered."""
    words = [sys.executable, str(_PROGRAM), name]
    environ = {**os.environ, **environ, "PYTHONPATH": str(configs.ROOT)}
    return subprocess.run(words, env=environ, capture_output=True, check=False).returncode == 0


def in_a_pod(botobs: Installation, name: str, token: str) -> str:
    """Run it to its end; returns what it has said."""
    ensure_namespace(botobs, NAMESPACE)
    authority = botobs.home.secrets / "ca.pem"
    spec = page_spec()
    (secret,) = (volume["secret"]["secretName"] for volume in spec["volumes"])
    botobs.kubectl("delete", "secret", secret, "--namespace", NAMESPACE, "--ignore-not-found")
    botobs.kubectl(
        "create", "secret", "generic", secret, "--namespace", NAMESPACE,
        f"--from-file=ca.pem={authority}", f"--from-literal=token={token}",
    )  # fmt: skip
    botobs.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": _with_program(spec, name),
        }
    )

    def ended() -> str:
        (pod,) = botobs.cluster.get("pod", name, "--namespace", NAMESPACE)
        phase = str(pod["status"]["phase"])
        return phase if phase in ("Succeeded", "Failed") else ""

    phase = eventually(ended, within=300)
    said = botobs.kubectl("logs", name, "--namespace", NAMESPACE)
    assert phase == "Succeeded", said
    return said


def ensure_namespace(botobs: Installation, name: str) -> None:
    """Make a namespace where it is missing."""
    botobs.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def page_spec() -> dict[str, Any]:
    """What the page says of a service's pod."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", _PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if "BOTOBS_ENDPOINT" in block)
    spec: dict[str, Any] = yaml.safe_load(found)
    return spec


def _with_program(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The page's pod, with a program of this checkout: mounted from the node, which has this machine's files."""
    (container,) = spec["containers"]
    paths = dict.fromkeys([Path("/usr"), Path(sys.base_prefix), Path(sys.prefix), configs.ROOT])
    volumes = [
        {"name": f"program-{number}", "hostPath": {"path": str(path)}} for number, path in enumerate(paths)
    ]
    mounts = [
        {"name": f"program-{number}", "mountPath": str(path), "readOnly": True}
        for number, path in enumerate(paths)
    ]
    made = {
        **container,
        "image": images.SERVICE,
        "command": [sys.executable, str(_PROGRAM), name],
        "env": [*container["env"], {"name": "PYTHONPATH", "value": str(configs.ROOT)}],
        "volumeMounts": [*container["volumeMounts"], *mounts],
    }
    return {
        **spec,
        "securityContext": {**spec["securityContext"], "runAsUser": 65530, "runAsNonRoot": True},
        "containers": [made],
        "volumes": [*spec["volumes"], *volumes],
        # A network plug-in may refuse what a pod sends before it has heard of it, and this one ends at once.
        "restartPolicy": "OnFailure",
        "automountServiceAccountToken": False,
    }
