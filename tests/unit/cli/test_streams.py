"""Commands whose streams are full, closed or of no width, and that are interrupted before they have begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from botobs._ops.access import secrets
from botobs._ops.home.home import Home

pytestmark = pytest.mark.slow

PROGRAM = str(Path(sys.executable).with_name("botobs"))
#: A backup that can be interrupted in the middle.
_BACKUP = Path(__file__).parent / "programs" / "interrupted_backup.py"
#: Stands in for what the command imports: says that the import has begun, and takes its time.
_SLOW = "import os\nos.write(1, b'begun')\nos.read(0, 1)\n"


def _typed(words: str, tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'"$0" {words}', PROGRAM],
        env={**os.environ, "BOTOBS_HOME": str(tmp_path / "none"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("certs --json >/dev/full", 1, "no stack has been set up"),
        ("settings --json >/dev/full", 1, "No space left on device\nMake room"),
        ("settings --json >&-", 0, ""),
        ("settings >&- 2>&-", 0, ""),
        ("instrument >&-", 0, ""),
        ("install --output - >&-", 0, ""),
        ("instrument <&- >&- 2>&-", 0, ""),
        ("certs 2>/dev/full", 1, ""),
    ],
)
def test_a_stream_that_takes_nothing(words: str, code: int, said: str, tmp_path: Path) -> None:
    done = _typed(words, tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert said in done.stderr


@pytest.mark.parametrize(
    ("encoding", "written"), [("ascii", "caf\\xe9 \\u20ac"), ("latin-1", "caf\xe9 \\u20ac")]
)
def test_an_encoding_that_lacks_a_character(encoding: str, written: str, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "botobs.toml").write_text(
        '[stack]\nenvironment = "caf\xe9 \u20ac"\n', encoding="utf-8"
    )
    done = subprocess.run(
        [PROGRAM, "settings", "--set"],
        env={**os.environ, "BOTOBS_HOME": str(tmp_path / "none"), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert f"BOTOBS_ENVIRONMENT  {written}".encode(encoding) in done.stdout


@pytest.mark.parametrize("columns", ["0", "1", "-5", "wide", "999999999"])
def test_an_odd_width_hides_nothing(columns: str, tmp_path: Path) -> None:
    done = _typed("settings alert_receiver", tmp_path, COLUMNS=columns)
    assert done.returncode == 0
    assert "BOTOBS_ALERT_RECEIVER" in done.stdout


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
@pytest.mark.parametrize("ignored", [False, True], ids=["", "ignored"])
def test_what_was_begun_is_undone_whatever_ends_it(
    tmp_path: Path, number: signal.Signals, ignored: bool
) -> None:
    """A terminal that is closed, or a service manager, as well as Ctrl-C; but what `nohup` starts goes on."""
    home = Home(tmp_path / "home")
    home.create()
    secrets.ensure(home.secrets)
    process = subprocess.Popen(
        [sys.executable, _BACKUP, str(tmp_path / "copy"), str(home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.read(5) == b"begun"
    assert (tmp_path / ".copy.partial").is_dir()
    process.send_signal(number)
    _, err = process.communicate(b"x" * 1000)
    assert process.returncode == (0 if ignored else 130), err
    assert b"Traceback" not in err
    assert (tmp_path / "copy").exists() is ignored
    assert list(tmp_path.glob(".copy*")) == []


def test_an_interrupt_during_the_imports_is_no_traceback(tmp_path: Path) -> None:
    """They take seconds on a machine that is busy."""
    (tmp_path / "botobs").mkdir()
    (tmp_path / "botobs" / "__init__.py").write_text(_SLOW, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; import botobs_command; sys.exit(botobs_command.main())"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.read(5) == b"begun"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"")
