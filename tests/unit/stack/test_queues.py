"""A queue file that lacks its end is set aside; any other is left alone."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from botobs._ops.components.queues import set_aside_broken

_PAGE = 4096


def _header(pages: int, transaction: int) -> bytes:
    meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, _PAGE, 0, 3, 0, 2, pages, transaction)
    return (bytes(16) + meta).ljust(_PAGE, b"\0")


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    """A file of ten pages, eight of which are in use since its last transaction."""
    path = tmp_path / "exporter_otlp_grpc_tempo_traces"
    path.write_bytes((_header(5, 6) + _header(8, 7)).ljust(10 * _PAGE, b"\0"))
    return path


@pytest.mark.parametrize("pages", [10, 8])
def test_whole(queue: Path, pages: int) -> None:
    with queue.open("r+b") as file:
        file.truncate(pages * _PAGE)
    assert set_aside_broken(queue.parent) == []
    assert queue.exists()


@pytest.mark.parametrize("length", [8 * _PAGE - 1, 5 * _PAGE, 2 * _PAGE])
def test_cut_short(queue: Path, length: int) -> None:
    with queue.open("r+b") as file:
        file.truncate(length)
    (moved,) = set_aside_broken(queue.parent)
    assert not queue.exists()
    assert moved.name.endswith(".backup")
    assert set_aside_broken(queue.parent) == []


def test_what_has_no_header_is_the_collectors_business(tmp_path: Path) -> None:
    (tmp_path / "exporter_empty").write_bytes(b"")
    (tmp_path / "exporter_other").write_bytes(b"x" * 100_000)
    assert set_aside_broken(tmp_path) == []


def test_no_folder(tmp_path: Path) -> None:
    assert set_aside_broken(tmp_path / "none") == []
