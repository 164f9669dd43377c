"""`botobs settings` and `botobs config`, and what a stack refuses before it starts anything."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from botobs._ops.access import containers
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.programs.binaries import Binaries
from botobs._ops.settings import file
from botobs._ops.stack.options import Options
from botobs._ops.stack.stack import Stack

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "home")


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    read: dict[str, object] = json.loads(capsys.readouterr().out)
    return read


def test_what_is_set_is_shown_with_its_origin(
    home: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["config", "set", "--home", home, "alert_receiver", "email", "BOTOBS_SMTP_USERNAME=CORP\\svc"])
        == 0
    )
    path = f"{home}/botobs.toml"
    assert path in capsys.readouterr().out
    name = "BOTOBS_ALERT_RECEIVER"
    assert _json(capsys, "config", "get", "alert-receiver", "--home", home) == {
        "name": name, "value": "email", "origin": path,
    }  # fmt: skip
    monkeypatch.setenv(name, "slack")
    shown = _json(capsys, "settings", "--home", home, "--set")["settings"]
    assert shown == {
        name: {
            "value": "slack",
            "origin": "environment",
            "type": "channels",
        },
        "BOTOBS_ALERT_SLACK": {"value": '[alertname!=""]', "origin": "environment", "type": "alerts"},
        "BOTOBS_SMTP_USERNAME": {"value": "CORP\\svc", "origin": path, "type": "text"},
    }
    assert main(["config", "set", "--home", home, "--json", "alert_receiver", "nobody"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["changed"] == [name]
    assert "BOTOBS_ALERT_RECEIVER of the environment wins over it" in said.err
    assert main(["config", "unset", "--home", home, "alert_receiver", "smtp_username"]) == 0
    assert main(["config", "unset", "--home", home, "alert_receiver"]) == 1
    assert "does not set alert_receiver" in capsys.readouterr().err
    assert tomllib.loads(Path(path).read_text(encoding="utf-8")) == {"stack": {}}


def test_words_that_no_setting_has_are_told(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "retention", "nosuch", "--home", home]) == 1
    assert "no setting has 'retention' and 'nosuch'" in capsys.readouterr().err
    # That none of them is set is no mistake.
    assert main(["settings", "retention", "--set", "--home", home]) == 0


def test_a_word_finds_settings_by_name_and_meaning(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = _json(capsys, "settings", "mail", "server", "--home", home)["settings"]
    assert isinstance(found, dict)
    assert {"BOTOBS_SMTP_HOST", "BOTOBS_SMTP_HELLO", "BOTOBS_SMTP_CA"} == set(found)
    assert not Path(home).exists(), "what reads makes nothing"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["alert_receiver", "pigeon"], "BOTOBS_ALERT_RECEIVER='pigeon' must be nobody, or some of email"),
        (["alert_reciever", "email"], "did you mean BOTOBS_ALERT_RECEIVER?"),
        (["alert_receiver"], "alert_receiver needs a value"),
        (["secrets", "/x"], "BOTOBS_SECRETS cannot be set"),
        (["home=/x"], "it is read from the environment alone"),
    ],
)
def test_what_cannot_be_set_is_refused_and_nothing_written(
    home: str, capsys: pytest.CaptureFixture[str], words: list[str], problem: str
) -> None:
    assert main(["config", "set", "--home", home, *words]) == 2
    assert problem in capsys.readouterr().err
    assert not file.path_of(Home(Path(home))).exists()


def test_check_names_everything_that_is_wrong(
    home: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check", "--home", home]) == 0
    assert main(["config", "set", "--home", home, "horizon", "20d"]) == 0
    capsys.readouterr()
    assert main(["config", "check", "--home", home]) == 1
    assert "BOTOBS_PROMETHEUS_RETENTION=15d is not longer" in capsys.readouterr().out
    monkeypatch.setenv("BOTOBS_SMTP_PORT", "abc")
    monkeypatch.setenv("BOTOBS_STMP_HOST", "x")
    assert main(["config", "check", "--home", home]) == 1
    said = capsys.readouterr().err
    assert "BOTOBS_SMTP_PORT='abc' in the environment must be a port" in said
    assert "BOTOBS_STMP_HOST is no setting; did you mean BOTOBS_SMTP_HOST?" in said


def test_edit_opens_the_file_and_checks_it(
    home: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    editor = tmp_path / "my editor"
    editor.write_text('#!/bin/sh\necho \'smtp_port = "abc"\' >> "$1"\n', encoding="utf-8")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", f"'{editor}'")
    assert main(["config", "edit", "--home", home]) == 1
    assert "BOTOBS_SMTP_PORT='abc'" in capsys.readouterr().err
    monkeypatch.setenv("VISUAL", str(tmp_path / "none"))
    assert main(["config", "edit", "--home", home]) == 1
    assert "cannot be started" in capsys.readouterr().err


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("name", "value", "strict"),
    [("BOTOBS_SMTP_PORT", "abc", False), ("BOTOBS_ALERT_RECIEVER", "email", True)],
)
async def test_a_stack_refuses_before_anything_is_built(
    home: str, monkeypatch: pytest.MonkeyPatch, name: str, value: str, strict: bool
) -> None:
    def built(*_: object) -> None:
        raise AssertionError("something was built")

    monkeypatch.setattr(Binaries, "require", built)
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=name):
        async with Stack(Home(Path(home)), Options(strict=strict)):
            pass


def test_compose_prints_a_command_that_a_shell_reads(
    tmp_path: Path, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = tmp_path / 'my "home" #1'
    assert main(["compose", "--home", str(where)]) == 0
    assert f"--env-file '{where}/compose.env' up" in capsys.readouterr().out
    lines = (where / "compose.env").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f'BOTOBS_COMPOSE_HOME="{tmp_path}/my \\"home\\" #1"'
    # From a wheel, too: its folder has no sources beside docker-compose.yml.
    assert (Path(lines[1].partition("=")[2].strip('"')) / "Dockerfile").is_file()


def test_compose_says_that_its_file_is_of_another_version(
    tmp_path: Path, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was put there once, or changed by hand: it is left as it is."""
    where = ("--home", str(tmp_path / "made"))
    assert main(["compose", *where]) == 0
    assert "another" not in capsys.readouterr().out
    file = tmp_path / "docker-compose.yml"
    earlier = file.read_text(encoding="utf-8").replace("prom/prometheus:v3", "prom/prometheus:v2")
    file.write_text(earlier, encoding="utf-8")
    assert main(["compose", *where]) == 0
    assert "docker-compose.yml here is not that of this version" in capsys.readouterr().out.replace("\n", " ")
    assert file.read_text(encoding="utf-8") == earlier
    assert main(["compose", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["as_shipped"] is False


def test_compose_names_the_label_that_selinux_wants(
    tmp_path: Path, home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system with SELinux cannot be had here: the kernel's two answers are played."""
    labels = {tmp_path / "made" / "config": b"system_u:object_r:container_file_t:s0\x00"}
    enforced = tmp_path / "enforce"
    monkeypatch.setattr(os, "getxattr", lambda path, _: labels.get(Path(path), b"u:object_r:user_home_t:s0"))
    monkeypatch.setattr(containers, "_ENFORCED", enforced)

    def said() -> str:
        assert main(["compose", "--home", str(tmp_path / "made")]) == 0
        return capsys.readouterr().out

    assert "SELinux" not in said()
    enforced.write_text("1")
    assert f"until: chcon -R -t container_file_t {tmp_path}/made/containers\n" in said()
    labels[tmp_path / "made" / "containers"] = labels[tmp_path / "made" / "config"]
    assert "SELinux" not in said()
    labels.clear()
    enforced.write_text("0")
    assert "SELinux" not in said()


def test_a_backup_for_compose_says_that_volumes_are_not_in_it(
    tmp_path: Path, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--home", str(tmp_path / "made"))
    assert main(["compose", *where]) == 0
    capsys.readouterr()
    assert main(["backup", str(tmp_path / "taken"), *where]) == 0
    assert "is in volumes, and not in this backup" in capsys.readouterr().err
