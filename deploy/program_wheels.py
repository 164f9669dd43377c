"""Builds wheels with programs of the stack: `python -m deploy.program_wheels FOLDER [COMPONENT ...]`.

A wheel holds the programs of one component for one kind of machine, linked statically, and the licences of all that is
linked into them. Only components under a permissive licence are packed; `botobs` finds what such a wheel has installed
beside its Python. Format: https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from botobs._ops.programs import _go
from botobs._ops.programs.release import this_platform
from botobs._ops.programs.versions import Pin, pins

PERMISSIVE = frozenset({"Apache-2.0", "BSD-3-Clause", "MIT"})
#: What pip calls the machines: a static program needs no library of the system.
_TAGS = {
    "linux-amd64": "manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "linux-arm64": "manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    "darwin-amd64": "macosx_11_0_x86_64",
    "darwin-arm64": "macosx_11_0_arm64",
}
_LICENCES = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")
#: The same content makes the same wheel.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main() -> int:
    """Build them."""
    parser = argparse.ArgumentParser(prog="python -m deploy.program_wheels", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("components", nargs="*", help="default: all that always run and may be packed")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for pin in [pins()[name] for name in options.components] or packed_by_default():
        print(pack(pin, options.folder))
    return 0


def packed_by_default() -> list[Pin]:
    """All components that always run and may be packed: a release has a wheel of each."""
    return [pin for pin in pins().values() if pin.licence in PERMISSIVE and not pin.optional]


def pack(pin: Pin, folder: Path) -> Path:
    """Build the programs of a component and pack them into a wheel.

    Raises:
        ValueError: Its licence does not allow that without further duties.
        StackError: A program cannot be built.
    """
    if pin.licence not in PERMISSIVE:
        raise ValueError(f"{pin.name} is under {pin.licence or 'an unknown licence'} and is not packed")
    name = f"botobs_{pin.name.replace('-', '_')}"
    tag = f"py3-none-{_TAGS[this_platform()]}"
    stem, info = f"{name}-{pin.version}", f"{name}-{pin.version}.dist-info"
    target = folder / f"{stem}-{tag}.whl"
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as made:
        go = _go.find_go()
        for program, package in pin.packages.items():
            _go.build(go, pin, package, Path(made) / program, lambda *_: None, static=True)
            files[f"{stem}.data/scripts/{program}"] = (Path(made) / program).read_bytes()
        for path, content in _licences(go, pin):
            files[f"{info}/licenses/{path}"] = content
    files[f"{info}/METADATA"] = (
        f"Metadata-Version: 2.4\nName: {name.replace('_', '-')}\nVersion: {pin.version}\n"
        f"Summary: {', '.join(pin.packages)} {pin.version}, as botobs runs it\nLicense-Expression: {pin.licence}\n"
    ).encode()
    files[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: botobs\nRoot-Is-Purelib: false\n{_tag_lines(tag)}".encode()
    )
    _write(target, files, info)
    return target


def _tag_lines(tag: str) -> str:
    prefix, _, platforms = tag.rpartition("-")
    return "".join(f"Tag: {prefix}-{each}\n" for each in platforms.split("."))


def _licences(go: Path, pin: Pin) -> Iterator[tuple[str, bytes]]:
    """The licences of every module that is linked into the programs."""
    tags = ["-tags", ",".join(pin.tags)] if pin.tags else []
    query = ["-deps", *tags, "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}"]
    listed = subprocess.run(
        [str(go), "list", *query, *pin.packages.values()],
        cwd=pin.source, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for line in sorted(set(filter(None, listed.stdout.splitlines()))):
        module, _, directory = line.partition("\t")
        for pattern in _LICENCES:
            for file in sorted(Path(directory).glob(pattern)):
                if file.is_file():
                    yield f"{module}/{file.name}", file.read_bytes()


def _write(target: Path, files: dict[str, bytes], info: str) -> None:
    record = "".join(f"{path},{_digest(content)},{len(content)}\n" for path, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | (0o755 if "/scripts/" in path else 0o644)) << 16
            wheel.writestr(entry, content)


def _digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    sys.exit(main())
