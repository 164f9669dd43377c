"""Headless Chromium, installed where that is allowed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from .containers.debian import apt_install

_PACKAGES = ("chromium", "fonts-dejavu-core")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser, for the length of a block.

    Raises:
        FileNotFoundError: There is none, and it may not be installed; the message has the command that would.
        NotHere: It cannot be installed.
    """
    if shutil.which("chromium") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        apt_install(*_PACKAGES)
    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError(
            f"Chromium is missing. Install it with: sudo apt-get install {' '.join(_PACKAGES)}"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield browser
        browser.close()
