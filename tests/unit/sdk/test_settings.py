"""Where settings come from, and what is said of wrong ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from botobs._ops.home.locks import try_exclusive
from botobs._sdk.settings import TABLE, Settings, SettingsError, load
from tests.support.published import leave, state_of

_NAMES = (
    "pid", "started", "since", "home", "environment", "otlp", "endpoint", "certificate", "token_file", "parts", "url",
    "tempo",
)  # fmt: skip
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=20,
)


def settings(directory: Path, arguments: Mapping[str, Any] | None = None, /, **environ: str) -> Settings:
    return load(arguments or {}, {"HOME": str(directory), **environ}, directory)


def test_precedence_is_argument_botobs_otel_file_default(tmp_path: Path) -> None:
    file = tmp_path / "botobs.toml"
    file.write_text('service_name = "from-file"\n')
    everything = {"BOTOBS_SERVICE_NAME": "from-botobs", "OTEL_SERVICE_NAME": "from-otel"}
    argument = settings(tmp_path, {"service_name": "from-argument"}, **everything)
    assert (argument.service_name, argument.origins["service_name"]) == (
        "from-argument",
        "argument service_name",
    )
    ours = settings(tmp_path, **everything)
    assert (ours.service_name, ours.origins["service_name"]) == ("from-botobs", "BOTOBS_SERVICE_NAME")
    otel = settings(tmp_path, OTEL_SERVICE_NAME="from-otel")
    assert (otel.service_name, otel.origins["service_name"]) == ("from-otel", "OTEL_SERVICE_NAME")
    from_file = settings(tmp_path)
    assert (from_file.service_name, from_file.origins["service_name"]) == ("from-file", str(file))
    file.unlink()
    assert settings(tmp_path).origins["service_name"] == "default: the program's name"


PATHS = ("spool_dir", "certificate", "client_certificate", "client_key", "token_file")


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("file", ["botobs.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    "path", ["~", "/etc", "..", "link/below", "inside/../../x", "~nobody-here/x", "loop/x"]
)
def test_a_file_that_was_found_names_no_path_outside_of_its_folder(
    tmp_path: Path, name: str, file: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    head = "[tool.botobs]\n" if file == "pyproject.toml" else ""
    (folder / file).write_text(f"{head}{name} = '{path}'\nenvironment = 'kept'\n")
    found = settings(folder)
    assert getattr(found, name) is None
    assert found.environment == "kept"
    (problem,) = found.problems
    assert problem.setting == name
    assert problem.essential == TABLE[name].essential
    assert f"must be a path below {folder}, or BOTOBS_CONFIG must name the file" in problem.text


def test_a_file_that_was_found_names_paths_of_its_folder(tmp_path: Path) -> None:
    """They stay the same when the program changes its working directory."""
    (tmp_path / "botobs.toml").write_text("spool_dir = 'var/spool'\n")
    found = settings(tmp_path)
    assert found.spool_dir == tmp_path / "var" / "spool"
    assert found.problems == ()


def test_the_environment_may_consent_to_paths_outside(tmp_path: Path) -> None:
    file = tmp_path / "project" / "botobs.toml"
    file.parent.mkdir()
    file.write_text(f"spool_dir = '{tmp_path}/spool'\n")
    named = settings(file.parent, BOTOBS_CONFIG=str(file))
    assert (named.spool_dir, named.problems) == (tmp_path / "spool", ())
    own = settings(file.parent, BOTOBS_SPOOL_DIR=str(tmp_path / "other"))
    assert (own.spool_dir, own.problems) == (tmp_path / "other", ())


def test_pyproject_has_a_section(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.botobs]\nmetric_interval = '3s'\n")
    assert settings(tmp_path).metric_interval == 3.0


def test_an_unknown_key_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "botobs.toml").write_text("metric_intervall = 3\n")
    (problem,) = settings(tmp_path).problems
    assert "metric_intervall" in problem.text
    assert "botobs.toml" in problem.text


def test_otel_sdk_disabled_beats_an_argument(tmp_path: Path) -> None:
    found = settings(tmp_path, {"enabled": True}, OTEL_SDK_DISABLED="true", BOTOBS_ENABLED="true")
    assert found.enabled is False
    assert found.origins["enabled"] == "OTEL_SDK_DISABLED"


def test_an_empty_variable_is_unset(tmp_path: Path) -> None:
    assert settings(tmp_path, BOTOBS_ENVIRONMENT=" ").environment == "development"


def test_opentelemetry_counts_milliseconds(tmp_path: Path) -> None:
    assert settings(tmp_path, OTEL_METRIC_EXPORT_INTERVAL="2500").metric_interval == 2.5
    assert settings(tmp_path, BOTOBS_METRIC_INTERVAL="2500ms").metric_interval == 2.5


@pytest.mark.parametrize(
    ("sampler", "ratio"),
    [("", 1.0), ("always_on", 1.0), ("parentbased_always_off", 0.0), ("traceidratio", 0.25)],
)
def test_opentelemetrys_sampler_is_followed(tmp_path: Path, sampler: str, ratio: float) -> None:
    variables = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": "0.25"}
    assert settings(tmp_path, **variables).sampling_ratio == ratio
    assert settings(tmp_path, BOTOBS_SAMPLING_RATIO="0.5", **variables).sampling_ratio == 0.5


def test_names_in_the_resource_attributes_count(tmp_path: Path) -> None:
    variable = "service.name=engine,service.version=1.2,deployment.environment.name=live,team=a%20b"
    found = settings(tmp_path, OTEL_RESOURCE_ATTRIBUTES=variable)
    assert (found.service_name, found.service_version, found.environment) == ("engine", "1.2", "live")
    assert found.resource_attributes["team"] == "a b"


@pytest.mark.parametrize(
    ("name", "raw", "allowed"),
    [
        ("metric_interval", "soon", "above 0"),
        ("metric_interval", "-1", "above 0"),
        ("queue_bytes", "lots", "above 0"),
        ("sampling_ratio", "1.5", "from 0 to 1"),
        ("enabled", "maybe", "true or false"),
        ("compression", "zstd", "gzip or none"),
        ("series_limit", "2.5", "whole number"),
        ("engine", "turbo", "stock or fast"),
    ],
)
def test_a_wrong_value_uses_the_default_and_is_explained(
    tmp_path: Path, name: str, raw: str, allowed: str
) -> None:
    variable = f"BOTOBS_{name.upper()}"
    found = settings(tmp_path, **{variable: raw})
    assert getattr(found, name) == getattr(Settings(), name)
    (problem,) = found.problems
    assert not problem.essential
    for part in (name, variable, raw, allowed):
        assert part in problem.text


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("endpoint", "collector:4318"),
        ("endpoint", "https://user:secret@collector:4318"),
        ("endpoint", "https://collector:notaport"),
        ("redact", "("),
    ],
)
def test_a_wrong_endpoint_or_redaction_is_essential(tmp_path: Path, name: str, raw: str) -> None:
    (problem,) = settings(tmp_path, **{f"BOTOBS_{name.upper()}": raw}).problems
    assert problem.essential
    assert "nothing is exported" in problem.text


def test_strict_raises_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="BOTOBS_SAMPLING_RATIO sets sampling_ratio to '2'"):
        settings(tmp_path, {"strict": True}, BOTOBS_SAMPLING_RATIO="2")


def test_secrets_are_shown_masked(tmp_path: Path) -> None:
    found = settings(tmp_path, BOTOBS_TOKEN="s3cr3t", OTEL_EXPORTER_OTLP_HEADERS="x-key=s3cr3t")
    shown = " ".join(found.shown(name) for name in TABLE)
    assert "s3cr3t" not in shown
    assert found.shown("token") == "********"


def test_every_argument_of_init_is_a_setting_and_the_other_way_round() -> None:
    import inspect

    import botobs

    arguments = set(inspect.signature(botobs.init).parameters) - {"environ"}
    assert arguments == set(TABLE)


class TestStack:
    """The stack that runs on this machine."""

    def publish(self, directory: Path, mode: int = 0o600, **over: Any) -> Path:
        otlp = {
            "endpoint": "https://127.0.0.1:4318",
            "certificate": "/c/ca.pem",
            "token_file": "/c/service.token",
        }
        content = state_of(directory, **{"otlp": otlp, "environment": "staging", **over})
        return leave(directory / "stack.json", content, mode)

    def test_is_found_in_its_home(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home")
        found = settings(tmp_path, BOTOBS_HOME=str(file.parent))
        assert found.endpoint == "https://127.0.0.1:4318"
        assert found.certificate == Path("/c/ca.pem")
        assert found.token_file == Path("/c/service.token")
        assert found.environment == "staging"
        assert found.origins["endpoint"] == str(file)

    def test_is_found_where_the_user_published_it(self, tmp_path: Path) -> None:
        self.publish(tmp_path / ".local" / "state" / "botobs")
        assert settings(tmp_path).endpoint == "https://127.0.0.1:4318"
        self.publish(tmp_path / "state" / "botobs")
        assert settings(tmp_path, XDG_STATE_HOME=str(tmp_path / "state")).endpoint == "https://127.0.0.1:4318"

    def test_is_not_asked_for_its_token_when_an_endpoint_is_given(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home")
        found = settings(tmp_path, BOTOBS_HOME=str(file.parent), BOTOBS_ENDPOINT="http://other:4318")
        assert (found.endpoint, found.token_file, found.certificate) == ("http://other:4318", None, None)

    def test_gives_its_token_where_a_person_named_what_can_be_none(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home")
        found = settings(tmp_path, BOTOBS_HOME=str(file.parent), BOTOBS_TOKEN_FILE=str(tmp_path))
        assert found.token_file == Path("/c/service.token")
        assert [problem.setting for problem in found.problems] == ["token_file"]

    def test_is_not_believed_when_others_can_read_it(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home", mode=0o644)
        assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint is None

    def test_is_not_believed_when_its_process_is_gone(self, tmp_path: Path) -> None:
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        file = self.publish(tmp_path / "home", pid=gone.pid)
        assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint is None

    def test_is_not_believed_when_its_number_is_another_processs(self, tmp_path: Path) -> None:
        # Not our parent: it may have begun within the same hundredth of a second as we did.
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
            file = self.publish(tmp_path / "home", pid=other.pid)
            assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint is None

    def test_of_an_older_botobs_is_known_by_its_lock(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home", started=None)
        assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint is None
        lock = try_exclusive(file.parent / "stack.lock")
        assert lock is not None
        try:
            assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint == "https://127.0.0.1:4318"
        finally:
            os.close(lock)

    def test_in_a_home_that_was_named_wins_over_one_that_was_published(self, tmp_path: Path) -> None:
        self.publish(tmp_path / ".local" / "state" / "botobs")
        assert settings(tmp_path, BOTOBS_HOME=str(tmp_path / "mine")).endpoint is None

    @given(content=_JSON, end=st.integers(0, 400), over=st.booleans())
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_the_file_holds_nothing_is_raised(
        self, tmp_path: Path, content: Any, end: int, over: bool
    ) -> None:
        whole = state_of(tmp_path)
        text = json.dumps({**whole, **content} if over and isinstance(content, dict) else content)
        leave(tmp_path / "stack.json", text[: len(text) - end] if end < len(text) else text)
        found = settings(tmp_path, BOTOBS_HOME=str(tmp_path))
        assert found.endpoint is None or found.endpoint.startswith("http")

    def test_with_broken_content_is_passed_over(self, tmp_path: Path) -> None:
        file = self.publish(tmp_path / "home")
        file.write_text("{")
        assert settings(tmp_path, BOTOBS_HOME=str(file.parent)).endpoint is None


def test_a_misspelt_variable_is_named_with_the_nearest(tmp_path: Path) -> None:
    settings = load({}, {"BOTOBS_SERVICE_NAM": "x", "BOTOBS_HORZION": "1h", "OTHER": "1"}, tmp_path)
    assert [problem.text for problem in settings.problems] == [
        "BOTOBS_HORZION is no setting; did you mean BOTOBS_HORIZON? It is left out.",
        "BOTOBS_SERVICE_NAM is no setting; did you mean BOTOBS_SERVICE_NAME? It is left out.",
    ]
    with pytest.raises(SettingsError, match="did you mean BOTOBS_SERVICE_NAME"):
        load({"strict": True}, {"BOTOBS_SERVICE_NAM": "x"}, tmp_path)


def test_what_a_stack_reads_and_links_of_kubernetes_are_no_problem(tmp_path: Path) -> None:
    environ = {
        "BOTOBS_ALERT_RECEIVER": "email",
        "BOTOBS_PROMETHEUS_PORT": "9090",
        "BOTOBS_THRESHOLD_MY_EXPOSURE": "5",
        "BOTOBS_AGENT_SERVICE_HOST": "10.0.0.1",
        "BOTOBS_AGENT_PORT": "tcp://10.0.0.1:4317",
        "BOTOBS_X_PORT_4317_TCP_ADDR": "10.0.0.1",
    }
    assert load({}, environ, tmp_path).problems == ()


def test_the_file_of_a_stacks_home_is_a_settings_file_too(tmp_path: Path) -> None:
    (tmp_path / "botobs.toml").write_text(
        'service_name = "bot"\n[stack]\nhorizon = "48h"\n', encoding="utf-8"
    )
    settings = load({}, {}, tmp_path)
    assert (settings.service_name, settings.problems) == ("bot", ())
