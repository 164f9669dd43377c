"""Files of bbolt, in which the collector keeps its queues: whether it can read one to its last page, and a new one.

bbolt looks at the headers when it opens a file and trusts everything else: it panics on a page that is none.
Only what leads to the values is checked, and no value is read: a queue of gigabytes takes seconds.
https://github.com/etcd-io/bbolt/tree/main/internal/common: meta.go, page.go, bucket.go; internal/freelist/shared.go
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

_PAGE = struct.Struct("<QHHI")
# Magic, version, page size, flags, the root bucket (two words), the free list's page, the number of pages, the
# transaction, a checksum of all that.
_META = struct.Struct("<IIIIQQQQQQ")
_LEAF, _BRANCH = struct.Struct("<IIII"), struct.Struct("<IIQ")
_MAGIC, _VERSION = 0xED0CDAED, 2
_IS_BRANCH, _IS_LEAF, _IS_META, _IS_FREE_LIST = 1, 2, 4, 16
_IS_BUCKET = 1
_NO_FREE_LIST = 2**64 - 1
#: A free list with so many entries has their number in its first.
_MANY = 0xFFFF
#: Pages may be as large as the machine's own.
_PAGE_SIZES = (4096, 8192, 16384, 32768, 65536)
#: Buckets in buckets, and pages above pages: the collector's files have one and a few.
_DEEPEST = 64


class Unreadable(ValueError):
    """The file cannot be read to its end."""


class _Meta(NamedTuple):
    transaction: int
    page_size: int
    root: int
    free_list: int
    pages: int


def check(path: Path) -> None:
    """Look at every page that is in use.

    Raises:
        Unreadable: bbolt would not open the file, or panic on it; the text says where.
        OSError: The file cannot be read at all.
    """
    size = path.stat().st_size
    if not size:
        return  # A new one.
    with path.open("rb") as file:
        _Tree(file, size).check()


def first_key(path: Path, bucket: bytes) -> bytes | None:
    """The first key of a bucket in a file that can be read; None of an empty bucket or file, or without the bucket."""
    size = path.stat().st_size
    if not size:
        return None
    with path.open("rb") as file:
        return _Tree(file, size).first_key(bucket)


def new(bucket: bytes, keys: Sequence[bytes]) -> bytes:
    """A file with one bucket, of entries without a value.

    Args:
        bucket: Its name.
        keys: Of the entries, in their order; few, for a small bucket is stored within its parent.
    """
    size = _PAGE_SIZES[0]
    metas = [_page(number, _IS_META, 0, _new_meta(size, transaction=number)) for number in (0, 1)]
    inside = _page(0, _IS_LEAF, len(keys), _leaves([(0, key, b"") for key in keys]))
    root = _leaves([(_IS_BUCKET, bucket, struct.pack("<QQ", 0, 0) + inside)])
    pages = (*metas, _page(2, _IS_FREE_LIST, 0, b""), _page(3, _IS_LEAF, 1, root))
    return b"".join(page.ljust(size, b"\0") for page in pages)


def _page(number: int, flags: int, count: int, content: bytes) -> bytes:
    return _PAGE.pack(number, flags, count, 0) + content


def _new_meta(page_size: int, transaction: int) -> bytes:
    """A header: the root is page 3, free pages stand in page 2, and there are four."""
    raw = _META.pack(_MAGIC, _VERSION, page_size, 0, 3, 0, 2, 4, transaction, 0)[:-8]
    return raw + struct.pack("<Q", _fnv(raw))


def _leaves(entries: Sequence[tuple[int, bytes, bytes]]) -> bytes:
    """Flags, key and value of each; where a key is stands behind its entry."""
    head, body = b"", b""
    for place, (flags, key, value) in enumerate(entries):
        head += _LEAF.pack(flags, _LEAF.size * (len(entries) - place) + len(body), len(key), len(value))
        body += key + value
    return head + body


def _entries(page: bytes) -> list[tuple[bytes, bytes]]:
    """Keys and values of a leaf."""
    _, _, count, _ = _PAGE.unpack_from(page)
    found = []
    for place in range(_PAGE.size, _PAGE.size + count * _LEAF.size, _LEAF.size):
        _, position, key, value = _LEAF.unpack_from(page, place)
        at = place + position
        found.append((page[at : at + key], page[at + key : at + key + value]))
    return found


class _Tree:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        metas = [meta for at in (0, *_PAGE_SIZES) if (meta := self._meta(at))]
        if not metas:
            raise Unreadable("it has no valid header")
        self._newest = max(metas)
        if size < self._newest.pages * self._newest.page_size:
            raise Unreadable("it was cut short")
        self._seen: set[int] = set()

    def check(self) -> None:
        if self._newest.free_list != _NO_FREE_LIST:
            self._check_free_list(self._newest.free_list)
        self._check_page(self._newest.root, 0)

    def first_key(self, bucket: bytes) -> bytes | None:
        for key, value in self._leftmost(self._newest.root):
            if key == bucket:
                (root,) = struct.unpack_from("<Q", value)
                entries = self._leftmost(root) if root else _entries(value[16:])
                return entries[0][0] if entries else None
        return None

    def _leftmost(self, number: int) -> list[tuple[bytes, bytes]]:
        """Keys and values of the first leaf below a page."""
        flags, _, at, end = self._page(number)
        page = self._read(at, end - at)
        if flags == _IS_LEAF:
            return _entries(page)
        _, _, child = _BRANCH.unpack_from(page, _PAGE.size)
        return self._leftmost(child)

    def _meta(self, at: int) -> _Meta | None:
        """The header of the page at an offset; None if none is there."""
        raw = self._read(at + _PAGE.size, _META.size)
        if len(raw) < _META.size:
            return None
        magic, version, page_size, _, root, _, free, pages, transaction, checksum = _META.unpack(raw)
        if (magic, version) != (_MAGIC, _VERSION) or checksum != _fnv(raw[:-8]) or at not in (0, page_size):
            return None
        return _Meta(transaction, page_size, root, free, pages)

    def _check_free_list(self, number: int) -> None:
        flags, count, at, end = self._page(number)
        at += _PAGE.size
        if flags != _IS_FREE_LIST:
            raise Unreadable(f"page {number} is no free list")
        if count == _MANY:
            (count,) = struct.unpack("<Q", self._read(at, 8))
            at += 8
        if at + 8 * count > end:
            raise Unreadable(f"page {number}: its free list is longer than the page")
        free = struct.unpack(f"<{count}Q", self._read(at, 8 * count))
        if any(not 2 <= one < self._newest.pages for one in free) or any(map(int.__ge__, free, free[1:])):
            raise Unreadable(f"page {number} lists free pages that there are not")

    def _check_page(self, number: int, depth: int) -> None:
        flags, count, at, end = self._page(number)
        if number in self._seen or depth > _DEEPEST:
            raise Unreadable(f"page {number} is used twice")
        self._seen.add(number)
        self._check_elements(
            number, flags, count, self._read(at, _PAGE.size + count * _LEAF.size), at, end, depth
        )

    def _check_elements(
        self, number: int, flags: int, count: int, head: bytes, at: int, end: int, depth: int
    ) -> None:
        if flags not in (_IS_BRANCH, _IS_LEAF) or (flags == _IS_BRANCH and not count):
            raise Unreadable(f"page {number} is no page of data")
        if len(head) < _PAGE.size + count * _LEAF.size:
            raise Unreadable(f"page {number} ends too early")
        for place in range(_PAGE.size, _PAGE.size + count * _LEAF.size, _LEAF.size):
            if flags == _IS_BRANCH:
                position, key, child = _BRANCH.unpack_from(head, place)
                self._check_extent(number, at + place + position + key, end)
                self._check_page(child, depth + 1)
                continue
            kind, position, key, value = _LEAF.unpack_from(head, place)
            self._check_extent(number, at + place + position + key + value, end)
            if kind & _IS_BUCKET:
                self._check_bucket(number, at + place + position + key, value, depth)

    def _check_bucket(self, number: int, at: int, length: int, depth: int) -> None:
        if length < 16:
            raise Unreadable(f"page {number} has a bucket without a header")
        (root,) = struct.unpack("<Q", self._read(at, 8))
        if root:
            return self._check_page(root, depth + 1)
        # A small bucket is stored inline behind its header, as a page.
        inline = self._read(at + 16, length - 16)
        if len(inline) < _PAGE.size:
            raise Unreadable(f"page {number} has a bucket without a page")
        _, flags, count, _ = _PAGE.unpack_from(inline)
        if flags != _IS_LEAF:
            raise Unreadable(f"page {number} has a bucket that is no page")
        return self._check_elements(number, flags, count, inline, at + 16, at + length, depth + 1)

    def _check_extent(self, number: int, end_of_item: int, end_of_page: int) -> None:
        if end_of_item > end_of_page:
            raise Unreadable(f"page {number} has an entry that ends beyond it")

    def _page(self, number: int) -> tuple[int, int, int, int]:
        """Flags and entries of a page, where it begins, and where it ends with those that belong to it."""
        if not 2 <= number < self._newest.pages:
            raise Unreadable(f"there is no page {number}")
        at = number * self._newest.page_size
        own, flags, count, more = _PAGE.unpack(self._read(at, _PAGE.size))
        if own != number or number + more >= self._newest.pages:
            raise Unreadable(f"page {number} says that it is another")
        return flags, count, at, (number + more + 1) * self._newest.page_size

    def _read(self, at: int, length: int) -> bytes:
        self._file.seek(at)
        return self._file.read(length)


def _fnv(data: bytes) -> int:
    """The checksum of a header: FNV-1a of 64 bits, http://www.isthe.com/chongo/tech/comp/fnv/."""
    result = 0xCBF29CE484222325
    for byte in data:
        result = (result ^ byte) * 0x100000001B3 % 2**64
    return result
