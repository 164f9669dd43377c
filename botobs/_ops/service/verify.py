"""Looks whether a service would start: by what the machine has, and by the service manager's own word."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from .unit import STATE, Service, state_folder

#: Folders that are private to the service, and empty at first (`PrivateTmp`, `PrivateDevices`).
HIDDEN = (Path("/tmp"), Path("/var/tmp"), Path("/dev"))
#: The service manager's own checks: the words before the file.
#: Small servers have no manual pages, of which it would speak too.
_SYSTEMD, _LAUNCHD = ("systemd-analyze", "verify", "--man=no"), ("plutil", "-lint")


def problems(service: Service) -> Iterator[str]:
    """What keeps a service from starting on this machine, a sentence each."""
    program = Path(service.command[0])
    if not os.access(program, os.X_OK):
        yield f"{program} cannot be run"
    if not service.user:
        return
    try:
        account = pwd.getpwnam(service.user)
    except KeyError:
        yield f"there is no user {service.user}: useradd --system --home-dir {STATE / service.user} {service.user}"
        return
    if account.pw_uid == 0:
        yield "root must not run the stack: name another user with --user"
    if any(program.is_relative_to(each) for each in HIDDEN):
        yield f"{program} is below {program.parents[-2]}, which the unit hides: install botobs below /opt"
    # The user that runs it needs access to it.
    for folder in program.parents:
        if not _may_pass(folder, account):
            yield f"{service.user} cannot enter {folder}, where {program.name} is: install botobs below /opt"
            break
    yield from _about_home(service, account)


def _about_home(service: Service, account: pwd.struct_passwd) -> Iterator[str]:
    home = service.home
    if hidden := [str(each) for each in HIDDEN if home.is_relative_to(each)]:
        yield f"the home {home} is below {hidden[0]}, which the unit hides: name another with --home"
        return
    above = [folder for folder in home.parents if folder.exists()]
    if not state_folder(service) and not all(_may_pass(folder, account) for folder in above):
        yield f"{service.user} cannot enter {above[0]}, where its home is: name another with --home"
        return
    quoted = shlex.quote(str(home))
    if home.exists() and home.stat().st_uid != account.pw_uid:
        yield f"{home} is not {service.user}'s: chown -R {service.user}: {quoted}"
    if not home.exists() and not state_folder(service):
        yield f"{home} is missing: install -d -m 0700 -o {service.user} {quoted}"


def _may_pass(folder: Path, account: pwd.struct_passwd) -> bool:
    status = folder.stat()
    if status.st_uid == account.pw_uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.pw_gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def by_manager(file: Path, kind: str, of_user: bool) -> str | None:
    """What the service manager says against a file; None where it has nothing to say or is not there."""
    words: Sequence[str] = _SYSTEMD if kind == "systemd" else _LAUNCHD
    if shutil.which(words[0]) is None:
        return None
    if kind == "systemd" and of_user:
        words = (*words, "--user")
    # It speaks of every unit that this one leads to; only what names it is meant.
    done = subprocess.run([*words, str(file)], capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if file.name in line]
    wrong = [line for line in said if "OK" not in line]
    if done.returncode and not wrong:
        # It could not look at all: without a session of the user, say.
        return done.stderr.strip() or f"{words[0]} ended with exit code {done.returncode}"
    return "\n".join(wrong) if wrong else None
