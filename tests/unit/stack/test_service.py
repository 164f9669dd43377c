"""The stack as a service: the unit is what systemd takes, and the supervisor says what systemd wants to hear."""

from __future__ import annotations

import asyncio
import configparser
import dataclasses
import json
import os
import plistlib
import pwd
import re
import shlex
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.access import certificates, secrets
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.processes import systemd
from botobs._ops.processes.process import Process, State
from botobs._ops.processes.supervisor import Supervisor
from botobs._ops.service import unit, verify
from botobs._ops.settings import channels
from botobs._ops.stack.upkeep import Upkeep

#: A service of the system, with words that a unit would read otherwise.
ODD = unit.Service(
    "botobs",
    ["/bin/true", "-m", "botobs"],
    Path("/srv/bot obs$1 100%"),
    ["--with", "mimir"],
    "botobs",
    Path("/var/cache"),
)  # fmt: skip


def _sections(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_the_unit_says_what_it_must() -> None:
    service = _sections(unit.systemd(ODD))["Service"]
    assert service["User"] == "botobs"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == '"/srv/bot obs$1 100%%"'
    assert service["CapabilityBoundingSet"] == ""
    assert service["Type"] == "notify" and service["Restart"] == "always"
    # A part for which memory was not enough goes before what it watches, and takes no other with it.
    assert int(service["OOMScoreAdjust"]) > 0 and service["OOMPolicy"] == "continue"
    assert service["ExecStart"] == (
        '/bin/true -m botobs up --keep-going --home "/srv/bot obs$$1 100%%" --with mimir'
    )


def test_no_folder_of_another_program_is_given_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit, "STATE", tmp_path)
    others = tmp_path / "postgresql"
    others.mkdir(mode=0o755)
    service = dataclasses.replace(ODD, home=others / "botobs", user=pwd.getpwuid(os.geteuid()).pw_name)
    assert unit.state_folder(service) == []
    assert _sections(unit.systemd(service))["Service"]["ReadWritePaths"] == str(others / "botobs")
    ours = dataclasses.replace(service, home=tmp_path / "botobs" / "home")
    assert unit.state_folder(ours) == [tmp_path / "botobs"]
    (tmp_path / "botobs").mkdir(mode=0o755)
    assert unit.state_folder(ours) == [tmp_path / "botobs"]
    nobody = dataclasses.replace(ours, user="nobody-of-this-name")
    assert unit.state_folder(nobody) == []
    assert unit.state_folder(dataclasses.replace(service, home=tmp_path)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a service of the system is root's to install")
@pytest.mark.parametrize("home", ["/", "/etc", "/var/lib", "/srv/a$b", "/srv/a*"])
def test_no_folder_of_the_system_is_made_a_home(
    tmp_path: Path, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "botobs.service"
    assert main(["install", "--user", "daemon", "--home", home, "--output", str(file)]) == 1
    assert not file.exists() and "chown" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ("/tmp/x", "is below /tmp, which the unit hides"),
        ("/dev/shm/x", "is below /dev, which the unit hides"),
        ("/srv/it's", "install -d -m 0700 -o daemon '/srv/it'\"'\"'s'"),
    ],
)
def test_a_home_that_the_unit_cannot_use_is_told(home: str, said: str) -> None:
    service = dataclasses.replace(ODD, home=Path(home), user="daemon")
    assert any(said in each for each in verify.problems(service))


def test_of_a_user_it_names_no_user() -> None:
    own = unit.Service("botobs", ["/bin/true"], Path("/x"), [], "", Path("/y"))
    service = _sections(unit.systemd(own))["Service"]
    assert "User" not in service and "StateDirectory" not in service
    assert service["NoNewPrivileges"] == "yes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="a machine without systemd")
def test_systemd_takes_it_and_finds_it_confined(tmp_path: Path) -> None:
    good = unit.Service("botobs", ["/bin/true"], unit.STATE / "botobs", [], "root", Path("/var/cache"))
    file = tmp_path / "botobs.service"
    file.write_text(unit.systemd(good))
    assert verify.by_manager(file, "systemd", of_user=False) is None
    # Seen to fail: what systemd does not know, it says.
    file.write_text(unit.systemd(good).replace("Restart=always", "Restart=sometimes"))
    assert "sometimes" in str(verify.by_manager(file, "systemd", of_user=False))
    file.write_text(unit.systemd(good))
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert rated.returncode == 0, rated.stdout[-2000:] + rated.stderr


#: The keys that are used and what they take, from launchd.plist(5).
_LAUNCHD: dict[str, Callable[[Any], bool]] = {
    "Label": lambda value: isinstance(value, str) and re.fullmatch(r"[\w.-]+", value) is not None,
    "ProgramArguments": lambda value: (
        all(isinstance(each, str) for each in value) and value[0].startswith("/")
    ),
    "EnvironmentVariables": lambda value: all(
        isinstance(each, str) for pair in value.items() for each in pair
    ),
    "RunAtLoad": lambda value: isinstance(value, bool),
    "KeepAlive": lambda value: isinstance(value, bool | dict),
    "ThrottleInterval": lambda value: type(value) is int and value >= 0,
    "ExitTimeOut": lambda value: type(value) is int and value > 0,
    "ProcessType": lambda value: value in {"Background", "Standard", "Adaptive", "Interactive"},
    "Umask": lambda value: type(value) is int,
    "StandardOutPath": lambda value: value.startswith("/"),
    "StandardErrorPath": lambda value: value.startswith("/"),
    "SoftResourceLimits": lambda value: type(value["NumberOfFiles"]) is int and len(value) == 1,
    "UserName": lambda value: isinstance(value, str),
}


def test_a_manager_that_cannot_look_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-analyze"
    program.touch(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for script, said in (("echo no session >&2; exit 1", "no session"), ("exit 3", "ended with exit code 3")):
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        assert said in str(verify.by_manager(tmp_path / "b.service", "systemd", of_user=True))


def test_the_property_list_is_one_that_launchd_knows() -> None:
    content = plistlib.loads(unit.launchd(ODD))
    assert [key for key, value in content.items() if not _LAUNCHD[key](value)] == []
    assert content["ProgramArguments"] == ODD.words
    assert content["KeepAlive"] is True and content["UserName"] == "botobs"


def test_what_is_in_the_way_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = unit.Service("b", [str(tmp_path / "none")], tmp_path / "home", [], "no-such-user", tmp_path)
    found = list(verify.problems(nobody))
    assert found[0].endswith("none cannot be run")
    assert "useradd --system" in found[1]
    assert main(["install", "--output", "-", "--home", str(tmp_path / "h"), "--kind", "systemd"]) == 0
    assert f"--home {tmp_path / 'h'}" in capsys.readouterr().out
    assert not (tmp_path / "h").exists()


def test_the_next_steps_work_before_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(verify, "by_manager", lambda *_, **__: None)
    words = ["--kind", "systemd", "--name", "metrics", "--user", "daemon", "--output", str(tmp_path / "unit")]
    main(["install", *words, "--json"])
    folders, build, *_, start = json.loads(capsys.readouterr().out)["next"]
    assert folders == "install -d -m 0700 -o daemon /var/cache/botobs /var/lib/metrics"
    assert build.startswith("sudo -H -u daemon env XDG_CACHE_HOME=/var/cache ") and build.endswith(" build")
    assert start == "systemctl enable --now metrics"


def test_launchd_finds_the_folder_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It starts nothing whose log it cannot open."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(verify, "by_manager", lambda *_, **__: None)
    home, file = tmp_path / "bot obs", tmp_path / "dev botobs.plist"
    words = ["--kind", "launchd", "--home", str(home), "--output", str(file)]
    assert main(["install", *words, "--json"]) == 0
    folders, start = json.loads(capsys.readouterr().out)["next"]
    subprocess.run(["sh", "-c", folders], check=True)
    log = Path(plistlib.loads(file.read_bytes())["StandardOutPath"])
    assert log.parent.is_dir() and stat.S_IMODE(home.stat().st_mode) == 0o700
    assert shlex.split(start)[-1] == str(file)


def test_what_the_unit_would_hide_is_told_or_shown() -> None:
    hidden = unit.Service("b", ["/tmp/venv/bin/python"], Path("/srv/b"), [], "daemon", Path("/var/cache"))
    assert any("/tmp, which the unit hides" in each for each in verify.problems(hidden))
    at_home = unit.Service("b", ["/bin/true"], Path("/home/b/botobs"), [], "daemon", Path("/var/cache"))
    service = _sections(unit.systemd(at_home))["Service"]
    assert (service["ProtectHome"], service["ReadWritePaths"]) == ("read-only", "/home/b/botobs")


def test_systemd_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        assert systemd.notify("READY=1", {"NOTIFY_SOCKET": path})
        assert listener.recv(100) == b"READY=1"
        environ = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "30000", "WATCHDOG_PID": str(os.getpid())}

        async def beat() -> None:
            task = asyncio.create_task(systemd.keep_alive(environ))
            for _ in range(3):
                assert await asyncio.to_thread(listener.recv, 100) == b"WATCHDOG=1"
            task.cancel()

        asyncio.run(beat())
    assert not systemd.notify("READY=1", {})
    asyncio.run(systemd.keep_alive({}))


def test_credentials_come_where_the_stack_reads_them(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "smtp.password").write_text("hush\n")
    systemd.take_credentials(
        tmp_path / "secrets", channels.SECRETS, {"CREDENTIALS_DIRECTORY": str(tmp_path / "given")}
    )
    file = tmp_path / "secrets" / "alertmanager" / "smtp.password"
    assert file.read_text() == "hush"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    systemd.take_credentials(tmp_path / "none", channels.SECRETS, {})
    assert not (tmp_path / "none").exists()


@pytest.mark.asyncio
async def test_certificates_are_renewed_and_what_has_read_them_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ready() -> bool:
        return True

    secrets.ensure(tmp_path / "secrets")
    names = ["a", "b", "theirs"]
    supervisor = Supervisor([Process(name, ["/bin/sleep", "600"], ready) for name in names], tmp_path)
    await supervisor.start()
    written = []
    upkeep = Upkeep(tmp_path / "secrets", supervisor, lambda: ["a", "b"], lambda: written.append(1))
    pids = {name: supervisor.status[name].pid for name in names}
    assert await upkeep.look() is False
    before = (tmp_path / "secrets" / "ca.pem").read_bytes()
    monkeypatch.setattr(certificates, "RENEW_DAYS", certificates.LEAF_DAYS + 1)
    assert await upkeep.look() is True
    after = {name: supervisor.status[name].pid for name in names}
    assert after["theirs"] == pids["theirs"]
    assert after["a"] != pids["a"] and after["b"] != pids["b"]
    assert all(status.state is State.READY for status in supervisor.status.values())
    assert written == [1]
    # Nobody has to trust another authority.
    assert (tmp_path / "secrets" / "ca.pem").read_bytes() == before
    # A home that was moved while its stack runs has nothing here any more, and nothing new is made in its place.
    (tmp_path / "secrets").rename(tmp_path / "moved")
    with pytest.raises(StackError, match="is gone"):
        await upkeep.look()
    assert not (tmp_path / "secrets").exists()
    await supervisor.stop()


@pytest.mark.parametrize(
    ("groups", "unit"),
    [
        (["0::/system.slice/botobs.service"], systemd.Unit("botobs", "sudo systemctl")),
        (["12:pids:/x", "1:name=systemd:/system.slice/a.b.service/x"], systemd.Unit("a.b", "sudo systemctl")),
        (
            ["0::/user.slice/user-7.slice/user@7.service/app.slice/botobs.service"],
            systemd.Unit("botobs", "systemctl --user"),
        ),
        (["0::/user.slice/user-7.slice/session-1.scope"], None),
        ([], None),
    ],
)
def test_the_unit_of_a_process(
    groups: list[str], unit: systemd.Unit | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 7)
    assert systemd.unit_in(groups) == unit


def test_root_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert systemd.unit_in(["0::/system.slice/a.service"]) == systemd.Unit("a", "systemctl")


def test_what_systemd_has_not_started_is_of_no_unit() -> None:
    assert systemd.unit_of(os.getpid()) is None
    assert systemd.unit_of(2**22 + 1) is None
