"""`botobs doctor` says in plain words what keeps data from arriving, and its exit code says whether anything does."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.cli import main
from botobs._ops.doctor import checks
from botobs._sdk.settings import Settings
from testbed.otlp_receiver import OtlpReceiver, Reply, receiving
from tests.support.published import leave, state_of


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls the command as in an empty environment and returns exit code and the JSON answer."""
    import os

    for name in list(os.environ):
        if name.startswith(("BOTOBS_", "OTEL_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOTOBS_DISABLED_INSTRUMENTATIONS", "all")

    def call(**variables: str) -> tuple[int, dict[str, Any]]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        code = main(["doctor", "--json", "--patience", "0.1"])
        return code, json.loads(capsys.readouterr().out)

    return call


def texts(answer: dict[str, Any], level: str) -> str:
    return " | ".join(finding["text"] for finding in answer["findings"] if finding["level"] == level)


def test_all_is_well(doctor: Any, receiver: OtlpReceiver) -> None:
    code, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint)
    assert (code, answer["ok"], texts(answer, "error")) == (0, True, "")
    assert "the collector took a trace" in texts(answer, "ok")
    assert "the clocks agree" in texts(answer, "ok")
    assert receiver.span_names == ["botobs doctor canary"]
    assert receiver.last_value("botobs.doctor.canary.timestamp") > 1.7e9
    assert answer["settings"]["endpoint"] == {"value": receiver.endpoint, "origin": "BOTOBS_ENDPOINT"}


def test_no_collector(doctor: Any) -> None:
    code, answer = doctor()
    assert code == 1
    assert "no collector is known" in texts(answer, "error")


def test_nobody_listens(doctor: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    code, answer = doctor(BOTOBS_ENDPOINT=f"http://127.0.0.1:{port}")
    assert code == 1
    assert f"nobody listens on port {port}" in texts(answer, "error")


def test_token_is_refused(doctor: Any, receiver: OtlpReceiver) -> None:
    receiver.token = "right"
    code, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint, BOTOBS_TOKEN="wr0ng-t0ken")
    assert code == 1
    assert "refuses the token from BOTOBS_TOKEN" in texts(answer, "error")
    assert "wr0ng-t0ken" not in json.dumps(answer)
    code, answer = doctor(BOTOBS_TOKEN="right")
    assert code == 0


def test_certificate_is_not_trusted(doctor: Any, tls: tuple[ssl.SSLContext, Path]) -> None:
    with receiving(tls[0]) as secured:
        code, answer = doctor(BOTOBS_ENDPOINT=secured.endpoint)
        assert code == 1
        assert "certificate that is not trusted" in texts(answer, "error")
        code, answer = doctor(BOTOBS_CERTIFICATE=str(tls[1]))
        assert code == 0, texts(answer, "error")


def test_plain_where_encrypted_is_wanted_and_the_other_way_round(
    doctor: Any, receiver: OtlpReceiver, tls: tuple[ssl.SSLContext, Path]
) -> None:
    code, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint.replace("http:", "https:"))
    assert code == 1
    assert "no encrypted connection" in texts(answer, "error")
    with receiving(tls[0]) as secured:
        code, answer = doctor(BOTOBS_ENDPOINT=secured.endpoint.replace("https:", "http:"))
    assert code == 1
    assert "breaks the connection off" in texts(answer, "error")


@pytest.mark.parametrize(
    ("host", "level"),
    [("127.0.0.1", "warning"), ("localhost", "warning"), ("collector.example.com", "error")],
)
def test_a_tokenin_the_open_is_no_good_news(host: str, level: str) -> None:
    settings = Settings(endpoint=f"http://{host}:4318", token="t0k3n")
    [finding] = checks.in_the_open(settings)
    assert (finding.level, host in finding.text) == (level, True)
    assert "t0k3n" not in finding.text
    for quiet in (
        Settings(endpoint=f"https://{host}:4318", token="t0k3n"),
        Settings(endpoint=f"http://{host}:1"),
    ):
        assert list(checks.in_the_open(quiet)) == []


def test_nobody_is_told_to_do_without_encryption(doctor: Any, receiver: OtlpReceiver) -> None:
    _, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint.replace("http:", "https:"), BOTOBS_TOKEN="t0k3n")
    assert "http://" not in "".join(str(each["hint"]) for each in answer["findings"])


def test_not_a_collector(doctor: Any, receiver: OtlpReceiver) -> None:
    receiver.reply = Reply(404)
    code, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint)
    assert code == 1
    assert "does not take our data: it answered 404" in texts(answer, "error")


def test_switched_off_and_wrong_settings_are_named(doctor: Any, receiver: OtlpReceiver) -> None:
    code, answer = doctor(OTEL_SDK_DISABLED="true", BOTOBS_SAMPLING_RATIO="7")
    assert code == 1
    assert "switched off by OTEL_SDK_DISABLED" in texts(answer, "error")
    assert "BOTOBS_SAMPLING_RATIO" in texts(answer, "warning")


def test_a_clock_that_is_off(doctor: Any, receiver: OtlpReceiver) -> None:
    receiver.date = "Mon, 01 Jan 2024 00:00:00 GMT"
    code, answer = doctor(BOTOBS_ENDPOINT=receiver.endpoint)
    assert code == 0
    assert "ahead of the collector's" in texts(answer, "warning")


def test_stores_that_lack_the_canary(doctor: Any, receiver: OtlpReceiver, tmp_path: Path) -> None:
    parts = {"tempo": {"url": "https://127.0.0.1:1"}}
    home = tmp_path / "home"
    leave(home / "stack.json", state_of(home, receiver.endpoint, parts=parts))
    code, answer = doctor(BOTOBS_HOME=str(home))
    assert code == 1
    assert "Tempo at https://127.0.0.1:1 cannot be asked" in texts(answer, "error")
    assert "Prometheus does not run in the stack" in texts(answer, "note")


def test_explain_prints_every_setting_with_its_origin(
    doctor: Any, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOTOBS_ENDPOINT", receiver.endpoint)
    monkeypatch.setenv("BOTOBS_TOKEN", "t0k3n")
    assert main(["doctor", "--explain"]) == 0
    printed = capsys.readouterr().out
    assert "t0k3n" not in printed
    assert "********" in printed
    line = next(line for line in printed.splitlines() if line.startswith("endpoint"))
    assert receiver.endpoint in line
    assert "BOTOBS_ENDPOINT" in line
