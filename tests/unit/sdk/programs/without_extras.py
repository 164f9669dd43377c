"""Runs the commands that need no extra, without the extras' packages."""

from __future__ import annotations

import sys
from typing import Any, cast

for extra in ("rich", "httpx", "cryptography", "bcrypt", "yaml"):
    cast(dict[str, Any], sys.modules)[extra] = None

from botobs._ops.cli import main  # noqa: E402

assert main(["run", "--", "no-such-command"]) == 1
main(["doctor"])
