"""docs/how-to/production.md under a real systemd: started, killed, hung, a year later, and without power."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.systemd import Machine, machine
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("debootstrap"), reason="needs root and debootstrap"
    ),
]
HOME = "/var/lib/botobs/home"
#: What a year without a start leaves behind: certificates that have ended.
LONG_AGO = f"""
import datetime, pathlib, types
from botobs._ops.access import certificates

class Past(datetime.datetime):
    @classmethod
    def now(cls, zone=None):
        return super().now(zone) - datetime.timedelta(days=400)

certificates.datetime = types.SimpleNamespace(**{{**vars(datetime), "datetime": Past}})
certificates.renew(pathlib.Path("{HOME}/secrets"))
"""
#: What an older botobs leaves behind, and the line for `visudo`.
OLDER = f"""
import json, pathlib
file = pathlib.Path("{HOME}/versions.json")
file.write_text(json.dumps(json.loads(file.read_text()) | {{"botobs": "0.0.1"}}))
"""
MAY_RESTART = "echo 'botobs ALL=(root) NOPASSWD: /usr/bin/systemctl restart botobs' > /etc/sudoers.d/botobs"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine on which somebody has done what the page says."""
    with machine(tmp_path_factory.mktemp("systemd")) as made:
        made.done("useradd", "--system", "--home-dir", "/var/lib/botobs", "botobs")
        # The programs stand there already, as if this user had built them.
        made.done("chown", "-R", "botobs:", "/var/cache/botobs")
        said = made.done(f"{made.python}/bin/botobs", "install", "--ports", "auto")
        for step in (line for line in said.splitlines() if line.startswith("  ")):
            made.done("sh", "-c", step)
        yield made


def _botobs(server: Machine, *words: str) -> tuple[int, str]:
    """A command as the page has it, of the service's user."""
    variables = (f"BOTOBS_HOME={HOME}", "XDG_CACHE_HOME=/var/cache")
    done = server.run("sudo", "-u", "botobs", *variables, f"{server.python}/bin/botobs", *words)
    return done.returncode, done.stdout + done.stderr


def _shown(server: Machine, name: str) -> str:
    return server.done("systemctl", "show", "--value", "-p", name, "botobs").strip()


def _main(server: Machine) -> psutil.Process:
    (found,) = server.processes("botobs up --keep-going")
    return found


def _is_well(server: Machine) -> bool:
    state, (code, said) = _shown(server, "ActiveState"), _botobs(server, "status")
    assert (state, code) == ("active", 0), said
    return True


def test_it_runs_confined(server: Machine) -> None:
    assert _is_well(server)
    assert _main(server).username() != "root"
    rating = server.done("systemd-analyze", "security", "--no-pager", "--threshold=25", "botobs.service")
    assert "Overall exposure level for botobs.service" in rating


def test_nothing_is_stopped_that_would_be_started_again(server: Machine) -> None:
    before = _main(server).pid
    code, said = _botobs(server, "down")
    assert (code, "Stop it with: sudo systemctl stop botobs" in said) == (1, True), said
    root = server.run(f"{server.python}/bin/botobs", "down", "--home", HOME)
    assert root.returncode == 1 and "sudo -u botobs" in root.stderr
    assert _main(server).pid == before


def test_a_part_that_is_killed_is_its_supervisors_matter(server: Machine) -> None:
    (part,) = server.processes("/prometheus --config.file")
    # Also by the kernel, where memory is not enough: a part before what is watched, and no other with it.
    assert Path(f"/proc/{part.pid}/oom_score_adj").read_text().strip() == "500"
    assert _shown(server, "OOMPolicy") == "continue"
    part.kill()
    assert eventually(lambda: ", 1 restart" in _botobs(server, "status")[1] and _is_well(server), within=300)
    assert _shown(server, "NRestarts") == "0"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_supervisor_that_is_gone_or_hangs_is_replaced(server: Machine, how: signal.Signals) -> None:
    before, restarts = _main(server), int(_shown(server, "NRestarts"))
    before.send_signal(how)
    # A hung one has a minute (`WatchdogSec`).
    assert eventually(lambda: int(_shown(server, "NRestarts")) == restarts + 1, within=600)
    assert eventually(lambda: _is_well(server), within=300)
    assert len(server.processes("/prometheus --config.file")) == 1


def test_certificates_that_have_ended_meanwhile_are_renewed(server: Machine) -> None:
    server.done("systemctl", "stop", "botobs")
    assert not server.processes(HOME)
    server.done("sudo", "-u", "botobs", f"{server.python}/bin/python", "-c", LONG_AGO)
    assert "-36 days left" in _botobs(server, "certs")[1]
    server.done("systemctl", "start", "botobs")
    assert "364 days left" in _botobs(server, "certs")[1]
    assert _is_well(server)


def test_an_upgrade_has_systemd_restart_it(server: Machine) -> None:
    server.done("sudo", "-u", "botobs", f"{server.python}/bin/python", "-c", OLDER)
    before = _main(server).pid
    code, said = _botobs(server, "upgrade")
    assert (code, "--restart 'sudo systemctl restart botobs'" in said) == (1, True), said
    code, said = _botobs(server, "upgrade", "--restart", "systemctl --no-ask-password restart botobs")
    assert (code, "the stack runs on as it was" in said) == (1, True), said
    assert _main(server).pid == before
    server.done("sh", "-c", MAY_RESTART)
    code, said = _botobs(server, "upgrade", "--restart", "sudo systemctl restart botobs")
    assert (code, "runs with botobs" in said) == (0, True), said
    assert _main(server).pid != before
    assert _is_well(server)
    assert server.done("sh", "-c", f"ls -d {HOME}.before-*/manifest.json")


@pytest.mark.parametrize("how", ["in order", "without power"])
def test_it_comes_back_with_the_machine(server: Machine, how: str) -> None:
    if how == "in order":
        server.switch_off()
    else:
        server.cut_power()
    server.start()
    assert eventually(lambda: _is_well(server), within=300)
    assert eventually(lambda: _botobs(server, "query", "count(up)")[0] == 0, within=60)
