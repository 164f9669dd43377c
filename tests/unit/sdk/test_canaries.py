"""botobs itself prints no secret: not in warnings, errors, doctor's answers or the texts of its objects."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

import botobs
from botobs._ops.cli import main
from botobs._sdk.export.sender import Sender
from botobs._sdk.settings import TABLE, Settings, SettingsError, load
from testbed.otlp_receiver import OtlpReceiver

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]

#: Shapes that keys, tokens and passwords have.
SHAPES: dict[str, Callable[[], str]] = {
    "urlsafe": lambda: "aB3" + secrets.token_urlsafe(24).replace("-", "x").replace("_", "y"),
    "hex": lambda: "f00d1" + secrets.token_hex(16),
    "uuid": lambda: str(uuid.uuid4()),
    "base64": lambda: base64.b64encode(b"0" + secrets.token_bytes(30)).decode(),
    "prefixed": lambda: "sk_live_" + secrets.token_hex(12),
}
#: Where somebody may put a secret, right or wrong; `%s` is the secret, `%q` the same percent-encoded.
PLACES: dict[str, dict[str, str]] = {
    "token": {"BOTOBS_TOKEN": "%s"},
    "token of two lines": {"BOTOBS_TOKEN": "%s\n%s"},
    "token with a scheme": {"BOTOBS_TOKEN": "Bearer %s"},
    "header": {"BOTOBS_HEADERS": "x-api-key=%q"},
    "header with a line break": {"OTEL_EXPORTER_OTLP_HEADERS": "x-note=a%0Ab%q"},
    "header's name": {"BOTOBS_HEADERS": "x y %q=1"},
    "header without a name": {"BOTOBS_HEADERS": "%q"},
    "password in the address": {"BOTOBS_ENDPOINT": "https://user:%q@127.0.0.1:1"},
    "user in the address": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://%q@127.0.0.1:1"},
    "query": {"BOTOBS_ENDPOINT": "https://127.0.0.1:1/?api-key=%q"},
    "fragment": {"BOTOBS_ENDPOINT": "https://127.0.0.1:1/#%q"},
    "path": {"BOTOBS_ENDPOINT": "http://127.0.0.1:1/v1/%q"},
    "path of a port that is none": {"BOTOBS_ENDPOINT": "http://127.0.0.1:x/%q"},
    "resource attribute": {"OTEL_RESOURCE_ATTRIBUTES": "team=a,deploy.token=%q"},
    "resource attribute of any name": {"BOTOBS_RESOURCE_ATTRIBUTES": "note=%q"},
    "resource attribute without name": {"BOTOBS_RESOURCE_ATTRIBUTES": "%q"},
    "pattern": {"BOTOBS_REDACT": "%s"},
    "pattern that is none": {"BOTOBS_REDACT": "(?P<%s"},
    "file of a token that is the token": {"BOTOBS_TOKEN_FILE": "%s"},
    "certificate": {"BOTOBS_ENDPOINT": "https://127.0.0.1:1", "BOTOBS_CERTIFICATE": "%s"},
    "client's key": {
        "BOTOBS_ENDPOINT": "https://127.0.0.1:1",
        "BOTOBS_CLIENT_CERTIFICATE": "%s",
        "BOTOBS_CLIENT_KEY": "%s",
    },
    "service's name": {"BOTOBS_SERVICE_NAME": "%s"},
    "names": {"BOTOBS_REDACT_KEYS": "a,%s", "BOTOBS_DISABLED_INSTRUMENTATIONS": "all,%s"},
    # At once: a run of all that is printed takes seconds.
    "in place of every value that is no text": {
        f"BOTOBS_{name.upper()}": "%s"
        for name, setting in TABLE.items()
        if setting.parse.__name__ in {"flag", "seconds", "size", "count", "ratio", "parse", "url"}
    },
}


def _planted(place: str, secret: str) -> dict[str, str]:
    variables = PLACES[place]
    return {name: text.replace("%s", secret).replace("%q", quote(secret)) for name, text in variables.items()}


def _said(
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> str:
    """All that is printed and logged of these variables."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG, logger="botobs")
    main(["doctor", "--patience", "0", "--explain"])
    main(["doctor", "--patience", "0", "--json"])
    handle = botobs.init("canary", disabled_instrumentations=["all"])
    with botobs.span("order"):
        pass
    handle.flush(5.0)
    texts = [repr(handle), repr(handle.settings), repr(handle.problems), str(handle.notes)]
    botobs.shutdown(2.0)
    with pytest.MonkeyPatch.context() as strict:
        strict.setenv("BOTOBS_STRICT", "true")
        try:
            texts.append(repr(botobs.init("canary", disabled_instrumentations=["all"])))
        except SettingsError as error:
            texts += [str(error), repr(error)]
        finally:
            botobs.shutdown(1.0)
    printed = capsys.readouterr()
    return "\n".join([printed.out, printed.err, caplog.text, *texts])


#: What is wrong with a typed setting is said by one function: that of two of them is printed.
_PRINTED = [
    place
    for place in PLACES
    if not place.startswith("in place of ") or place in ("in place of enabled", "in place of metric_interval")
]


@pytest.mark.parametrize("place", _PRINTED)
def test_no_secret_is_printed_wherever_it_was_put(
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = SHAPES[sorted(SHAPES)[len(place) % len(SHAPES)]]()
    said = _said(_planted(place, secret), monkeypatch, capsys, caplog)
    assert "settings" in said
    assert secret not in said
    assert quote(secret) not in said
    # Nor a part of it that would help.
    assert secret[:20] not in said


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_nor_in_any_shape(place: str, shape: str, tmp_path: Path) -> None:
    secret = SHAPES[shape]()
    environ = {"HOME": str(tmp_path), **_planted(place, secret)}
    found = load({}, environ, tmp_path)
    texts = [repr(found), *(found.shown(name) for name in TABLE), *(each.text for each in found.problems)]
    for text in texts:
        assert secret[:20] not in text
        assert quote(secret)[:20] not in text


#: Settings, and what somebody may give as an argument or in a file; `%s` is the secret.
GIVEN: dict[str, object] = {
    "token": "%s\nsecond line",
    "headers": {"x-api-key": "%s\nsecond line"},
    "endpoint": "https://user:%s@collector.example:4318",
    "sampling_ratio": "%s",
    "metric_interval": ["%s"],
    "enabled": {"a": "%s"},
    "resource_attributes": {"note": "%s", "deploy.token": "%s"},
    "redact": ["%s", "(?P<%s"],
    "compression": "%s",
    "service_name": ["%s"],
}


@pytest.mark.parametrize("how", ["argument", "file"])
@pytest.mark.parametrize("name", GIVEN)
def test_nor_of_an_argument_or_a_file(name: str, how: str, tmp_path: Path) -> None:
    secret = SHAPES["hex"]()
    given = json.loads(json.dumps(GIVEN[name]).replace("%s", secret))
    if how == "file":
        (tmp_path / "botobs.toml").write_text(f"{name} = {_toml(given)}\n")
    for strict in (False, True):
        try:
            arguments = {name: given} if how == "argument" else {}
            found = load({**arguments, "strict": strict}, {"HOME": str(tmp_path)}, tmp_path)
        except SettingsError as error:
            text = repr(error)
        else:
            text = repr(found) + repr(found.problems)
        assert secret[:12] not in text


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


@pytest.mark.parametrize("content", ["{0}\n{1}\n", "{0}\t{1}", "{0}\x00", "\x1b[31m{0}", "\n", ""])
def test_a_token_file_that_is_none_is_a_problem_without_its_content(
    content: str,
    tmp_path: Path,
    receiver: OtlpReceiver,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokens = [secrets.token_urlsafe(32) for _ in range(2)]
    file = tmp_path / "token"
    file.write_text(content.format(*tokens))
    environ = {"BOTOBS_TOKEN_FILE": str(file), "BOTOBS_ENDPOINT": receiver.endpoint}
    found = load({}, {"HOME": str(tmp_path), **environ}, tmp_path)
    (problem,) = found.problems
    assert problem.setting == "token_file"
    assert str(file) in problem.text
    said = _said(environ, monkeypatch, capsys, caplog)
    assert not any(token in said for token in tokens)


def test_a_token_file_that_is_a_pipe_holds_nothing_up(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "token")
    found = load({}, {"HOME": str(tmp_path), "BOTOBS_TOKEN_FILE": str(tmp_path / "token")}, tmp_path)
    assert [problem.setting for problem in found.problems] == ["token_file"]
    assert (found.token_file, found.origins["token_file"]) == (None, "default")


@pytest.mark.parametrize("path", ["/", "/dev/null", "."])
def test_what_can_never_be_a_token_file_is_as_if_it_was_not_set(path: str, tmp_path: Path) -> None:
    found = load({}, {"HOME": str(tmp_path), "BOTOBS_TOKEN_FILE": path}, tmp_path)
    assert [problem.setting for problem in found.problems] == ["token_file"]
    assert (found.token_file, found.origins["token_file"]) == (None, "default")


def test_a_token_file_that_is_still_empty_is_kept_for_later(tmp_path: Path) -> None:
    (tmp_path / "token").touch()
    found = load({"token_file": tmp_path / "token"}, {"HOME": str(tmp_path)}, tmp_path)
    assert [problem.setting for problem in found.problems] == ["token_file"]
    assert found.token_file == tmp_path / "token"


def test_a_token_that_is_spoilt_while_the_service_runs_stays_the_last_good_one(
    tmp_path: Path, receiver: OtlpReceiver
) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    sender = Sender(Settings(endpoint=receiver.endpoint, token_file=file))
    for content in ("first\n", "first\nsecond\n", "", "\x00"):
        file.write_text(content)
        assert sender.send("traces", b"", 5.0).detail == ""
        assert receiver.requests[-1].headers["Authorization"] == "Bearer first"
    sender.close()


@pytest.mark.parametrize("name", ["token", "headers"])
def test_what_cannot_be_sent_is_told_without_it(name: str, receiver: OtlpReceiver) -> None:
    secret = secrets.token_hex(16)
    # As a programme that builds settings itself could.
    given = {"token": f"{secret}\nx"} if name == "token" else {"headers": {"x-key": f"{secret}\nx"}}
    sender = Sender(Settings(endpoint=receiver.endpoint, **given))
    answer = sender.send("traces", b"", 5.0)
    assert secret not in repr(answer)
    assert answer.reason == "connection"
    sender.close()


def test_what_helps_is_still_shown(tmp_path: Path) -> None:
    environ = {
        "BOTOBS_ENDPOINT": "https://collector.example:4318",
        "BOTOBS_SAMPLING_RATIO": "7",
        "BOTOBS_SERVICE_NAME": "grid-bot-2",
        "BOTOBS_CERTIFICATE": "/etc/botobs/ca.pem",
        "BOTOBS_EXPORT_TIMEOUT": "abc",
        "BOTOBS_RESOURCE_ATTRIBUTES": "team=pnl",
    }
    found = load({}, {"HOME": str(tmp_path), **environ}, tmp_path)
    assert found.shown("endpoint") == "https://collector.example:4318"
    assert found.shown("service_name") == "grid-bot-2"
    assert found.shown("certificate") == "/etc/botobs/ca.pem"
    assert "team" in found.shown("resource_attributes")
    texts = " ".join(problem.text for problem in found.problems)
    assert "'7'" in texts
    assert "'abc'" in texts
    assert json.dumps(found.shown("metric_interval")) == '"10.0"'
