"""`botobs demo` in a process, as a person starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botobs._ops.embedded.store import Store
from botobs._ops.home.home import Home

SLOW_GO = Path(__file__).with_name("slow_go.py")


class Demo:
    """A demo whose programs are built as soon as the test lets them, on a machine with nothing cached.

    Args:
        folder: Empty; all that it writes.
        binaries: What can be built, by the program's name.
        python: In whose environment botobs is.
    """

    def __init__(self, folder: Path, binaries: Mapping[str, Path], python: str = sys.executable) -> None:
        self._python = python
        folder.chmod(0o711)
        tools = folder / "tools"
        tools.mkdir()
        (tools / "go").write_text(f'#!/bin/sh\nexec {sys.executable} {SLOW_GO} "$@"\n')
        (tools / "go").chmod(0o755)
        self.home = Home(folder / "home")
        self._gate = folder / "gate"
        self._environ = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_STATE_HOME": str(folder / "state"),
            "SLOW_GO_GATE": str(self._gate),
            "SLOW_GO_BUILT": json.dumps({name: str(path) for name, path in binaries.items()}),
            "BOTOBS_SCRAPE_INTERVAL": "1s",
            "BOTOBS_SCRAPE_TIMEOUT": "1s",
            "OTEL_METRIC_EXPORT_INTERVAL": "2000",
            "NO_COLOR": "1",
        }
        self.began = time.monotonic()
        self.process = self._botobs("demo", "--ports", "auto", "--bots", "6", "--rate", "4")

    def _botobs(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._python, "-m", "botobs", *words, "--home", str(self.home.path)],
            env=self._environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        """What a command says for machines."""
        process = self._botobs(*words, "--json")
        out, _ = process.communicate(timeout=300)
        return json.loads(out)

    def let_build(self) -> None:
        """Open the gate."""
        self._gate.touch()

    @property
    def parts(self) -> dict[str, str]:
        """What runs, and where."""
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            content = json.loads(self.home.state.read_text())
        except FileNotFoundError:
            return {}
        return {name: part["url"] for name, part in content["parts"].items()}

    def close(self) -> str:
        """End it as Ctrl-C does; returns what it has said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=300)[0]


def orders(store: Store) -> int:
    """How many orders an embedded store has."""
    return int(store.rows("SELECT count(*) FROM spans WHERE name GLOB 'create_order *'")[0][0])
