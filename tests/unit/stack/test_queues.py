"""State that a program could not read is set aside; any other is left alone."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botobs._ops.components import bolt
from botobs._ops.components.bolt import _fnv
from botobs._ops.components.queues import lay_out, set_aside_broken, set_aside_broken_snapshots

_PAGE = 4096
_BRANCH, _LEAF, _FREE_LIST = 1, 2, 16


def _meta(number: int, transaction: int, root: int = 3, pages: int = 8) -> bytes:
    meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, _PAGE, 0, root, 0, 2, pages, transaction)
    return (struct.pack("<QHHI", number, 4, 0, 0) + meta + struct.pack("<Q", _fnv(meta))).ljust(_PAGE, b"\0")


def _leaf(number: int, items: list[tuple[int, bytes, bytes]], more: int = 0) -> bytes:
    """A page of entries: a flag, 1 for a bucket, a key and a value each."""
    head, body = struct.pack("<QHHI", number, _LEAF, len(items), more), b""
    for place, (flag, key, value) in enumerate(items):
        head += struct.pack("<IIII", flag, 16 * (len(items) - place) + len(body), len(key), len(value))
        body += key + value
    return (head + body).ljust(_PAGE * (more + 1), b"\0")


def _branch(number: int, key: bytes, child: int) -> bytes:
    return (struct.pack("<QHHIIIQ", number, _BRANCH, 1, 0, 16, len(key), child) + key).ljust(_PAGE, b"\0")


_SMALL = _leaf(0, [(0, b"a", b"b")])[:34]
_QUEUE = b"".join(
    [
        _meta(0, 6),
        _meta(1, 7),
        struct.pack("<QHHIQ", 2, _FREE_LIST, 1, 0, 7).ljust(_PAGE, b"\0"),
        _leaf(3, [(1, b"default", struct.pack("<QQ", 4, 0)), (1, b"small", bytes(16) + _SMALL)]),
        _branch(4, b"1", 5),
        _leaf(5, [(0, b"1", b"x" * 5000)], more=1),
        bytes(_PAGE),
    ]
)  # fmt: skip


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A file of eight pages: two headers, free pages, the root, a branch, a leaf of two pages, and a free page."""
    path = tmp_path / "exporter_otlp_grpc_tempo_traces"
    path.write_bytes(_QUEUE)
    return path


@pytest.mark.parametrize(
    "content", [_QUEUE, _QUEUE + bytes(5 * _PAGE), b""], ids=["whole", "with room", "new"]
)
def test_whole(queue: Path, content: bytes) -> None:
    queue.write_bytes(content)
    assert set_aside_broken(queue.parent) == []
    assert queue.read_bytes() == content


def test_one_header_is_enough(queue: Path) -> None:
    """bbolt goes on with the other one after a crash amid a commit."""
    queue.write_bytes(_QUEUE[:_PAGE] + bytes(_PAGE) + _QUEUE[2 * _PAGE :])
    assert set_aside_broken(queue.parent) == []


_random = random.Random(7)
_DAMAGES: dict[str, bytes] = {
    "one byte": b"\0",
    "zeros": bytes(4096),
    "many zeros": bytes(32768),
    "random": _random.randbytes(100_000),
    "foreign": b"SQLite format 3\0" + bytes(10_000),
    "text": b"x" * 100_000,
    "no headers": bytes(2 * _PAGE) + _QUEUE[2 * _PAGE :],
    "a header with another checksum": _QUEUE.replace(
        struct.pack("<QQ", 8, 7), struct.pack("<QQ", 9, 7)
    ).replace(struct.pack("<QQ", 8, 6), struct.pack("<QQ", 9, 6)),
    "cut by a byte": _QUEUE[:-1],
    "cut by half": _QUEUE[: 4 * _PAGE],
    **{
        f"page {number} is {what}": _QUEUE[: number * _PAGE] + page + _QUEUE[(number + 1) * _PAGE :]
        for number in (2, 3, 4, 5)
        for what, page in (("zeros", bytes(_PAGE)), ("random", _random.randbytes(_PAGE)))
    },
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_damaged(queue: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    queue.write_bytes(_DAMAGES[damage])
    (moved,) = set_aside_broken(queue.parent)
    assert not queue.exists()
    assert moved.read_bytes() == _DAMAGES[damage]
    assert moved.name.endswith(".backup")
    assert queue.name in caplog.text
    assert set_aside_broken(queue.parent) == []


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "exporter_folder").mkdir()
    (moved,) = set_aside_broken(tmp_path)
    assert moved.is_dir()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(_QUEUE) - 64), junk=st.binary(min_size=1, max_size=64))
def test_any_damage_is_judged(queue: Path, at: int, junk: bytes) -> None:
    """Set aside or not, the start goes on."""
    queue.write_bytes(_QUEUE[:at] + junk + _QUEUE[at + len(junk) :])
    for moved in set_aside_broken(queue.parent):
        moved.unlink()


def test_no_folder(tmp_path: Path) -> None:
    assert set_aside_broken(tmp_path / "none") == []
    assert set_aside_broken_snapshots(tmp_path / "none") == []


def _field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def _message(content: bytes) -> bytes:
    return bytes([len(content)]) + content


_TIME = _field(1, 100)
_SENT = _message(
    _field(1, _field(1, b"group") + _field(2, _field(1, b"email")) + _field(5, _TIME) + _field(6, 3))
    + _field(2, _TIME)
)
_SILENCED = _message(_field(1, _field(1, b"id") + _field(2, _field(2, b"alertname"))) + _field(2, _TIME))


@pytest.mark.parametrize("content", [b"", _SENT, _SENT * 3], ids=["empty", "one", "three"])
def test_snapshots_that_are_whole(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "nflog").write_bytes(content)
    (tmp_path / "silences").write_bytes(_SILENCED * len(content))
    assert set_aside_broken_snapshots(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("nflog", lambda whole: whole[:-1]),
        ("nflog", lambda whole: whole + b"\0"),
        ("nflog", lambda _: bytes(4096)),
        ("nflog", lambda _: _random.randbytes(2000)),
        ("nflog", lambda _: b"\xff" * 20),
        ("nflog", lambda _: _message(_field(1, _field(1, 3)))),
        ("silences", lambda whole: whole[:-1]),
        ("silences", lambda _: bytes(1)),
        ("silences", lambda _: _message(_field(1, b"") + _field(2, bytes([16, 255, 255, 255, 255, 15])))),
    ],
)
def test_damaged_snapshots(tmp_path: Path, name: str, damage: Callable[[bytes], bytes]) -> None:
    whole = {"nflog": _SENT, "silences": _SILENCED}
    for each, content in whole.items():
        (tmp_path / each).write_bytes(content)
    (tmp_path / name).write_bytes(damage(whole[name]))
    (moved,) = set_aside_broken_snapshots(tmp_path)
    assert moved.name.startswith(f"{name}.")
    assert not (tmp_path / name).exists()


def test_a_queue_is_laid_out_once(tmp_path: Path) -> None:
    """That the collector takes it is shown by every test with a stack."""
    folder = tmp_path / "queue"
    lay_out(folder, ["exporter_one"])
    file = folder / "exporter_one"
    bolt.check(file)
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert set_aside_broken(folder) == []
    file.write_bytes(_QUEUE)
    lay_out(folder, ["exporter_one", "exporter_two"])
    assert file.read_bytes() == _QUEUE
    assert {path.name for path in folder.iterdir()} == {"exporter_one", "exporter_two"}


def test_a_new_file_is_as_bbolt_writes_one(tmp_path: Path) -> None:
    """Headers, free pages, and the root with a small bucket in it: https://github.com/etcd-io/bbolt, db.go, init."""
    inside = _leaf(0, [(0, b":0", b""), (0, b":1", b"")])[: 16 + 2 * 16 + 4]
    root = _leaf(3, [(1, b"default", bytes(16) + inside)])
    free = struct.pack("<QHHI", 2, _FREE_LIST, 0, 0).ljust(_PAGE, b"\0")
    expected = _meta(0, 0, pages=4) + _meta(1, 1, pages=4) + free + root
    assert bolt.new(b"default", [b":0", b":1"]) == expected


@pytest.mark.parametrize("within", [True, False], ids=["in its parent", "in a page"])
@pytest.mark.parametrize(
    ("keys", "is_laid_out"),
    [([b"qmv0"], True), ([b"17", b"qmv0"], False), ([b":0", b"qmv0"], False), ([], False)],
)
def test_what_an_earlier_version_has_emptied_is_laid_out(
    queue: Path, within: bool, keys: list[bytes], is_laid_out: bool
) -> None:
    inside = _leaf(4, [(0, key, b"x") for key in keys])
    value = bytes(16) + inside[:200] if within else struct.pack("<QQ", 4, 0)
    pages = [
        _meta(0, 6, pages=5),
        _meta(1, 7, pages=5),
        _leaf(2, []),
        _leaf(3, [(1, b"default", value)]),
        inside,
    ]
    pages[2] = struct.pack("<QHHI", 2, _FREE_LIST, 0, 0).ljust(_PAGE, b"\0")
    before = b"".join(pages)
    queue.write_bytes(before)
    lay_out(queue.parent, [queue.name])
    assert (queue.read_bytes() != before) == is_laid_out
