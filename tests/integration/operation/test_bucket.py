"""A backup of a home in which nothing runs in a bucket of a real S3 server, and its way back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from botobs._ops.cli import main
from botobs._ops.home.home import Home
from tests.support.object_store import ObjectStore, object_store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A server with one bucket."""
    with object_store(tmp_path_factory.mktemp("s3"), "backups") as made:
        yield made


@pytest.fixture
def store(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """The same, its bucket empty, and who asks it signed in."""
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    yield server
    for path in (server.buckets / "backups").iterdir():
        shutil.rmtree(path)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with data."""
    home = Home(tmp_path / "home")
    assert main(["token", "create", "pnl", "--home", str(home.path)]) == 0
    for number in range(30):
        path = home.data / "prometheus" / f"block {number}" / "ünïcode+%.bin"
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes([number]) * number * 1000)
    return home


def _contents(home: Home) -> dict[str, bytes]:
    return {
        str(path.relative_to(home.path)): path.read_bytes()
        for folder in (home.data, home.secrets)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _backup(home: Home, place: str) -> int:
    return main(["backup", place, "--home", str(home.path)])


def _restore(home: Home, place: str) -> int:
    return main(["restore", place, "--home", str(home.path)])


def test_there_and_back(store: ObjectStore, home: Home, tmp_path: Path) -> None:
    assert _backup(home, "s3://backups/2026/monday") == 0
    other = Home(tmp_path / "other")
    assert _restore(other, "s3://backups/2026/monday") == 0
    assert _contents(other) == _contents(home)
    assert not [path for path in other.path.rglob("*") if path.stat().st_mode & 0o077]
    # Nothing is left of what was on its way.
    assert {path.name for path in tmp_path.iterdir()} == {"home", "other"}


def test_what_is_there_is_never_written_over(
    store: ObjectStore, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _backup(home, "s3://backups/monday") == 0
    assert _backup(home, "s3://backups/monday") == 1
    assert "something is in s3://backups/monday already" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["changed", "missing", "cut off before its end", "another place"])
def test_what_is_not_whole_is_not_restored(
    store: ObjectStore, home: Home, tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _backup(home, "s3://backups/monday") == 0
    object_ = store.buckets / "backups" / "monday" / "secrets" / "ca.pem"
    if how == "changed":
        object_.write_bytes(b"x" * object_.stat().st_size)
    elif how == "missing":
        object_.unlink()
    elif how == "cut off before its end":
        (store.buckets / "backups" / "monday" / "manifest.json").unlink()
    capsys.readouterr()
    other = Home(tmp_path / "other")
    place = "tuesday" if how == "another place" else "monday"
    assert _restore(other, f"s3://backups/{place}") == 1
    said = capsys.readouterr().err
    assert f"s3://backups/{place} is no backup" in said or "is not whole" in said
    assert not other.path.exists()


@pytest.mark.parametrize(
    ("place", "environ", "said"),
    [
        ("s3://none/monday", {}, "s3://none/monday "),
        ("s3://backups/monday", {"AWS_SECRET_ACCESS_KEY": "wrong"}, "cannot be used"),
        ("s3://backups/monday", {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, "cannot be used"),
        ("s3://backups/monday", {"AWS_ENDPOINT_URL_S3": "nonsense"}, "S3 cannot be asked"),
        ("s3://backups/monday", {"AWS_ACCESS_KEY_ID": ""}, "cannot be used"),
        ("s3://backups", {}, "is no place for a backup"),
        ("s3://backups/../x", {}, "is no place for a backup"),
        ("s3:/backups/x", {}, "is no place for a backup"),
        ("s3://UPPER/x", {}, "is no place for a backup"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    store: ObjectStore,
    home: Home,
    place: str,
    environ: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert _backup(home, place) in (1, 2)
    assert said in capsys.readouterr().err
    assert _restore(Home(home.path.with_name("other")), place) in (1, 2)
    assert said in capsys.readouterr().err
