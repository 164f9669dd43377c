"""`make release-check`: what can be checked of a release before it is published.

The version stands in `botobs/_version.py` and, when a tag is given, in the tag and in a heading of the changelog. The
source distribution and the wheel are built into `dist/`, their metadata is read, and the wheel is installed into an
empty environment and tried there. `.github/workflows/release.yml` runs the same before it publishes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

from packaging.metadata import Metadata

from botobs import __version__

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
#: Files without which an installed botobs does not work.
NEEDED = ("botobs/py.typed", "botobs/_assets/versions.toml", "botobs/_assets/collector/collector.yaml")


class ReleaseError(Exception):
    """Something that must not be published; the message says what."""


def main(words: Sequence[str] | None = None) -> int:
    """Check the checkout; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make release-check", description=__doc__)
    parser.add_argument("--tag", help="the tag that is to be published, such as v0.1.0")
    options = parser.parse_args(words)
    try:
        if options.tag:
            check_tag(options.tag, __version__, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
        wheel = build(DIST)
        check_wheel(wheel, __version__)
        try_wheel(wheel, __version__)
    except ReleaseError as error:
        print(f"not ready for a release: {error}", file=sys.stderr)
        return 1
    print(f"botobs {__version__} can be released: {', '.join(path.name for path in sorted(DIST.iterdir()))}")
    return 0


def check_tag(tag: str, version: str, changelog: str) -> None:
    """Compare tag, version and changelog.

    Raises:
        ReleaseError: They do not name the same version, or the changelog has no dated heading for it.
    """
    if tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag}, and botobs/_version.py says {version}")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d{{2}}-\d{{2}}$", changelog, flags=re.MULTILINE):
        raise ReleaseError(f"CHANGELOG.md has no heading '## {version} - <date>'")


def build(folder: Path) -> Path:
    """Build the source distribution, and the wheel from it, into an empty `folder`; returns the wheel.

    Raises:
        ReleaseError: The build failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], ROOT)
    return next(folder.glob("*.whl"))


def check_wheel(wheel: Path, version: str) -> None:
    """Look into the wheel.

    Raises:
        ReleaseError: Its metadata is wrong, a file is missing, or it brings packages other than botobs.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = archive.read(f"botobs-{version}.dist-info/METADATA")
    try:
        metadata = Metadata.from_email(text, validate=True)
    except ExceptionGroup as error:
        raise ReleaseError(f"the metadata is not valid: {error.exceptions}") from error
    if str(metadata.version) != version or not metadata.description:
        raise ReleaseError(f"the metadata says version {metadata.version}, or has no description")
    missing = set(NEEDED) - set(names)
    if missing:
        raise ReleaseError(f"the wheel lacks {', '.join(sorted(missing))}")
    foreign = {name.split("/")[0] for name in names} - {"botobs", f"botobs-{version}.dist-info"}
    if foreign:
        raise ReleaseError(f"the wheel brings {', '.join(sorted(foreign))} too")


def try_wheel(wheel: Path, version: str) -> None:
    """Install the wheel into an empty environment, import the public packages there, and run the command.

    Raises:
        ReleaseError: One of these failed, or names another version.
    """
    with tempfile.TemporaryDirectory(prefix="botobs-release-") as name:
        folder = Path(name)
        venv.create(folder / "env", with_pip=True)
        scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        python = str(scripts / "python")
        _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], folder)
        public = "import botobs, botobs.semconv, botobs.testing, botobs.trading"
        _run([python, "-I", "-W", "error", "-c", public], folder)
        said = _run([str(scripts / "botobs"), "--version"], folder).strip()
        if said != f"botobs {version}":
            raise ReleaseError(f"botobs --version says {said!r}")


def _run(command: Sequence[str], folder: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BOTOBS_", "PYTHON"))}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
