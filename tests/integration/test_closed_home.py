"""PostgreSQL starts although nobody else may pass through the folder of its programs and data."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from botobs._ops.access import secrets
from botobs._ops.components import postgres
from botobs._ops.components.ports import free_ports
from botobs._ops.home.home import Home
from botobs._ops.processes.process import State
from botobs._ops.processes.supervisor import Supervisor


@pytest.mark.asyncio
async def test_the_server_starts_in_a_closed_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = postgres.find_programs().parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres, "find_programs", lambda _: tmp_path / package.name / "pginstall" / "bin")
    home = Home(tmp_path / "home")
    home.create()
    secrets.ensure(home.secrets)
    server = postgres.Server.prepare(home.data / "postgres", free_ports(1)[0], home.secrets)
    supervisor = Supervisor([server.process()], home.logs)
    try:
        await supervisor.start()
        assert supervisor.status["postgres"].state is State.READY
    finally:
        await supervisor.stop()
        for used in (server.programs.parents[2], server.data.parent):
            # Where we are root, both were put outside of the closed folder.
            if not used.is_relative_to(tmp_path):
                shutil.rmtree(used)
