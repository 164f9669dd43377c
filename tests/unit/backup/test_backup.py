"""A backup of a home in which nothing runs, and its way back."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from botobs import __version__
from botobs._ops import backup
from botobs._ops.access import secrets
from botobs._ops.backup import _restore
from botobs._ops.backup._copy import Mirror, copy
from botobs._ops.cli import main
from botobs._ops.errors import StackError
from botobs._ops.home import record
from botobs._ops.home.home import Home
from botobs._ops.home.locks import try_exclusive
from botobs._sdk.process import alive


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with something of everything."""
    home = Home(tmp_path / "home")
    home.create()
    secrets.ensure(home.secrets)
    for path in ("data/prometheus/wal/0", "data/postgres/base", "custom/rules/a.yml", "logs/up.log"):
        (home.path / path).parent.mkdir(parents=True, exist_ok=True)
        (home.path / path).write_text(path)
    (home.path / "botobs.toml").write_text("[stack]\n")
    record.write(home, record.Record(__version__, {"prometheus": "3"}, ("--ports", "fixed")))
    return home


def _contents(folder: Path) -> dict[str, bytes]:
    kept = ("data/prometheus", "custom", "secrets", "botobs.toml", record.NAME)
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name.startswith(kept)}


def test_there_and_back(home: Home, tmp_path: Path) -> None:
    taken = backup.take(home, tmp_path / "copy", None)
    assert taken.files == len(_contents(home.path))
    other = Home(tmp_path / "other")
    assert backup.restore(tmp_path / "copy", other) is None
    assert _contents(other.path) == _contents(home.path)
    # A database has tools of its own, and logs are of the past.
    assert not (other.path / "data" / "postgres").exists()
    assert not (tmp_path / "copy" / "logs").exists()
    secrets.ensure(other.secrets)
    assert record.read(other).programs == {"prometheus": "3"}


def test_nobody_else_can_read_it(home: Home, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        backup.take(home, tmp_path / "copy", None)
        backup.restore(tmp_path / "copy", Home(tmp_path / "other"))
    finally:
        os.umask(old)
    for folder in ("copy", "other"):
        for path in (tmp_path / folder, *(tmp_path / folder).rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_file_that_has_changed_is_noticed_and_nothing_is_touched(home: Home, tmp_path: Path) -> None:
    backup.take(home, tmp_path / "copy", None)
    (tmp_path / "copy" / "data" / "prometheus" / "wal" / "0").write_text("other")
    before = _contents(home.path)
    with pytest.raises(StackError, match="not whole: data/prometheus/wal/0"):
        backup.restore(tmp_path / "copy", home, replace=True)
    assert _contents(home.path) == before
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    "damage", ["cut", "empty", "zeros", "random", "a list", "files are a list", "folder"]
)
def test_a_damaged_manifest_is_said_to_be_so_and_nothing_is_touched(
    home: Home, tmp_path: Path, damage: str
) -> None:
    backup.take(home, tmp_path / "copy", None)
    manifest = tmp_path / "copy" / "manifest.json"
    content = manifest.read_bytes()
    manifest.unlink()
    if damage == "folder":
        manifest.mkdir()
    else:
        files = json.dumps(json.loads(content) | {"files": ["data"]}).encode()
        manifest.write_bytes(
            {
                "cut": content[: len(content) // 2], "empty": b"", "zeros": bytes(len(content)),
                "random": b"\xff\x00\xfe", "a list": b"[]", "files are a list": files,
            }[damage]
        )  # fmt: skip
    before = _contents(home.path)
    with pytest.raises(StackError, match=r"manifest\.json"):
        backup.restore(tmp_path / "copy", home, replace=True)
    assert _contents(home.path) == before


def test_a_path_that_leads_out_is_refused(home: Home, tmp_path: Path) -> None:
    backup.take(home, tmp_path / "copy", None)
    manifest = tmp_path / "copy" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["files"]["../../evil"] = "0"
    manifest.write_text(json.dumps(content))
    with pytest.raises(StackError, match="outside of it"):
        backup.restore(tmp_path / "copy", Home(tmp_path / "other"))


def test_what_is_there_is_moved_aside_and_only_when_asked(home: Home, tmp_path: Path) -> None:
    backup.take(home, tmp_path / "copy", None)
    (home.data / "prometheus" / "wal" / "0").write_text("later")
    with pytest.raises(StackError, match=r"not empty\n.*--replace"):
        backup.restore(tmp_path / "copy", home)
    aside = backup.restore(tmp_path / "copy", home, replace=True)
    assert aside is not None
    assert (aside / "data" / "prometheus" / "wal" / "0").read_text() == "later"
    assert (home.data / "prometheus" / "wal" / "0").read_text() == "data/prometheus/wal/0"


def test_what_is_no_home_is_not_moved(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    backup.take(home, folder, None)
    project = Home(tmp_path / "project")
    (project.path / ".git").mkdir(parents=True)
    with pytest.raises(StackError, match="no botobs home: it holds '\\.git'"):
        backup.restore(folder, project, replace=True)
    assert [each.name for each in project.path.iterdir()] == [".git"]


def test_no_stack_is_started_while_it_is_replaced(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"
    backup.take(home, folder, None)
    held: list[bool] = []

    def copied(source: Path, target: Path) -> str:
        held.append(alive.locked(home.lock))
        return copy(source, target)

    monkeypatch.setattr(_restore, "copy", copied)
    backup.restore(folder, home, replace=True)
    assert held and all(held)
    assert not alive.locked(home.lock)


def test_where_a_disk_is_mounted_nothing_is_moved(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.take(home, tmp_path / "copy", None)
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path / "disk")
    with pytest.raises(StackError, match=r"cannot be replaced\n.*--home .*/disk/home"):
        backup.restore(tmp_path / "copy", Home(tmp_path / "disk"), replace=True)


def test_two_at_once_do_not_share_a_folder(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, empty = tmp_path / "backup", Home(tmp_path / "empty")
    backup.take(home, folder, None)
    seen: list[str] = []

    def copied(source: Path, target: Path) -> str:
        if not seen:
            with pytest.raises(
                StackError, match=r"another backup or restore of .*/empty is under way"
            ) as refused:
                backup.restore(folder, empty)
            seen.append(str(refused.value))
        return copy(source, target)

    monkeypatch.setattr(_restore, "copy", copied)
    backup.restore(folder, empty)
    assert seen and _contents(empty.path) == _contents(home.path)
    # Nor does the second replace what the first has made.
    with pytest.raises(StackError, match="is not empty"):
        backup.restore(folder, empty)
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_what_one_that_was_killed_has_left_is_in_nobodys_way(home: Home, tmp_path: Path) -> None:
    for name in (".copy.partial", ".other.restoring"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "old").write_text("old")
        (tmp_path / f"{name}.lock").touch()
    backup.take(home, tmp_path / "copy", None)
    backup.restore(tmp_path / "copy", Home(tmp_path / "other"))
    assert not list(tmp_path.glob("**/old"))
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_home_that_is_in_use_is_left_alone(home: Home, tmp_path: Path) -> None:
    backup.take(home, tmp_path / "copy", None)
    lock = try_exclusive(home.lock)
    assert lock is not None
    with pytest.raises(StackError, match="a stack is running"):
        backup.restore(tmp_path / "copy", home, replace=True)
    with pytest.raises(StackError, match="starts or stops"):
        backup.take(home, tmp_path / "second", None)
    os.close(lock)
    assert not (tmp_path / "second").exists()


def test_a_backup_of_a_newer_botobs_is_refused(home: Home, tmp_path: Path) -> None:
    record.write(home, record.Record("99.0.0", {}, ()))
    backup.take(home, tmp_path / "copy", None)
    with pytest.raises(StackError, match=r"of botobs 99\.0\.0.*\n.*pip install 'botobs==99\.0\.0'"):
        backup.restore(tmp_path / "copy", Home(tmp_path / "other"))


@pytest.mark.parametrize("place", ["there", "home/inside"])
def test_a_place_that_is_none_is_refused(home: Home, tmp_path: Path, place: str) -> None:
    (tmp_path / "there").mkdir()
    assert main(["backup", str(tmp_path / place), "--home", str(home.path)]) == 1
    assert not (tmp_path / "there" / "manifest.json").exists()


def test_no_room_is_told_before_anything_is_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botobs._ops.backup._take.free", lambda _: 10)
    with pytest.raises(StackError, match=r"a backup needs .* MB"):
        backup.take(home, tmp_path / "copy", None)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home"]


def test_a_second_look_copies_what_has_changed_and_forgets_what_has_gone(tmp_path: Path) -> None:
    source = tmp_path / "source" / "data"
    source.mkdir(parents=True)
    for name in "abc":
        (source / name).write_text(name)
    (source / "hole").write_bytes(bytes(5_000_000))
    mirror = Mirror(tmp_path / "source", tmp_path / "target", ("data",))
    mirror.update()
    (source / "a").unlink()
    (source / "b").write_text("longer")
    mirror.update()
    assert mirror.copied == len("longer")
    assert sorted(each.name for each in (tmp_path / "target" / "data").iterdir()) == ["b", "c", "hole"]
    assert (tmp_path / "target" / "data" / "b").read_text() == "longer"
    hole = (tmp_path / "target" / "data" / "hole").stat()
    assert hole.st_size == 5_000_000
    assert hole.st_blocks * 512 < 5_000_000
