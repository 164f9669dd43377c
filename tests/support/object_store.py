"""The object store of a cluster, alone: an S3 server over a folder."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from botobs._ops.components.ports import free_ports
from botobs._ops.programs.binaries import Binaries, Silent
from tests.support.waiting import eventually

#: Odd, as a person may choose it: a YAML file, an INI file or a shell that it became part of would read another.
_SECRET = """a secret: of "the" 'test' #1, ${HOME} {100%}"""


@dataclass(frozen=True)
class ObjectStore:
    """One that runs.

    Attributes:
        buckets: The folder with a folder for each bucket, in which each object is a file.
        environ: What clients need to find it, and to be let in.
    """

    buckets: Path
    environ: dict[str, str]


@contextmanager
def object_store(
    folder: Path, *buckets: str, host: str = "127.0.0.1", certificate: tuple[Path, Path] | None = None
) -> Iterator[ObjectStore]:
    """One with empty buckets, for the length of a block.

    Args:
        folder: All that it writes.
        buckets: Their names.
        host: The address that it listens on.
        certificate: The file of its certificate, which has signed itself, and of its key; over TLS with them alone.
    """
    binaries = Binaries()
    binaries.require(["object-store"], Silent())
    for bucket in buckets:
        (folder / "buckets" / bucket).mkdir(parents=True)
    (folder / "attributes").mkdir()
    [port] = free_ports(1)
    address = f"{'https' if certificate else 'http'}://{host}:{port}"
    over_tls = [f"--cert={certificate[0]}", f"--key={certificate[1]}"] if certificate else []
    command = [
        str(binaries["versitygw"]), f"--port={host}:{port}", "--health=/health", "--quiet", *over_tls,
        "posix", f"--sidecar={folder / 'attributes'}", str(folder / "buckets"),
    ]  # fmt: skip
    keys = {"ROOT_ACCESS_KEY_ID": "tester", "ROOT_SECRET_ACCESS_KEY": _SECRET}
    with subprocess.Popen(command, env=keys) as server:
        try:
            eventually(lambda: _is_there(address, certificate), within=60)
            yield ObjectStore(
                folder / "buckets",
                {
                    "AWS_ENDPOINT_URL_S3": address,
                    "AWS_ACCESS_KEY_ID": keys["ROOT_ACCESS_KEY_ID"],
                    "AWS_SECRET_ACCESS_KEY": keys["ROOT_SECRET_ACCESS_KEY"],
                    "AWS_REGION": "us-east-1",
                    # Nothing of who runs the tests.
                    "AWS_CONFIG_FILE": "/dev/null",
                    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                    "AWS_EC2_METADATA_DISABLED": "true",
                },
            )
        finally:
            server.terminate()


def _is_there(address: str, certificate: tuple[Path, Path] | None) -> bool:
    trusted = ssl.create_default_context(cafile=certificate[0]) if certificate else True
    try:
        return httpx.get(f"{address}/health", verify=trusted, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
