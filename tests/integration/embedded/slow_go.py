#!/usr/bin/env python3
"""Stands in for the Go toolchain: "builds" a program by copying one that was built before, once it may."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path


def main(words: list[str]) -> None:
    """`go list` counts packages, `go build` names them, waits for the gate, and copies."""
    if words[0] == "list":
        sys.stdout.write("package\n" * 40)
        return
    target = Path(words[words.index("-o") + 1])
    built = json.loads(os.environ["SLOW_GO_BUILT"])
    number = 0
    while not Path(os.environ["SLOW_GO_GATE"]).exists():
        number += 1
        sys.stderr.write(f"example.test/package{number}\n")
        sys.stderr.flush()
        time.sleep(0.5)
    shutil.copy(built[target.name], target)


if __name__ == "__main__":
    main(sys.argv[1:])
