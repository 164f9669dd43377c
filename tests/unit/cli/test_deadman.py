"""`botobs deadman` as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from botobs._ops.cli import main
from botobs._ops.components.ports import free_ports
from botobs._ops.drills.sinks import Inbox, MailSink
from tests.support.waiting import eventually


def test_it_mails_when_the_watchdog_falls_silent(tmp_path: Path) -> None:
    inbox = Inbox()
    secret = tmp_path / "path"
    secret.write_text("only-alertmanager-knows\n")
    [port] = free_ports(1)
    with MailSink(inbox) as mail:
        command = [
            sys.executable, "-m", "botobs", "deadman", "--listen", f"127.0.0.1:{port}", "--path-file", str(secret),
            "--silence", "1", "--to", "oncall@localhost", "--smtp", f"127.0.0.1:{mail.port}", "--no-starttls",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:

            def reported(word: str) -> bool:
                return any(
                    message.subject.startswith(f"[{word}] WatchdogSilent: botobs")
                    for message in inbox.since()
                )

            def heard() -> bool:
                httpx.post(f"http://127.0.0.1:{port}/only-alertmanager-knows", json={}, trust_env=False)
                return reported("RESOLVED")

            assert eventually(lambda: reported("CRITICAL"))
            assert eventually(heard)
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0


@pytest.mark.parametrize("listen", ["9099", "localhost:", "localhost:99999"])
def test_an_address_that_is_none(tmp_path: Path, listen: str, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "path"
    secret.write_text("x")
    assert main(["deadman", "--path-file", str(secret), "--to", "me", "--listen", listen]) == 2
    assert "--listen" in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deadman", "--path-file", str(tmp_path / "none"), "--to", "me"]) == 1
    assert "cannot be read" in capsys.readouterr().err
