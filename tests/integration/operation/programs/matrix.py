"""Calls every command with something plausible, and prints what became of each as JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import stat
import sys
import time
import traceback
from pathlib import Path

from botobs._ops.cli import COMMANDS, main

#: What is typed, of each command in every way that it can be. No program is found or can be built, so nothing starts.
WORDS: dict[str, list[str]] = {
    "alert": ["alert test"],
    "backfill": ["backfill {target}"],
    "backup": ["backup {target}/copy"],
    "build": ["build prometheus"],
    "certs": [
        "certs",
        "certs renew",
        "certs add-host metrics.example",
        "certs issue pnl --output {target}/issued",
    ],
    "check": ["check", "check --route severity=critical"],
    "config": [
        "config check",
        "config get alert_receiver",
        "config set alert_receiver nobody",
        "config unset alert_receiver",
        "config edit",
    ],
    "deadman": ["deadman --listen 127.0.0.1:0 --path-file {target}/path --to a@b.example --smtp 127.0.0.1:9"],
    # On one machine it trades on its embedded store, and ends when it is told to.
    "demo": ["demo --profile cluster"],
    "dev": ["dev -- {target}/none"],
    "doctor": ["doctor --patience 0", "doctor --explain --patience 0"],
    "drill": ["drill collector-down", "drill"],
    "grafana": ["grafana push --url https://127.0.0.1:9"],
    "install": ["install --output {target}/unit", "install --output -"],
    "instrument": ["instrument"],
    "orders": ["orders", "orders settle 1 --exchange okx --outcome failed"],
    "query": ["query up", "query {{}}", "query --runbook ServiceHeartbeatLost"],
    "report": ["report --output {target}/report.html"],
    "restore": ["restore {target}/none"],
    "run": ["run -- {target}/none"],
    "runbook": ["runbook", "runbook ServiceHeartbeatLost"],
    "settings": ["settings", "settings --set"],
    "silence": [
        "silence",
        "silence add alertname=BotFailed --why planned",
        "silence list --all",
        "silence expire 1",
    ],
    "token": ["token create pnl", "token list", "token revoke pnl"],
    "traces": ["traces", "traces 0123456789abcdef0123456789abcdef"],
    "up": ["up", "up --detach"],
    "upgrade": ["upgrade --dry-run", "upgrade"],
    "user": ["user add ann", "user list", "user role ann reader", "user password ann", "user remove ann"],
    "why": ["why", "why BotFailed", "why --service pnl"],
}
#: Commands that have no home to name.
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


def tree(path: str) -> dict[str, tuple[int, int, int]]:
    """What stands at a path and below it: kind and rights, size, and time of the last change."""
    found = {}
    for place in (Path(path), *Path(path).rglob("*")):
        with contextlib.suppress(OSError):
            status = place.lstat()
            # A folder's own time and size are those of its files.
            content = (0, 0) if stat.S_ISDIR(status.st_mode) else (status.st_size, status.st_mtime_ns)
            found[str(place)] = (status.st_mode, *content)
    return found


def run(home: str, target: str, what: str) -> None:
    """Call each.

    Args:
        home: What `--home` names.
        target: Where results are written to.
        what: `limit` where nothing can be written, `closed` where there is no standard input.
    """
    if what == "limit":
        # As a full disk does, it lets files be made and nothing be written.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if what == "closed":
        os.close(0)
        sys.stdin = None
    found = {}
    # What stops the stack comes last.
    for command in sorted(COMMANDS, key=lambda name: name == "down"):
        for typed in WORDS.get(command, [command]):
            words, _, program = typed.partition(" -- ")
            all_words = [word.format(target=target) for word in words.split()[1:]]
            if command not in WITHOUT_HOME:
                # What one command makes is not there for the next.
                all_words += ["--home", home.replace("COMMAND", command)]
            if program:
                all_words += ["--", program.format(target=target)]
            place = home.replace("COMMAND", command)
            before, began = tree(place), time.monotonic()
            found[typed] = call(command, all_words)
            found[typed]["seconds"] = round(time.monotonic() - began, 2)
            after = tree(place)
            found[typed]["changed"] = sorted(
                name.removeprefix(place) or "."
                for name in before.keys() | after.keys()
                if before.get(name) != after.get(name)
            )
    os.write(1, json.dumps(found).encode())


if __name__ == "__main__":
    run(*sys.argv[1:])
