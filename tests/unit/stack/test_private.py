"""What only its owner may read: under any umask, whole or not at all, and refused when it is empty or open."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.access import secrets
from botobs._ops.cli import main
from botobs._ops.components.cluster import secrets as cluster_secrets
from botobs._ops.errors import StackError
from botobs._ops.home import private
from botobs._ops.home.home import Home
from botobs._ops.stack.compose import prepare

#: Every secret that is made by itself, and may not be empty.
MADE = (
    "operator.password", "scrape.password", "collector.password", "collector.authorization", "service.token",
    "ingest.tokens", "ca.pem", "ca.key", "server.pem", "server.key", "client.pem", "client.key", "intake.pem",
    "intake.key", "intake-ca.pem", "intake-ca.key", "web.yml",
    "database-postgres.password", "database-exporter.password", "grafana-admin.password", "grafana-secret-key",
)  # fmt: skip


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    previous = os.umask(request.param)
    yield request.param
    os.umask(previous)


def _open_to_others(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def test_a_home_is_closed_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    cluster_secrets.ensure(home.secrets, ["one"])
    private.open_private(home.logs / "up.log").close()
    # Containers read what is below these two, which are closed themselves.
    for_containers = {home.config, home.containers}
    closed = [path for path in home.path.rglob("*") if not for_containers & set(path.parents)]
    assert for_containers <= set(closed)
    # Closed to others, and its owner can use all of it.
    for path in (home.path, *closed):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted


def test_a_secret_is_never_there_with_another_mode_or_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    modes: set[int] = set()
    contents: set[bytes] = set()
    path = tmp_path / "secret"
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for name in os.listdir(tmp_path):  # noqa: PTH208  # as fast as can be
                try:
                    modes.add(stat.S_IMODE((tmp_path / name).lstat().st_mode))
                    contents.add(path.read_bytes())
                except FileNotFoundError:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for number in range(200):
            private.write_secret(path, f"{number}" * 1000)
    finally:
        over.set()
        watcher.join()
    # For a moment it has the mode that the umask leaves: less, and nothing is in it yet.
    assert all(mode & 0o077 == 0 for mode in modes)
    assert all(content == content[: len(content) // 1000] * 1000 for content in contents)


def test_a_secret_is_on_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("folder" if is_folder else f"file of {os.fstat(descriptor).st_size}")
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        done.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    private.write_secret(tmp_path / "s", "12345")
    assert done == ["file of 5", "name", "folder"]


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StackError, match="is no file"):
        private.write_secret(tmp_path / "folder", "x")
    with pytest.raises(StackError, match="is no file"):
        private.write_secret(tmp_path / "pipe", "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    secrets.ensure(folder)
    return folder


@pytest.mark.parametrize("spoilt", ["", " \n", "\n\n"])
@pytest.mark.parametrize("name", MADE)
def test_an_empty_secret_stops_the_start(made: Path, name: str, spoilt: str) -> None:
    file = made / name
    before = file.read_bytes()
    file.write_text(spoilt)
    try:
        with pytest.raises(StackError, match=f"{name} is empty"):
            secrets.ensure(made)
        assert file.read_text() == spoilt
    finally:
        file.write_bytes(before)


def test_an_empty_token_of_the_local_services_lets_nobody_in(tmp_path: Path) -> None:
    from botobs._ops.access import tokens

    tokens.ensure_local(tmp_path)
    (tmp_path / "service.token").write_text("\n")
    with pytest.raises(StackError, match="is empty"):
        tokens.ensure_local(tmp_path)
    # A line without a token would make its service's name one.
    assert "local" not in {token.value for token in tokens.valid(tmp_path)}


@pytest.mark.parametrize("name", ["ca.key", "server.key", "server.pem", "ca.pem"])
def test_a_damaged_certificate_or_key_is_one_sentence(made: Path, name: str) -> None:
    file = made / name
    before = file.read_bytes()
    file.write_bytes(before[:40])
    try:
        with pytest.raises(StackError, match=f"{name} holds no"):
            secrets.ensure(made, ["another.example"])
    finally:
        file.write_bytes(before)


def test_a_pair_that_was_being_renewed_when_the_power_went_is_renewed(tmp_path: Path) -> None:
    import ssl

    secrets.ensure(tmp_path / "s")
    secrets.ensure(tmp_path / "other")
    (tmp_path / "s" / "server.key").write_bytes((tmp_path / "other" / "server.key").read_bytes())
    secrets.ensure(tmp_path / "s")
    ssl.create_default_context().load_cert_chain(tmp_path / "s" / "server.pem", tmp_path / "s" / "server.key")


def test_a_web_configuration_that_lets_others_in_is_written_anew(made: Path) -> None:
    whole = (made / "web.yml").read_text(encoding="utf-8")
    (made / "web.yml").write_text(whole + "  stranger: $2b$05$abcdefghijklmnopqrstuv\n", encoding="utf-8")
    secrets.ensure(made)
    assert "stranger" not in (made / "web.yml").read_text(encoding="utf-8")
    (made / "web.yml").write_text(whole.partition("basic_auth_users")[2], encoding="utf-8")
    secrets.ensure(made)
    assert "min_version: TLS12" in (made / "web.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["s3cr3t\ns3cr3t", "s3cr3t\x00", "\x1b[31ms3cr3t"])
def test_a_secret_of_several_lines_is_refused_without_being_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "s").write_text(content)
    with pytest.raises(StackError) as caught:
        private.read_secret(tmp_path / "s")
    assert "s3cr3t" not in str(caught.value)


def test_a_secret_that_is_a_pipe_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s", 0o600)
    with pytest.raises(StackError, match="is no file"):
        private.read_secret(tmp_path / "s")
    with pytest.raises(StackError, match="is no file"):
        private.check_permissions(tmp_path)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_home_that_others_can_write_into_is_refused(tmp_path: Path, mode: int) -> None:
    home = Home(tmp_path / "home")
    home.path.mkdir()
    home.path.chmod(mode)
    with pytest.raises(StackError, match="others can write into the home"):
        home.create()
    assert list(home.path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_home_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    os.chown(home.path, 12345, 12345)
    with pytest.raises(StackError, match="belongs to another user"):
        home.create()


def test_a_home_of_an_older_botobs_is_closed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for folder in (home.path, home.secrets, home.config, home.data, home.logs):
        folder.mkdir(mode=0o755)
    home.create()
    assert _open_to_others(home.path) == []


def test_a_project_is_not_taken_for_a_home(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data" / "prices.csv").write_text("of others")
    with pytest.raises(StackError, match="'data'"):
        Home(tmp_path).create()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o755


@pytest.mark.parametrize("name", [".bashrc", "notes.txt", "src/secrets/token"])
def test_a_folder_that_holds_something_else_stays_as_it_is(tmp_path: Path, name: str) -> None:
    """A project, or the home of a user whom other programs run as: closing it would end them."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("of others")
    tmp_path.chmod(0o755)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(StackError, match=f"{name.partition('/')[0]}'"):
        Home(tmp_path).create()
    assert sorted(tmp_path.rglob("*")) == before
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_folder_that_waits_for_a_stack_is_taken(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "botobs.toml").write_text("")
    (home.custom / "rules").mkdir(parents=True)
    (home.custom / "rules" / "own.yml").write_text("groups: []")
    home.create()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.parametrize("path", ["/dev/null", "/dev/null/x"])
def test_a_home_that_cannot_be_one_is_a_sentence(path: str) -> None:
    with pytest.raises(StackError, match="home /dev/null"):
        Home(Path(path)).create()


def test_a_page_is_closed_before_anything_is_in_it(tmp_path: Path, umask: int) -> None:
    page = tmp_path / "report.html"
    page.write_text("an older one, longer than the new one")
    page.chmod(0o644)
    with private.open_private(page, os.O_TRUNC) as file:
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        file.write(b"new")
    assert page.read_text() == "new"
    # A device is nobody's to close.
    with private.open_private(Path("/dev/null"), os.O_TRUNC) as file:
        file.write(b"new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_nothing_is_written_into_another_users_file(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("theirs")
    os.chown(page, 12345, 12345)
    with pytest.raises(StackError, match="belongs to another user"):
        private.open_private(page, os.O_TRUNC)
    assert page.read_text() == "theirs"


@pytest.mark.asyncio
async def test_what_a_part_stores_is_closed_to_others(tmp_path: Path) -> None:
    import sys

    from botobs._ops.processes.process import Process
    from botobs._ops.processes.supervisor import Supervisor

    stored = tmp_path / "stored"

    async def ready() -> bool:
        return stored.exists()

    code = f"open({str(stored)!r}, 'w').close(); import time; time.sleep(600)"
    previous = os.umask(0)
    try:
        supervisor = Supervisor([Process("a", [sys.executable, "-c", code], ready)], tmp_path)
        await supervisor.start()
        await supervisor.stop()
    finally:
        os.umask(previous)
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a.log").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "words", ["token create pnl --output {}", "report --output {}", "install --output {}"]
)
def test_what_somebody_else_has_written_is_not_written_over(
    tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "report.html"
    theirs.write_text("<title>of pytest</title>", encoding="utf-8")
    home = tmp_path / "home"
    assert main(["token", "create", "first", "--home", str(home)]) == 0
    named = [] if words.startswith("install") else ["--home", str(home)]
    assert main([*words.format(theirs).split(), *named]) == 1
    assert theirs.read_text(encoding="utf-8") == "<title>of pytest</title>"
    assert f"{theirs} is there already, and botobs has not written it" in capsys.readouterr().err.replace(
        "\n", " "
    )


def test_what_was_written_before_is_written_again(tmp_path: Path) -> None:
    file, home = tmp_path / "pnl.token", str(tmp_path / "home")
    for _ in range(2):
        assert main(["token", "create", "pnl", "--output", str(file), "--home", home]) == 0
    file.write_text("")
    assert main(["token", "create", "pnl", "--output", str(file), "--home", home]) == 0
