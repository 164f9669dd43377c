"""The systemd unit and the launchd property list of a stack.

https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html, launchd.plist(5)
"""

from __future__ import annotations

import os
import plistlib
import pwd
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StackError
from ..settings import channels

#: Where a system's service keeps its data and its cache.
STATE, CACHE = Path("/var/lib"), Path("/var/cache")
#: Folder of the credentials: mail password, addresses and keys of channels.
SECRETS = Path("/etc/botobs")


@dataclass(frozen=True)
class Service:
    """How a stack is run as a service.

    Attributes:
        name: Of the unit, without suffix.
        command: What runs `botobs`.
        home: Of the stack.
        arguments: Of `botobs up`, after `--home`.
        user: Whose service of the system it is; empty for one of the user who installs it.
        cache: Parent of the folder of built programs.
    """

    name: str
    command: Sequence[str]
    home: Path
    arguments: Sequence[str]
    user: str
    cache: Path

    @property
    def words(self) -> list[str]:
        """The command line that runs the stack, and goes on while a part of it is not well."""
        return [*self.command, "up", "--keep-going", "--home", str(self.home), *self.arguments]


def systemd(service: Service) -> str:
    """The systemd unit as text."""
    lines = [
        "# Written by `botobs install`.",
        "[Unit]",
        "Description=botobs: collector, Prometheus, Tempo, Alertmanager",
        "After=network-online.target",
        "Wants=network-online.target",
        # It is restarted for ever: monitoring must not give up.
        "StartLimitIntervalSec=0",
        "",
        "[Service]",
        # The service is ready when the supervisor says so, not when its process exists.
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(map(_quoted, service.words))}",
        "Restart=always",
        "RestartSec=5s",
        # A supervisor whose loop stands still is replaced; what it runs is ended with it.
        "WatchdogSec=60s",
        # Stores may have much to read after a loss of power.
        "TimeoutStartSec=infinity",
        "TimeoutStopSec=120s",
        # It stops its programs in order; what is left after that is killed.
        "KillMode=mixed",
        # Where memory runs out, what is watched outlives who watches it. A part that was ended so is started again by
        # the supervisor, and no reason to end the others.
        "OOMScoreAdjust=500",
        "OOMPolicy=continue",
        f"Environment={_literal(f'XDG_CACHE_HOME={service.cache}')}",
        "LimitNOFILE=65536",
        "UMask=0077",
        "",
        *(_of_system(service) if service.user else []),
        *_HARDENING,
        "",
        "[Install]",
        f"WantedBy={'multi-user.target' if service.user else 'default.target'}",
    ]
    return "\n".join(lines) + "\n"


#: What no program of the stack needs. They read /proc and the disks' sizes, because they report the machine's.
_HARDENING = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RestrictNamespaces=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
)


def _of_system(service: Service) -> list[str]:
    if folders := state_folder(service):
        where = [f"StateDirectory={folders[0].name}", "StateDirectoryMode=0700"]
    else:
        where = [f"ReadWritePaths={_literal(str(service.home))}"]
    # The program, or the stack's home, may be in a user's home folder.
    in_homes = _below_homes(Path(service.command[0])) or _below_homes(service.home)
    homes = "read-only" if in_homes else "yes"
    return [
        f"User={service.user}",
        *where,
        "CacheDirectory=botobs",
        "CacheDirectoryMode=0700",
        # A file that is missing is no error: what it holds may not be needed.
        *(
            f"LoadCredential={name}:{SECRETS / name}"
            for name in channels.SECRETS
            if (SECRETS / name).exists()
        ),
        "ProtectSystem=strict",
        f"ProtectHome={homes}",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "CapabilityBoundingSet=",
        "AmbientCapabilities=",
        "RemoveIPC=yes",
    ]


def state_folder(service: Service) -> list[Path]:
    """The folder that systemd makes for the home and what is put beside it: backups, and what a restore moves aside.

    Empty where the home is elsewhere, and where that folder is another program's: systemd would give it away.
    """
    below = service.home.relative_to(STATE).parts if service.home.is_relative_to(STATE) else ()
    folder = STATE.joinpath(*below[:1])
    return [folder] if below and _is_ours(folder, service) else []


def _is_ours(folder: Path, service: Service) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return True
    try:
        owned = status.st_uid == pwd.getpwnam(service.user).pw_uid
    except KeyError:
        return False
    return owned and (folder.name == service.name or stat.S_IMODE(status.st_mode) == 0o700)


def _below_homes(path: Path) -> bool:
    return any(path.is_relative_to(each) for each in ("/home", "/root", "/run/user"))


def _quoted(word: str) -> str:
    """A word of a command line, where a variable begins with `$`."""
    return _literal(word.replace("$", "$$"))


def _literal(word: str) -> str:
    """A word of a unit: `%` begins something, and quotes hold a space."""
    if re.search(r"[\x00-\x1f\x7f]", word):
        raise StackError(f"{word!r} cannot stand in a unit of systemd")
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return escaped if re.fullmatch(r"[\w@%+=:,./$-]+", word) else f'"{escaped}"'


def launchd(service: Service) -> bytes:
    """The launchd property list as XML."""
    log = str(service.home / "logs" / "up.log")
    content: dict[str, object] = {
        "Label": f"dev.{service.name}",
        "ProgramArguments": service.words,
        "EnvironmentVariables": {
            "XDG_CACHE_HOME": str(service.cache),
            "PATH": os.environ.get("PATH", os.defpath),
        },
        "RunAtLoad": True,
        "KeepAlive": True,
        "ThrottleInterval": 5,
        "ExitTimeOut": 120,
        # As "Background", macOS would slow the processor and the disk down for it, and alerts with them.
        "ProcessType": "Interactive",
        "Umask": 0o077,
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "SoftResourceLimits": {"NumberOfFiles": 65536},
    }
    if service.user:
        content["UserName"] = service.user
    return plistlib.dumps(content)
