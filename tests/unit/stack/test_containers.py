"""What `botobs compose` hands to containers: copies that they can read, and that follow the secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from botobs._ops import cli
from botobs._ops.access import containers
from botobs._ops.errors import StackError
from botobs._ops.home.home import Home
from botobs._ops.home.private import write_secret
from botobs._ops.stack.compose import prepare


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that is prepared for containers."""
    made = Home(tmp_path / "home")
    prepare(made)
    return made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_containers_can_read_and_nobody_else_gets_there(home: Home) -> None:
    for top in (home.path, home.secrets, home.config, home.containers):
        assert _mode(top) == 0o700
    below = [*home.config.rglob("*"), *(home.containers / "secrets").rglob("*")]
    assert {_mode(path) for path in below if path.is_file()} == {0o644}
    assert {_mode(path) for path in below if path.is_dir()} == {0o755}


def test_what_no_container_needs_is_not_handed_out(home: Home) -> None:
    given = {path.name for path in (home.containers / "secrets").iterdir()}
    assert "server.key" in given
    assert not given & {
        "ca.key",
        "services-ca.key",
        "intake-ca.key",
        "service.token",
        "database-demo.password",
    }


def test_a_container_sees_a_change_in_the_file_that_it_has(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = home.containers / "secrets" / "ingest.tokens"
    # What Docker has mounted is this very file, not its name.
    with copy.open() as mounted:
        before = mounted.read()
        assert cli.main(["token", "create", "engine", "--home", str(home.path)]) == 0
        token = capsys.readouterr().out.strip()
        mounted.seek(0)
        assert token in mounted.read()
        assert cli.main(["token", "revoke", "engine", "--home", str(home.path)]) == 0
        mounted.seek(0)
        assert mounted.read() == before


@pytest.mark.parametrize("words", [("renew",), ("add-host", "metrics.example.internal")])
def test_changed_certificates_are_handed_out(home: Home, words: tuple[str, ...]) -> None:
    before = (home.containers / "secrets" / "server.pem").read_bytes()
    assert cli.main(["certs", *words, "--home", str(home.path)]) == 0
    for name in ("server.pem", "server.key", "client.pem", "client.key", "intake.pem", "intake.key"):
        assert (home.containers / "secrets" / name).read_bytes() == (home.secrets / name).read_bytes()
    assert (home.containers / "secrets" / "server.pem").read_bytes() != before


def test_a_receiver_that_is_gone_is_taken_back(home: Home) -> None:
    receivers = home.secrets / "alertmanager"
    (receivers / "slack").write_text("https://hooks.example/1")
    containers.hand_out(home)
    assert (home.containers / "secrets" / "alertmanager" / "slack").read_text() == "https://hooks.example/1"
    (receivers / "slack").unlink()
    prepare(home)
    assert not list((home.containers / "secrets" / "alertmanager").iterdir())


def test_a_home_of_botobs_up_hands_out_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "native")
    assert cli.main(["token", "create", "engine", "--home", str(home.path)]) == 0
    assert not home.containers.exists()


def test_a_link_in_the_place_of_a_copy_is_not_followed(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "mine"
    target.write_text("mine")
    copy = home.containers / "secrets" / "web.yml"
    copy.unlink()
    copy.symlink_to(target)
    with pytest.raises(OSError):
        containers.hand_out(home)
    assert target.read_text() == "mine"


def test_preparing_again_touches_nothing_that_has_not_changed(home: Home) -> None:
    """A Prometheus that runs would find its targets gone, or closed, for a moment."""

    def stamps() -> dict[Path, tuple[int, int]]:
        files = (
            path for path in home.path.rglob("*") if path.is_file() and path != home.path / "compose.env"
        )
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}

    before = stamps()
    prepare(home)
    assert stamps() == before


def test_what_docker_compose_reads_itself_is_handed_out(home: Home) -> None:
    """As the file has it, its ports and limits among them; what follows from a setting follows."""

    def written() -> dict[str, str]:
        lines = (home.path / "compose.env").read_text(encoding="utf-8").splitlines()
        return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}

    assert not {"BOTOBS_GRAFANA_PORT", "COMPOSE_PROJECT_NAME"} & set(written())
    settings = {
        "BOTOBS_GRAFANA_PORT": "3001",
        "BOTOBS_ALERT_RESEND_DELAY": "2m",
        "BOTOBS_INTAKE_MEMORY_MIB": "256",
    }
    for name, value in {**settings, "BOTOBS_COMPOSE_PROJECT": "second"}.items():
        assert cli.main(["config", "set", name, value, "--home", str(home.path)]) == 0
    prepare(home)
    follows = {"BOTOBS_INTAKE_GOMEMLIMIT": "384MiB", "COMPOSE_PROJECT_NAME": "second"}
    assert written().items() >= (settings | follows).items()
    assert "https://127.0.0.1:3001" in (home.config / "grafana" / "grafana.ini").read_text(encoding="utf-8")


def test_where_people_find_grafana_is_what_they_say(home: Home) -> None:
    address = "https://grafana.example.com"
    assert cli.main(["config", "set", "BOTOBS_GRAFANA_URL", address, "--home", str(home.path)]) == 0
    prepare(home)
    assert address in (home.config / "grafana" / "grafana.ini").read_text(encoding="utf-8")


def test_the_authority_of_services_is_a_copy_too(home: Home, tmp_path: Path) -> None:
    """In a folder that is there without it; a container would be given an empty one in its place."""
    copy = home.containers / "clients" / "ca.pem"
    assert _mode(copy.parent) == 0o755 and not copy.exists()
    authority = tmp_path / "services-ca.pem"
    name = "BOTOBS_OTLP_CLIENT_CA"
    assert cli.main(["config", "set", name, str(authority), "--home", str(home.path)]) == 0
    with pytest.raises(StackError, match=f"{name}=.*No such file"):
        prepare(home)
    authority.write_text("an authority")
    prepare(home)
    assert copy.read_text() == "an authority" and _mode(copy) == 0o644
    assert cli.main(["config", "unset", name, "--home", str(home.path)]) == 0
    prepare(home)
    assert not copy.exists()


def test_grafana_finds_the_provider_and_its_own_address(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write_secret(home.secrets / "oidc" / "client.secret", "hush\n")
    monkeypatch.setenv("BOTOBS_OIDC_AUTH_URL", "https://id.example.com/auth")
    monkeypatch.setenv("BOTOBS_OIDC_TOKEN_URL", "https://id.example.com/token")
    monkeypatch.setenv("BOTOBS_GRAFANA_URL", "https://grafana.example.com")
    prepare(home)
    rendered = (home.config / "grafana" / "grafana.ini").read_text(encoding="utf-8")
    assert "root_url = https://grafana.example.com\n" in rendered
    assert "client_secret = $__file{/secrets/oidc/client.secret}\n" in rendered
    assert (home.containers / "secrets" / "oidc" / "client.secret").read_text() == "hush\n"
    messages = (home.config / "alertmanager").rglob("*.tmpl")
    assert any("https://grafana.example.com" in each.read_text(encoding="utf-8") for each in messages)
