"""The one layer of a stand-in image: an archive of files for everybody to read and run."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

#: Where every stand-in has its busybox.
BUSYBOX = "/stand-in/busybox"


class Layer:
    """Files of an image, in an archive that is being written.

    Args:
        archive: Open for writing.
    """

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._folders = {PurePosixPath("/")}

    def add(self, source: Path, path: str) -> None:
        """Add a file, or all below a folder."""
        self.folder(str(PurePosixPath(path).parent))
        self._archive.add(source.resolve(), path.lstrip("/"), filter=_for_everybody)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self.folder(str(PurePosixPath(path).parent))
        info = tarfile.TarInfo(path.lstrip("/"))
        info.type, info.linkname = tarfile.SYMTYPE, target
        self._archive.addfile(info)

    def folder(self, path: str) -> None:
        """Add a folder and those above it: the engine closes those that an archive only implies."""
        folder = PurePosixPath(path)
        if folder in self._folders:
            return
        self.folder(str(folder.parent))
        self._folders.add(folder)
        info = tarfile.TarInfo(path.lstrip("/"))
        info.type, info.mode = tarfile.DIRTYPE, 0o755
        self._archive.addfile(info)

    def busybox(self, applets: Iterable[str] = ()) -> None:
        """Add busybox, which answers to other names at the paths of its applets."""
        busybox = shutil.which("busybox")
        assert busybox is not None, "the engine's packages bring it"
        self.add(Path(busybox), BUSYBOX)
        for path in applets:
            self.link(path, BUSYBOX)

    def libraries(self, programs: Iterable[Path], own: Path | None = None) -> None:
        """Add the loader and the shared libraries of some programs at the paths that they have here.

        Args:
            programs: Programs and libraries.
            own: A folder whose libraries are added with it.
        """
        listed = subprocess.run(
            ["ldd", *map(str, programs)], capture_output=True, text=True, check=False
        ).stdout
        words = {word for line in listed.splitlines() for word in line.split()}
        # `name => /path (address)`; with several programs, each one's path comes before its list, and a colon after it.
        for word in sorted(word for word in words if word.startswith("/") and not word.endswith(":")):
            if own is None or not Path(word).is_relative_to(own):
                self.add(Path(word), word)


def _for_everybody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid, info.gid, info.uname, info.gname = 0, 0, "", ""
    info.mode |= 0o755 if info.isdir() or info.mode & 0o100 else 0o644
    return info
