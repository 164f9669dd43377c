"""Files at paths from outside are read without waiting, and only if they are small regular ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from botobs._sdk.files import FileTooLarge, NotRegularFile, read_small

needs_posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")


def test_a_file_of_the_largest_size_is_read_and_no_larger_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345678")
    assert read_small(file, 8) == b"12345678"
    with pytest.raises(FileTooLarge, match="larger than 7 bytes"):
        read_small(file, 7)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotRegularFile):
        read_small(tmp_path)


@needs_posix
def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotRegularFile):
        read_small(tmp_path / "pipe")


@needs_posix
def test_a_link_is_followed_only_where_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_small(tmp_path / "link") == b"content"
    with pytest.raises(OSError, match="symbolic links"):
        read_small(tmp_path / "link", follow_links=False)


def test_a_check_sees_the_opened_file_and_what_it_raises_is_passed_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")

    def refuse(status: os.stat_result) -> None:
        raise LookupError(status.st_size)

    with pytest.raises(LookupError, match="7"):
        read_small(tmp_path / "file", check=refuse)
