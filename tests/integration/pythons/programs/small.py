"""Is frozen by PyInstaller."""

from __future__ import annotations

from contextlib import suppress

import botobs

handle = botobs.init("frozen")

import redis  # noqa: E402, F401 - PyInstaller packs it, and its instrumentor is installed
import requests  # noqa: E402

with suppress(requests.ConnectionError):
    requests.get("http://127.0.0.1:9")
print([status.name for status in handle.instrumentations if status.state == "failed"])
print([status.state.value for status in handle.instrumentations if status.name == "redis"])
