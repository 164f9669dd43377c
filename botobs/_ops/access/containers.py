"""Copies of secrets for the containers of docker compose, which run as other users.

The folder of the copies is closed, so on the host only its owner reaches them. What a container is given of it is
mounted there, and can be read by whoever runs in it, the shifted users of rootless engines too. The secrets themselves
stay closed to all but their owner.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from ..errors import StackError
from ..home import assets
from ..home.home import Home
from ..home.private import make_folder

#: Folders that are given as a whole: they hold what has been set up, of alert receivers and of single sign-on.
_FOLDERS = ("alertmanager", "oidc")
#: What the collector is given of the host's /proc.
_PROC = (
    *("1/mountinfo", "net/dev", "cpuinfo", "diskstats", "filesystems", "loadavg"),
    *("meminfo", "stat", "uptime"),
)
#: The kernel's word on whether SELinux is enforced; missing where there is none.
_ENFORCED = Path("/sys/fs/selinux/enforce")
#: The type of what a container may read.
LABEL = "container_file_t"


def hand_out(home: Home) -> None:
    """Copy what docker-compose.yml names as a secret."""
    copies = home.containers / "secrets"
    given = [copies / name for name in _FOLDERS]
    for folder in (home.containers, copies, *given):
        make_folder(folder)
    home.containers.chmod(0o700)
    for folder in (copies, *given):
        folder.chmod(0o755)
    compose = yaml.safe_load((assets.root() / "docker-compose.yml").read_text(encoding="utf-8"))
    for name in compose["secrets"]:
        _copy(home.secrets / name, copies / name)
    for folder in given:
        _mirror(home.secrets / folder.name, folder)
    make_places(home)


def make_places(home: Home) -> None:
    """Make the empty files over which the host's are mounted: a folder that is read only gets none from an engine."""
    for name in _PROC:
        place = home.containers / "proc" / name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    open_to_containers(home.containers / "proc")
    (home.containers / "proc").chmod(0o755)


def hand_out_client_ca(home: Home, authority: str | None) -> None:
    """Copy the authority of services' certificates, where services show any; its folder is there in any case.

    Raises:
        StackError: There is no such file.
    """
    folder = home.containers / "clients"
    make_folder(folder)
    folder.chmod(0o755)
    copy = folder / "ca.pem"
    if authority is None:
        copy.unlink(missing_ok=True)
        return
    try:
        _copy(Path(authority), copy)
    except OSError as error:
        raise StackError(f"BOTOBS_OTLP_CLIENT_CA={authority} cannot be read: {error.strerror}") from None


def refresh(home: Home) -> None:
    """Copy again after a change; nothing where `botobs compose` has prepared none."""
    if home.containers.is_dir():
        hand_out(home)


def open_to_containers(folder: Path) -> None:
    """Let every user read what is below `folder`, which itself stays closed."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def closed_by_labels(home: Home) -> list[Path]:
    """What SELinux keeps from containers, where it is enforced: folders without the label that new files inherit."""
    try:
        if _ENFORCED.read_text(encoding="ascii").strip() != "1":
            return []
    except OSError:
        return []
    return [folder for folder in (home.config, home.containers) if f":{LABEL}:" not in _label(folder)]


def _label(path: Path) -> str:
    try:
        return os.getxattr(path, "security.selinux").decode("ascii", "replace")
    except OSError:
        return ""


def _mirror(source: Path, target: Path) -> None:
    kept = {file.name for file in source.iterdir() if file.is_file()} if source.is_dir() else set()
    for file in target.iterdir():
        if file.name not in kept:
            file.unlink()
    for name in kept:
        _copy(source / name, target / name)


def _copy(source: Path, target: Path) -> None:
    """Write into the file that is there: a container has that very file, and would not see another of its name."""
    content = source.read_bytes()
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        os.fchmod(file.fileno(), 0o644)
        if file.read() != content:
            file.seek(0)
            file.write(content)
            file.truncate()
