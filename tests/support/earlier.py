"""The repository as it was at an earlier commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.configs import ROOT


def extract(commit: str, folder: Path) -> None:
    """Write all of its files into a folder.

    Raises:
        RuntimeError: The commit is not in this checkout.
    """
    folder.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        raise RuntimeError(f"commit {commit[:12]} is not in this checkout: git fetch --unshallow gets it")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
