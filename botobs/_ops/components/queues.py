"""Sets aside queue files of the collector that were cut short: it would die on them at every start.

The collector's own `recreate` catches what bbolt refuses at opening. A file that lacks its end is opened, and then
read beyond its end in a place where nothing catches that.
"""

from __future__ import annotations

import logging
import struct
import time
from pathlib import Path
from typing import BinaryIO

logger = logging.getLogger(__name__)

# https://github.com/etcd-io/bbolt/blob/main/internal/common/meta.go: a page's header, then magic, version, page size,
# flags, the root bucket (two words), the free list's page, the number of pages, the transaction.
_PAGE_HEADER = 16
_META = struct.Struct("<IIIIQQQQQ")
_MAGIC = 0xED0CDAED
#: Pages may be as large as the machine's own.
_PAGE_SIZES = (4096, 8192, 16384, 65536)


def set_aside_broken(folder: Path) -> list[Path]:
    """Rename every queue file that lacks its end to `*.backup`; the new names.

    Args:
        folder: The collector's folder of queues, which may not be there yet.
    """
    moved = []
    for path in sorted(folder.glob("exporter_*")):
        if ".backup" not in path.name and not _has_its_end(path):
            aside = path.with_name(f"{path.name}.{int(time.time())}.backup")
            path.rename(aside)
            logger.warning(
                "%s was cut short and is set aside as %s: what it held is lost", path.name, aside.name
            )
            moved.append(aside)
    return moved


def _has_its_end(path: Path) -> bool:
    """Whether a file is as long as its newest header says; one without a header is left to the collector."""
    with path.open("rb") as file:
        headers = [header for at in (0, *_PAGE_SIZES) if (header := _header(file, at)) is not None]
    return not headers or path.stat().st_size >= max(headers)[1]


def _header(file: BinaryIO, at: int) -> tuple[int, int] | None:
    """Transaction, and bytes that are in use, of the header of the page at an offset; None if none is there."""
    file.seek(at + _PAGE_HEADER)
    raw = file.read(_META.size)
    if len(raw) < _META.size:
        return None
    magic, _, page_size, _, _, _, _, pages, transaction = _META.unpack(raw)
    return (transaction, pages * page_size) if magic == _MAGIC else None
