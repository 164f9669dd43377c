"""`botobs run`: any program is monitored without being edited."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from botobs._ops.cli.run import environment as environment_of
from botobs._ops.cli.run import program_name, unmonitored
from testbed.otlp_receiver import OtlpReceiver, attributes

pytestmark = pytest.mark.slow

PATIENCE = 120
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment.pop("BOTOBS_SERVICE_NAME")

    def call(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "botobs", "run", *words],
            env=environment | variables,
            cwd=tmp_path,
            text=True,
            capture_output=True,
            timeout=PATIENCE,
        )

    return call


def test_a_program_that_knows_nothing_of_botobs(
    run: Callable[..., subprocess.CompletedProcess[str]], receiver: OtlpReceiver, tmp_path: Path
) -> None:
    shutil.copy(PROGRAMS / "grid_bot.py", tmp_path)
    done = run("--", sys.executable, "grid_bot.py", "--name", "kept", "--")
    assert (done.returncode, done.stdout, done.stderr) == (5, "--name kept --\n", "")
    assert receiver.span_names == ["worked"]
    assert attributes(receiver.traces[0].resource)["service.name"] == "grid_bot"


def test_the_name_can_be_given(
    run: Callable[..., subprocess.CompletedProcess[str]], receiver: OtlpReceiver, tmp_path: Path
) -> None:
    shutil.copy(PROGRAMS / "grid_bot.py", tmp_path)
    run("--name", "engine", sys.executable, "grid_bot.py", BOTOBS_SERVICE_NAME="other")
    assert attributes(receiver.traces[0].resource)["service.name"] == "engine"


def test_the_users_sitecustomize_still_runs(
    run: Callable[..., subprocess.CompletedProcess[str]], receiver: OtlpReceiver, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "sitecustomize.py").write_text("import builtins; builtins.mine_ran = __name__")
    (tmp_path / "program.py").write_text("import sitecustomize; print(mine_ran, sitecustomize.__file__)")
    path = os.pathsep.join([str(mine), str(Path(__file__).parents[3])])
    done = run("--", sys.executable, "program.py", PYTHONPATH=path)
    assert done.stdout == f"sitecustomize {mine / 'sitecustomize.py'}\n"
    assert receiver.metric_exports


def test_a_wrong_setting_does_not_keep_the_program_from_running(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    done = run("--", sys.executable, "program.py", BOTOBS_STRICT="true", BOTOBS_SAMPLING_RATIO="9")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert done.stderr.startswith("botobs: this program runs without monitoring")
    assert "Traceback" not in done.stderr


def test_run_and_doctor_need_the_sdk_alone(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAMS / "without_extras.py"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert "process" in done.stdout


def test_an_unknown_command_is_said_in_one_line(run: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = run("--", "no-such-command")
    assert done.returncode == 1
    assert "no-such-command" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["python", "bots/grid.py", "x"], "grid"),
        (["/usr/bin/python3.11", "-X", "dev", "-u", "grid.py"], "grid"),
        (["python", "-m", "botobs._demo.trading_engine"], "trading_engine"),
        (["python", "/srv/engine/__main__.py"], "engine"),
        (["python", "-c", "pass"], "python"),
        (["gunicorn", "app:app"], "gunicorn"),
        (["/opt/bin/uvicorn", "app:app"], "uvicorn"),
        (["./tiny.py"], "tiny"),
        (["python", "./tiny.py"], "tiny"),
        (["python", "-m", "tiny"], "tiny"),
        (["python", "-mtiny"], "tiny"),
        (["python3.13t", "-um", "tiny.__main__", "-m", "other"], "tiny"),
        (["python", "-Xdev", "-Wignore", "tiny.py"], "tiny"),
        (["python", "-bW", "ignore", "--check-hash-based-pycs", "never", "tiny.py"], "tiny"),
        (["python", "--", "tiny.py"], "tiny"),
        (["python", "dist/tiny.pyz"], "tiny"),
        (["dist/tiny.pyz"], "tiny"),
        (["python", "/srv/tiny"], "tiny"),
        (["python", "/srv/tiny/"], "tiny"),
        (["python", "tiny.service.py"], "tiny.service"),
        (["./tiny.sh"], "tiny.sh"),
        (["python", "-cpass", "tiny.py"], "python"),
        (["python", "-", "tiny.py"], "python"),
    ],
)
def test_program_name(command: list[str], name: str) -> None:
    assert program_name(command) == name


def test_a_name_that_is_set_stays() -> None:
    assert "BOTOBS_SERVICE_NAME" not in environment_of(["x"], None, {"OTEL_SERVICE_NAME": "engine"})
    assert environment_of(["x"], None, {"BOTOBS_SERVICE_NAME": "engine"})["BOTOBS_SERVICE_NAME"] == "engine"


@pytest.mark.parametrize("option", ["-I", "-E", "-S", "-sE", "-IBu"])
def test_an_option_that_keeps_botobs_out(option: str) -> None:
    assert unmonitored(["python", option, "program.py"]) is not None


@pytest.mark.parametrize("option", ["-I", "-sE"])
def test_an_option_that_keeps_botobs_out_is_said(
    run: Callable[..., subprocess.CompletedProcess[str]],
    receiver: OtlpReceiver,
    tmp_path: Path,
    option: str,
) -> None:
    (tmp_path / "program.py").write_text("print('ran')")
    done = run("--", sys.executable, option, "program.py")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert done.stderr.startswith("botobs: this program runs without monitoring: Python is called with -")
    assert done.stderr.count("\n") == 1
    assert not receiver.metric_exports


@pytest.mark.parametrize("line", [f"#!{sys.executable} -I", f"#!/usr/bin/env -S {sys.executable} -E"])
def test_a_script_whose_first_line_keeps_botobs_out(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, line: str
) -> None:
    script = tmp_path / "tiny.py"
    script.write_text(f"{line}\nprint('ran')\n")
    script.chmod(0o755)
    done = run("--", "./tiny.py")
    assert done.stdout == "ran\n"
    assert done.stderr.startswith("botobs: this program runs without monitoring")


@pytest.mark.parametrize(
    "command",
    [
        ["python", "program.py", "-I"],
        ["python", "-m", "tiny", "-E"],
        ["python", "-W", "Ignore", "x.py"],
        ["python", "-XImporttime", "x.py"],
        ["python", "-c", "pass", "-I"],
        ["/no/such/file", "-I"],
    ],
)
def test_options_of_the_program_are_its_own(command: list[str]) -> None:
    assert unmonitored(command) is None


def test_further_interpreters_of_the_process_are_left_alone(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    done = run("--", sys.executable, str(PROGRAMS / "further_interpreter.py"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
