"""Which value of a setting counts, where it is from, and what is said of a wrong one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from botobs._ops.access import clients, secrets
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.settings import file, unknown
from botobs._ops.settings.table import TABLE
from botobs._ops.settings.values import gather, read_one


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _toml(home: Home, text: str) -> None:
    file.path_of(home).write_text(text, encoding="utf-8")


def test_argument_before_environment_before_file_before_default(home: Home) -> None:
    name = "BOTOBS_ALERT_RECEIVER"
    assert {s.name: (v, o) for s, v, o in gather(home, {}, {}).effective()}[name] == (
        "nobody",
        "default",
    )
    _toml(home, '[stack]\nalert_receiver = "email"\n')
    path = str(file.path_of(home))
    for arguments, environ, expected in (
        ({}, {}, ("email", path)),
        ({}, {name: ""}, ("email", path)),
        ({}, {name: "slack"}, ("slack", "environment")),
        ({name: "nobody"}, {name: "slack"}, ("nobody", "argument")),
    ):
        given = gather(home, arguments, environ)
        assert (given.texts[name], given.origins[name]) == expected
        assert given.problems == ()


def test_programs_get_units_that_all_of_them_read(home: Home) -> None:
    """Go's durations know no days, and Prometheus takes GB for 2^30 bytes."""
    texts = gather(
        home,
        environ={
            "BOTOBS_HORIZON": "1.5d",
            "BOTOBS_TEMPO_RETENTION": "2w",
            "BOTOBS_FOR_SHORT": "60",
            "BOTOBS_PROMETHEUS_RETENTION_SIZE": "1.5GB",
        },
    ).texts
    assert list(texts.values()) == ["36h", "336h", "1m", "1500000000B"]


def test_a_file_may_hold_text_numbers_and_booleans(home: Home) -> None:
    _toml(
        home,
        "[stack]\nsmtp_port = 587\nslo_latency = 0.9\nsmtp_require_tls = false\nBOTOBS_SMTP_HOST = 'x'\n",
    )
    texts = gather(home, environ={}).texts
    assert texts == {
        "BOTOBS_SMTP_PORT": "587",
        "BOTOBS_SLO_LATENCY": "0.9",
        "BOTOBS_SMTP_REQUIRE_TLS": "false",
        "BOTOBS_SMTP_HOST": "x",
    }


def test_commands_that_set_at_once_keep_what_the_others_set(home: Home) -> None:
    names = ("SMTP_HOST", "SMTP_PORT", "SMTP_USERNAME", "HOST_NAME", "ENVIRONMENT", "HORIZON")
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: file.write(home, {f"BOTOBS_{name}": "1"}), names))
    assert set(file.read(home)) == {f"BOTOBS_{name}" for name in names}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[stack\n", "cannot be read"),
        ("stack = 1\n", "stack is no table"),
        ("[stack]\ntenants = ['a']\n", "tenants must be text, a number, true or false"),
        (b"\xff\xfe[\0", "is not text in UTF-8"),
        ("x = " + "[" * 5000, "cannot be read"),
        ("[stack]\nalert_receiver = 'email'\nalert_receiver = 'slack'\n", "cannot be read"),
        (
            "[stack]\nalert_receiver = 'email'\nBOTOBS_ALERT_RECEIVER = 'slack'\n",
            "sets BOTOBS_ALERT_RECEIVER twice",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(home: Home, text: str | bytes, reason: str) -> None:
    file.path_of(home).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StackError) as raised:
        gather(home, environ={})
    assert reason in raised.value.problem
    assert str(file.path_of(home)) in raised.value.problem


@pytest.mark.parametrize(
    "head", ["[stak]", "[STACK]", "[[stack2]]", ""], ids=["misspelt", "large", "list", "none"]
)
def test_what_stands_outside_of_the_table_is_told(home: Home, head: str) -> None:
    # What a service reads from the same file is none of that.
    _toml(home, f"service_name = 'pnl'\n{head}\nalert_receiver = 'email'\n")
    given = gather(home, environ={})
    [warning] = given.warnings
    assert "outside of the table [stack]" in warning
    with pytest.raises(StackError, match="outside of the table"):
        given.require(strict=True)


def test_what_is_no_file_of_settings_neither_hangs_nor_fills_memory(home: Home) -> None:
    path = file.path_of(home)
    for make in (os.mkfifo, os.mkdir, lambda where: where.symlink_to("/dev/zero")):
        make(path)
        with pytest.raises(StackError, match="cannot be read"):
            gather(home, environ={})
        path.rmdir() if path.is_dir() else path.unlink()
    path.write_bytes(b"#" * 5_000_000)
    with pytest.raises(StackError, match="larger than 4 MiB"):
        gather(home, environ={})


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_file_of_another_editor_is_read_and_changed(home: Home, head: bytes, end: bytes) -> None:
    file.path_of(home).write_bytes(head + end.join((b"[stack]", b"\talert_receiver\t=\t'email'", b"")))
    assert file.read(home) == {"BOTOBS_ALERT_RECEIVER": "email"}
    file.write(home, {"BOTOBS_SMTP_PORT": "587"})
    assert file.read(home) == {"BOTOBS_ALERT_RECEIVER": "email", "BOTOBS_SMTP_PORT": "587"}


def test_all_that_is_wrong_is_said_at_once_with_its_origin(home: Home) -> None:
    _toml(home, '[stack]\nsmtp_port = "abc"\n')
    given = gather(home, {"BOTOBS_FOR_SHORT": "soon"}, {"BOTOBS_ALERT_RECEIVER": "pigeon"})
    with pytest.raises(StackError) as raised:
        given.require()
    said = str(raised.value)
    assert said.startswith("3 settings are wrong")
    assert f"BOTOBS_SMTP_PORT='abc' in {file.path_of(home)} must be a port" in said
    assert "BOTOBS_FOR_SHORT='soon' in the argument must be a duration" in said
    assert "BOTOBS_ALERT_RECEIVER='pigeon' in the environment must be nobody, or some of email" in said


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        (
            {"BOTOBS_SCRAPE_TIMEOUT": "30s"},
            "BOTOBS_SCRAPE_TIMEOUT=30s must not be above BOTOBS_SCRAPE_INTERVAL=15s",
        ),
        ({"BOTOBS_POSTGRES_SCRAPE_INTERVAL": "5s"}, "above BOTOBS_POSTGRES_SCRAPE_INTERVAL=5s"),
        (
            {"BOTOBS_THRESHOLD_QUEUE_WARNING_RATIO": "0.9"},
            "must be below BOTOBS_THRESHOLD_QUEUE_CRITICAL_RATIO=0.8",
        ),
        (
            {"BOTOBS_THRESHOLD_DISK_CRITICAL_RATIO": "0.7"},
            "BOTOBS_THRESHOLD_DISK_WARNING_RATIO=0.8 must be below",
        ),
        ({"BOTOBS_THRESHOLD_CERTIFICATE_WARNING_SECONDS": "9"}, "CRITICAL_SECONDS=259200 must be below"),
        (
            {"BOTOBS_COLLECTOR_MEMORY_MIB": "100"},
            "SPIKE_MIB=128 must be below BOTOBS_COLLECTOR_MEMORY_MIB=100",
        ),
        (
            {"BOTOBS_OIDC_TOKEN_URL": "https://id.example.com/token"},
            "BOTOBS_OIDC_TOKEN_URL does nothing without BOTOBS_OIDC_AUTH_URL",
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused(
    home: Home, environ: dict[str, str], reason: str
) -> None:
    assert any(reason in problem for problem in gather(home, environ=environ).problems)


def test_a_secret_is_not_shown_when_it_is_wrong(home: Home) -> None:
    [problem] = gather(home, environ={"BOTOBS_ORDERS_DATABASE_PASSWORD": "hunter2\0"}).problems
    assert "hunter2" not in problem


def test_a_misspelt_name_is_told_with_the_nearest(home: Home) -> None:
    given = gather(home, environ={"BOTOBS_ALERT_RECIEVER": "email", "BOTOBS_SERVICE_NAM": "x", "OTHER": "1"})
    assert unknown.sentences(["BOTOBS_X", "BOTOBS_"]) == ["BOTOBS_X is no setting.", "BOTOBS_ is no setting."]
    assert unknown.sentences(given.unknown) == [
        "BOTOBS_ALERT_RECIEVER is no setting; did you mean BOTOBS_ALERT_RECEIVER?",
        "BOTOBS_SERVICE_NAM is no setting; did you mean BOTOBS_SERVICE_NAME?",
    ]
    given.require()
    with pytest.raises(StackError, match="did you mean"):
        given.require(strict=True)


def test_names_of_the_sdk_and_links_of_kubernetes_are_known(home: Home) -> None:
    environ = {
        "BOTOBS_SPOOL_DIR": "/x",
        "BOTOBS_CONFIG": "/y",
        "BOTOBS_SERVICE_HOST": "10.0.0.1",
        "BOTOBS_AGENT_SERVICE_PORT": "4318",
        "BOTOBS_AGENT_SERVICE_PORT_OTLP_HTTP": "4318",
        "BOTOBS_AGENT_PORT": "tcp://10.0.0.1:4317",
        "BOTOBS_X_PORT_4317_TCP": "tcp://10.0.0.1:4317",
        "BOTOBS_X_PORT_4317_TCP_PROTO": "tcp",
        "BOTOBS_X_PORT_4317_TCP_PORT": "4317",
        "BOTOBS_X_PORT_4317_TCP_ADDR": "10.0.0.1",
    }
    assert gather(home, environ=environ).unknown == ()
    for name in ("BOTOBS_STMP_PORT", "BOTOBS_THRESHOLD_LATENCY_SECOND"):
        assert gather(home, environ={name: "25"}).unknown == (name,)


def test_what_is_written_is_read_and_comments_stay(home: Home) -> None:
    _toml(
        home,
        '# mine\n[other]\na = 1\n\n[stack]\n# who is called\nBOTOBS_ALERT_RECEIVER = "slack"\nhorizon = "2d"\n',
    )
    text = 'CORP\\svc "quoted" # no comment\nnext: $x é \x7f'
    file.write(home, {"BOTOBS_ALERT_RECEIVER": "email", "BOTOBS_SMTP_USERNAME": text, "BOTOBS_HORIZON": None})
    assert file.read(home) == {"BOTOBS_ALERT_RECEIVER": "email", "BOTOBS_SMTP_USERNAME": text}
    written = file.path_of(home).read_text(encoding="utf-8")
    assert "# mine" in written and "# who is called" in written and "[other]" in written
    assert file.path_of(home).stat().st_mode & 0o077 == 0


def test_a_file_that_is_kept_elsewhere_stays_there(home: Home, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("# of the configuration's repository\n")
    file.path_of(home).symlink_to(kept)
    file.write(home, {"BOTOBS_HORIZON": "2h"})
    assert file.path_of(home).is_symlink()
    assert kept.read_text().startswith("# of the") and 'horizon = "2h"' in kept.read_text()


@pytest.mark.parametrize("name", ["BOTOBS_HOME", "BOTOBS_GRAFANA_TOKEN", "BOTOBS_SECRETS"])
def test_what_cannot_stand_in_the_file_is_refused(home: Home, name: str) -> None:
    with pytest.raises(StackError, match=f"{name} cannot be set in"):
        file.write(home, {name: "x"})
    _toml(home, f'[stack]\n{name.removeprefix("BOTOBS_").lower()} = "x"\n')
    [problem] = gather(home, environ={}).problems
    assert name in problem


def test_one_value_is_read_by_its_type() -> None:
    assert read_one("BOTOBS_HORIZON", " 1.5h ") == "1h30m"
    with pytest.raises(StackError, match="must be a duration"):
        read_one("BOTOBS_HORIZON", "long")
    with pytest.raises(StackError, match="did you mean BOTOBS_HORIZON"):
        read_one("BOTOBS_HORZION", "1h")
    assert "BOTOBS_HORIZON" in TABLE


def test_space_stays_in_a_text_and_goes_around_a_number(home: Home) -> None:
    given = gather(home, environ={"BOTOBS_ORDERS_QUERY": "SELECT x = ", "BOTOBS_SMTP_PORT": " 587 "})
    assert given.texts == {"BOTOBS_ORDERS_QUERY": "SELECT x = ", "BOTOBS_SMTP_PORT": "587"}


def test_commands_ask_for_the_tenant_of_the_homes_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.ensure(home.secrets)
    monkeypatch.delenv("BOTOBS_TENANT", raising=False)

    def tenant() -> str:
        with clients.client(home.secrets, "https://127.0.0.1") as http:
            return str(http.headers["X-Scope-OrgID"])

    assert tenant() == "botobs"
    file.write(home, {"BOTOBS_TENANT": "desk-1"})
    assert tenant() == "desk-1"
    monkeypatch.setenv("BOTOBS_TENANT", "desk-2")
    assert tenant() == "desk-2"
