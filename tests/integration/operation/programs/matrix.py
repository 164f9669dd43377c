"""Calls every command with something plausible, and prints what became of each as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
import traceback

from botobs._ops.cli import COMMANDS, main

#: What is typed. Nothing here may start a stack: no program is found or can be built.
WORDS = {
    "alert": ["test"],
    "query": ["up"],
    "backfill": ["{target}"],
    "backup": ["{target}/copy"],
    "build": ["prometheus"],
    "certs": ["renew"],
    "config": ["set", "alert_receiver", "nobody"],
    "deadman": [
        "--listen",
        "127.0.0.1:0",
        "--path-file",
        "{target}/path",
        "--to",
        "a@b.example",
        "--smtp",
        "127.0.0.1:9",
    ],
    # On one machine it trades on its embedded store, and ends when it is told to.
    "demo": ["--profile", "cluster"],
    "doctor": ["--patience", "0"],
    "drill": ["collector-down"],
    "grafana": ["push", "--url", "https://127.0.0.1:9"],
    "install": ["--output", "{target}/unit"],
    "report": ["--output", "{target}/report.html"],
    "restore": ["{target}/none"],
    "run": ["--", "{target}/none"],
    "token": ["create", "pnl"],
    "upgrade": ["--dry-run"],
}
#: Commands that have a home of their own to name.
WITHOUT_HOME = {"build", "deadman", "instrument", "run", "size"}


def call(command: str, words: list[str]) -> dict[str, object]:
    """Exit code, output and errors of one command."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        from botobs._ops import console

        # Made once, over the streams that were there then.
        console.out.file, console.err.file = out, err
        try:
            code: object = main([command, *words])
        except SystemExit as ended:
            code = ended.code
        except BaseException:
            code = traceback.format_exc()
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def run(home: str, target: str, limit: bool) -> None:
    """Call each."""
    if limit:
        # As a full disk does, it lets files be made and nothing be written.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    found = {}
    for command in COMMANDS:
        words = [word.format(target=target) for word in WORDS.get(command, [])]
        if command not in WITHOUT_HOME:
            # What one command makes is not there for the next.
            words += ["--home", home.replace("COMMAND", command)]
        found[command] = call(command, words)
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3] == "limit")
