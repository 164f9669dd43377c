"""Files of others are bit for bit the same after any sequence of starts, crashes, take-overs and ends of a spool."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.export.priority import Priority
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.store import Batch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the spool needs the file locks of POSIX")

_NUMBER, _HEX = "0" * 20, "0123456789abcdef" * 2
_PARCEL_NAME = f"{_NUMBER}-traces-normal-1-{_HEX}.otlp"
#: Names of people, of the system, of our own, and such as nearly are our own.
_NAMES = st.sampled_from(
    [
        *(
            "conf",
            "logs",
            ".git",
            ".ssh",
            "config",
            "id_ed25519",
            "lost+found",
            "a file",
            "lock",
            "botobs-spool",
        ),
        *(_HEX, "f" * 32, "f" * 31, _PARCEL_NAME, _PARCEL_NAME + ".part", f"{_NUMBER}-traces-normal-1.otlp"),
        *(f"{_NUMBER}-traces-normal-1.part", "x.otlp", "x.part", _PARCEL_NAME.upper()),
    ]
)
_LEAVES = st.one_of(
    st.binary(max_size=20).map(lambda content: ("file", content)),
    st.sampled_from([".", "..", "../outside", "conf", "lock", _HEX, "/nonexistent"]).map(
        lambda target: ("link", target)
    ),
    st.just(("pipe", None)),
)
_TREES = st.recursive(
    st.dictionaries(_NAMES, _LEAVES, max_size=4),
    lambda inner: st.dictionaries(_NAMES, _LEAVES | inner.map(lambda tree: ("folder", tree)), max_size=4),
    max_leaves=12,
)
_STEPS = st.lists(
    st.sampled_from(["start", "add", "deliver", "expire", "look", "crash", "end"]), min_size=1, max_size=14
)
#: What a spool may leave, below the directory that a person named.
_OWN = re.compile(r"botobs-spool(/[0-9a-f]{32}(/lock|/\d{20}-traces-(normal|bulk)-1-[0-9a-f]{32}\.otlp)?)?")


def plant(tree: Mapping[str, tuple[str, object]], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, (kind, content) in tree.items():
        path = folder / name
        if os.path.lexists(path) and not (kind == "folder" and path.is_dir() and not path.is_symlink()):
            continue
        match kind, content:
            case "file", bytes():
                path.write_bytes(content)
            case "link", str():
                path.symlink_to(content)
            case "pipe", _:
                os.mkfifo(path)
            case _, dict():
                plant(content, path)


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every entry below `folder`, links unfollowed: its kind, rights, inode and content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content: object = None
        if stat.S_ISLNK(status.st_mode):
            content = path.readlink()
        elif stat.S_ISREG(status.st_mode):
            content = (path.read_bytes(), status.st_mtime_ns)
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_ino, status.st_nlink, content)
    # The number of links of a folder counts the folders in it.
    return {
        name: (mode, inode, None if stat.S_ISDIR(mode) else links, content)  # type: ignore[arg-type]
        for name, (mode, inode, links, content) in found.items()
    }


def play(steps: list[str], directory: Path) -> None:
    """Run the steps with up to three processes; all of them have ended afterwards."""
    living: list[Spool] = []
    for number, step in enumerate(steps):
        if step == "start" or not living:
            living = [Spool(directory, 300, 3600.0), *living[:2]]
            continue
        spool = living[number % len(living)]
        match step:
            case "add":
                priority = Priority.BULK if number % 2 else Priority.NORMAL
                spool.add(Batch("traces", priority, b"%d" % number * 40, 1))
            case "deliver":
                if (oldest := spool.oldest("traces")) is not None:
                    spool.remove(oldest)
            case "expire":
                spool._max_age = -1.0
                spool.expire()
            case "look":
                spool._look_at = 0.0
                spool.expire()
            case "crash":
                spool.after_fork()
                living.remove(spool)
            case "end":
                spool.close()
                living.remove(spool)
    for spool in living:
        spool.close()


def test_a_home_stays_as_it_is(tmp_path: Path) -> None:
    """Each folder of it was once taken for one of a process that has ended, and emptied at the next end."""
    home = tmp_path / "home"
    for file in (".ssh/id_ed25519", ".aws/credentials", "project/.git/config", "logs/today.log", "notes.txt"):
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(file)
    (home / "elsewhere").symlink_to(tmp_path / "target")
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "key").write_text("key")
    before = picture(tmp_path)
    play(["start", "add", "start", "crash", "start", "deliver", "end", "end"], home)
    after = picture(tmp_path)
    assert {path: after.get(path) for path in before} == before
    assert {path.split("/")[1] for path in after.keys() - before.keys()} == {"botobs-spool"}


@given(tree=_TREES, first=_STEPS, planted_later=_TREES, then=_STEPS)
def test_a_tree_of_others_stays_as_it_is(
    tree: dict[str, tuple[str, object]],
    first: list[str],
    planted_later: dict[str, tuple[str, object]],
    then: list[str],
) -> None:
    """Others put things into the spool's own folders as well, between two lives of it."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        plant({"outside": ("folder", {"key": ("file", b"secret"), _HEX: ("folder", {})})}, home)
        directory = home / "directory"
        plant(tree, directory)
        before = picture(home)
        play(first, directory)
        for folder in [*directory.glob("botobs-spool/*"), directory]:
            if folder.is_dir() and not folder.is_symlink():
                plant(planted_later, folder)
        between = picture(home)
        own = {
            path
            for path in between.keys() - before.keys()
            # Half a file of ours, as a crash leaves it, is removed.
            if _OWN.fullmatch(path.removeprefix("directory/").removesuffix(".part"))
        }
        before |= {path: entry for path, entry in between.items() if path not in own}
        play(then, directory)
        after = picture(home)
        assert {path: entry for path, entry in after.items() if path in before} == before
        for path in after.keys() - between.keys():
            assert _OWN.fullmatch(path.removeprefix("directory/")), path
