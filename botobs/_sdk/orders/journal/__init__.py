"""The journal: every submission without a response, in a memory-mapped file that survives the process.

A span is exported when it ends. An order whose process is killed before the response would leave no trace at all,
although the exchange may have it. So what is known of an order is written down before its request is sent:

- `Journal.submitted` copies it into a slot of the file. That is a store to memory: no system call on the caller's
  thread, but for one that wakes the export thread, at most once in 25 ms.
- The export thread sends what has no response by then ahead of everything else (`botobs._sdk.export.submissions`).
- `Journal.answered` frees the slot. What a killed process leaves is delivered by another process
  (`botobs._sdk.export.left_submissions`).

The kernel keeps what was stored to the file when the process is killed. When the machine goes down it is lost, as it is
not flushed to the disk.
"""

from __future__ import annotations

from ._journal import JOURNAL, Entry, Journal
from ._layout import SIZE, Memory, Submission, left, read_header, unpack, write_header

__all__ = [
    "JOURNAL",
    "SIZE",
    "Entry",
    "Journal",
    "Memory",
    "Submission",
    "left",
    "read_header",
    "unpack",
    "write_header",
]
